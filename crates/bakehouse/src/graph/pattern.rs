//! Path patterns: those of `members` in a manifest, and those of a `.dockerignore`.

use camino::Utf8Path;

/// Returns whether `pattern` matches `path`, part by part: `*` and `?` stay within a part, `**` matches any number of
/// parts.
pub fn names(pattern: &str, path: &Utf8Path) -> bool {
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let path: Vec<&str> = path.iter().collect();
    parts(&pattern, &path)
}

fn parts(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), None) => parts(rest, path),
        (Some((&"**", rest)), Some((_, below))) => parts(rest, path) || parts(pattern, below),
        (Some((first, rest)), Some((name, below))) if !first.contains(['*', '?', '[', '\\']) => {
            first == name && parts(rest, below)
        }
        (Some((first, rest)), Some((name, below))) => {
            let (first, name): (Vec<char>, Vec<char>) =
                (first.chars().collect(), name.chars().collect());
            part(&first, &name) && parts(rest, below)
        }
        _ => false,
    }
}

fn part(pattern: &[char], name: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return name.is_empty();
    };
    match first {
        '*' => (0..=name.len()).any(|taken| part(rest, &name[taken..])),
        '?' => !name.is_empty() && part(rest, &name[1..]),
        '[' => {
            let Some((set, rest)) = set(rest) else {
                return name.first() == Some(&'[') && part(rest, &name[1..]);
            };
            let Some((&c, below)) = name.split_first() else {
                return false;
            };
            in_set(set, c) && part(rest, below)
        }
        '\\' if !rest.is_empty() => name.first() == Some(&rest[0]) && part(&rest[1..], &name[1..]),
        c => name.first() == Some(c) && part(rest, &name[1..]),
    }
}

/// Returns the text between brackets, and the text after them.
fn set(pattern: &[char]) -> Option<(&[char], &[char])> {
    let negation = usize::from(matches!(pattern.first(), Some('^' | '!')));
    let end = pattern.iter().skip(negation + 1).position(|c| *c == ']')?;
    let end = end + negation + 1;
    Some((&pattern[..end], &pattern[end + 1..]))
}

fn in_set(set: &[char], c: char) -> bool {
    let (negated, mut set) = match set.split_first() {
        Some(('^' | '!', rest)) => (true, rest),
        _ => (false, set),
    };
    let mut found = false;
    while let Some((&low, rest)) = set.split_first() {
        match rest {
            ['-', high, after @ ..] => {
                found |= low <= c && c <= *high;
                set = after;
            }
            _ => {
                found |= low == c;
                set = rest;
            }
        }
    }
    found != negated
}

/// The patterns of a `.dockerignore`, in order.
#[derive(Clone, Debug, Default)]
pub struct Ignored(Vec<(bool, String)>);

impl Ignored {
    /// Parses such a file. Patterns start at its folder, and one with `!` includes paths again that earlier patterns
    /// exclude.
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
            (!pattern.is_empty()).then_some((out, pattern))
        });
        Self(patterns.collect())
    }

    /// Returns whether there are no patterns.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the file or folder at `path` is excluded: the last pattern that matches it, or a folder around
    /// it, decides.
    pub fn leaves_out(&self, path: &Utf8Path) -> bool {
        let named = |pattern: &str| {
            let mut folders = path
                .ancestors()
                .filter(|folder| !folder.as_str().is_empty());
            folders.any(|folder| names(pattern, folder))
        };
        let last = self.0.iter().rev().find(|(_, pattern)| named(pattern));
        last.is_some_and(|(out, _)| *out)
    }
}

/// Returns a pattern cleaned the way paths are: without slashes at either end, `.` and `..`.
pub(super) fn plain(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_what_docker_and_cargo_take_it_for() {
        let rows = [
            ("*", "docker", true),
            ("*", ".hidden", true),
            ("*", "docker/skeleton", false),
            ("crates/*", "crates/a", true),
            ("crates/*", "docker", false),
            ("**", "docker/skeleton", true),
            ("**/x", "a/b/x", true),
            ("**/x", "x", true),
            ("a/**/x", "a/x", true),
            ("d?cker", "docker", true),
            ("[a-d]ocker", "docker", true),
            ("[^d]ocker", "docker", false),
            ("*.md", "README.md", true),
            ("a*c*e", "abcde", true),
            (r"\*", "*", true),
            (r"\*", "a", false),
        ];
        for (pattern, path, expected) in rows {
            assert_eq!(names(pattern, path.into()), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn the_last_pattern_of_a_dockerignore_wins_and_each_begins_at_its_folder() {
        let ignored = Ignored::parse(
            "# comment\n*\n!src\n!/proto/\n!README*\nproto/old\n  *.tmp  \n!proto/old/kept.txt\n**/*.bak\n",
        );
        let rows = [
            ("src/main.rs", false),
            ("proto/a.proto", false),
            ("proto/old/b.proto", true),
            ("proto/old/kept.txt", false),
            ("README.md", false),
            ("docs/README.md", true),
            ("assets", true),
            ("src/x.tmp", false),
            ("x.tmp", true),
            ("src/deep/x.bak", true),
        ];
        for (path, expected) in rows {
            assert_eq!(ignored.leaves_out(path.into()), expected, "{path}");
        }
    }
}
