//! The patterns of a `.dockerignore`, with the meaning that BuildKit gives them. It is not that of gitignore: patterns
//! begin at the context, the last one that matches decides, and `**` is odd where it is not a whole part.

use camino::Utf8Path;

use super::pattern::plain;

/// The patterns, in order.
#[derive(Clone, Debug, Default)]
pub struct DockerIgnore {
    patterns: Vec<(bool, Pattern)>,
}

impl DockerIgnore {
    /// Parses such a file.
    pub fn parse(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines();
        let lines = lines.filter(|line| !line.starts_with('#'));
        let patterns = lines.filter_map(|line| {
            let line = line.trim();
            let (out, pattern) = match line.strip_prefix('!') {
                Some(pattern) => (false, pattern.trim()),
                None => (true, line),
            };
            let pattern = plain(pattern);
            (!pattern.is_empty()).then(|| (out, Pattern::new(&pattern)))
        });
        Self {
            patterns: patterns.collect(),
        }
    }

    /// Returns whether a pattern includes paths again.
    pub fn puts_back(&self) -> bool {
        self.patterns.iter().any(|(out, _)| !out)
    }

    /// Returns whether the file or folder at `path` is excluded: the last pattern that matches it, or a folder around
    /// it, decides.
    pub fn leaves_out(&self, path: &Utf8Path) -> bool {
        let path = path.as_str();
        let chars: Vec<char> = path.chars().collect();
        let named = |pattern: &Pattern| pattern.names(path, &chars);
        let last = self
            .patterns
            .iter()
            .rev()
            .find(|(_, pattern)| named(pattern));
        last.is_some_and(|(out, _)| *out)
    }
}

/// A pattern, in the forms that BuildKit knows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// `dist/**`: what begins with the text.
    Prefix(String),
    /// `**/dist`: what ends with the text.
    Suffix(String),
    /// `dist`: this path.
    Path(String),
    Tokens(Vec<Token>),
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Char(char),
    /// `?`: any character but `/`.
    One,
    /// `*`: any characters but `/`.
    Some,
    /// `**` before something: nothing, or whole folders.
    Folders,
    /// `**` at the end: anything.
    All,
    /// Characters between brackets, as ranges.
    Set(bool, Vec<(char, char)>),
}

impl Pattern {
    fn new(pattern: &str) -> Self {
        let mut tokens = Vec::new();
        let (mut suffix, mut prefix) = (false, false);
        let mut plain = true;
        let mut rest = pattern;
        while let Some(char) = rest.chars().next() {
            let first = rest.len() == pattern.len();
            rest = &rest[char.len_utf8()..];
            let token = match char {
                '*' if rest.starts_with('*') => {
                    rest = &rest[1..];
                    rest = rest.strip_prefix('/').unwrap_or(rest);
                    if first {
                        suffix = true;
                    } else if rest.is_empty() && plain && !suffix {
                        prefix = true;
                    } else {
                        plain = false;
                    }
                    if rest.is_empty() {
                        Token::All
                    } else {
                        Token::Folders
                    }
                }
                '*' => Token::Some,
                '?' => Token::One,
                '[' => match set(rest) {
                    Some((set, after)) => {
                        rest = after;
                        set
                    }
                    None => Token::Char('['),
                },
                '\\' => match rest.chars().next() {
                    Some(next) => {
                        rest = &rest[next.len_utf8()..];
                        plain = false;
                        Token::Char(next)
                    }
                    None => Token::Char('\\'),
                },
                char => Token::Char(char),
            };
            plain &= matches!(token, Token::Char(_) | Token::Folders | Token::All);
            tokens.push(token);
        }
        match (plain, suffix, prefix) {
            (true, true, _) => Self::Suffix(pattern[2..].to_owned()),
            (true, false, true) => Self::Prefix(pattern[..pattern.len() - 2].to_owned()),
            _ if tokens.iter().all(|token| matches!(token, Token::Char(_))) => {
                let chars = tokens.iter().filter_map(|token| match token {
                    Token::Char(char) => Some(char),
                    _ => None,
                });
                Self::Path(chars.collect())
            }
            _ => Self::Tokens(tokens),
        }
    }

    /// Returns whether the pattern matches a path, which consists of `chars`, or a folder around it.
    fn names(&self, path: &str, chars: &[char]) -> bool {
        match self {
            // A path in a folder begins with the same text as the folder.
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => {
                let ends = path.match_indices('/').map(|(end, _)| end);
                let mut folders = ends.chain([path.len()]).map(|end| &path[..end]);
                folders.any(|folder| {
                    folder.ends_with(suffix.as_str()) || suffix.strip_prefix('/') == Some(folder)
                })
            }
            Self::Path(text) => {
                let rest = path.strip_prefix(text.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Tokens(tokens) => {
                let ends = (0..chars.len()).filter(|end| chars[*end] == '/');
                let mut folders = ends.chain([chars.len()]).map(|end| &chars[..end]);
                folders.any(|folder| matches(tokens, folder))
            }
        }
    }
}

fn matches(tokens: &[Token], path: &[char]) -> bool {
    let Some((token, rest)) = tokens.split_first() else {
        return path.is_empty();
    };
    let one = |fits: bool| fits && matches(rest, &path[1..]);
    match token {
        Token::Char(char) => one(path.first() == Some(char)),
        Token::One => one(path.first().is_some_and(|char| *char != '/')),
        Token::Set(is, ranges) => one(path.first().is_some_and(|char| {
            let mut ranges = ranges.iter();
            ranges.any(|(low, high)| low <= char && char <= high) == *is
        })),
        Token::Some => {
            let end = path.iter().position(|char| *char == '/');
            (0..=end.unwrap_or(path.len())).any(|taken| matches(rest, &path[taken..]))
        }
        Token::Folders => {
            let mut ends = (1..=path.len()).filter(|end| path[end - 1] == '/');
            matches(rest, path) || ends.any(|taken| matches(rest, &path[taken..]))
        }
        Token::All => (0..=path.len()).any(|taken| matches(rest, &path[taken..])),
    }
}

/// Returns the set between brackets, and the text after them.
fn set(text: &str) -> Option<(Token, &str)> {
    let (negated, text) = match text.strip_prefix('^') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, char)| *char == ']')?
        .0;
    let chars: Vec<char> = text[..end].chars().collect();
    let mut ranges = Vec::new();
    let mut rest = &chars[..];
    while let Some((&low, after)) = rest.split_first() {
        match after {
            ['-', high, after @ ..] => {
                ranges.push((low, *high));
                rest = after;
            }
            _ => {
                ranges.push((low, low));
                rest = after;
            }
        }
    }
    Some((Token::Set(!negated, ranges), &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end-to-end tests compare more of them with what Docker sends.
    #[test]
    fn paths_are_left_out_as_docker_leaves_them_out() {
        let rows: [(&str, &[&str], &[&str]); 15] = [
            (
                "*.md\n!README.md",
                &["a.md", "b.md"],
                &["README.md", "docs/a.md"],
            ),
            ("**/*.md", &["a.md", "docs/x/a.md"], &["a.txt"]),
            ("src\n!src/a.txt", &["src", "src/b.txt"], &["src/a.txt"]),
            ("src/**", &["src/a", "src/b/c"], &["src", "srca"]),
            ("src/*", &["src/a", "src/b/c"], &["src"]),
            ("*/**", &["a/b"], &["a"]),
            ("foo**", &["foo", "foobar", "foo/a"], &["a/foo"]),
            ("**/foo", &["foo", "a/foo", "a/foo/b"], &["afoo"]),
            ("**foo", &["foo", "afoo", "a/bfoo"], &["foob"]),
            ("**b**", &["b", "bc", "a/bc"], &["abc", "ab/c"]),
            ("s**/a", &["s/b/a"], &["b/a"]),
            ("a/**/c", &["a/c", "a/b/c"], &["ac"]),
            (
                "[!a].md\n[^b].txt",
                &["a.md", "!.md", "a.txt"],
                &["b.md", "b.txt"],
            ),
            (
                "# a\n \\[z\\] \n./x/../y/",
                &["[z]", "y/a"],
                &["x", "# a", "z"],
            ),
            ("*\n!/dist/", &["a", "b/dist"], &["dist/a"]),
        ];
        for (text, out, kept) in rows {
            let ignore = DockerIgnore::parse(text);
            for path in out {
                assert!(ignore.leaves_out(Utf8Path::new(path)), "{text:?} {path}");
            }
            for path in kept {
                assert!(!ignore.leaves_out(Utf8Path::new(path)), "{text:?} {path}");
            }
        }
    }
}
