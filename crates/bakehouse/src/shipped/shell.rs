//! The words of shell scripts, as far as they can be told without running them.

/// A word without its quotes, and its offset in the script. A dollar that begins no variable, since it is escaped or in
/// single quotes, is `\$` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub offset: usize,
}

/// Words that begin a command and are none.
pub const KEYWORDS: [&str; 9] = [
    "if", "then", "else", "elif", "do", "while", "!", "{", "time",
];

/// Returns the simple commands of a script. Continued lines are one, and comments are left out.
pub fn commands(script: &str) -> Vec<Vec<Word>> {
    let mut all = commands_with_keywords(script);
    for command in &mut all {
        let is_keyword = |word: &&Word| KEYWORDS.contains(&word.text.as_str());
        let keywords = command.iter().take_while(is_keyword).count();
        command.drain(..keywords);
    }
    all.retain(|command| !command.is_empty());
    all
}

/// Returns the same as [`commands`], each command behind the keywords before it.
pub fn commands_with_keywords(script: &str) -> Vec<Vec<Word>> {
    read(script, true)
}

/// Returns the words of a text that is no script: only quotes, escapes and spaces mean something in it.
pub fn words(text: &str) -> Vec<Word> {
    read(text, false).into_iter().flatten().collect()
}

fn read(script: &str, is_script: bool) -> Vec<Vec<Word>> {
    let mut reader = Reader::default();
    let mut chars = script.char_indices().peekable();
    let mut begins_line = is_script;
    while let Some((offset, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, '\n')) => begins_line = true,
                Some((_, '\r')) => {
                    chars.next_if(|(_, c)| *c == '\n');
                    begins_line = true;
                }
                Some((_, escaped)) => reader.push_literally(offset, escaped),
                None => {}
            },
            '#' if reader.word.is_none() && (is_script || begins_line) => {
                while chars.next_if(|(_, c)| *c != '\n').is_some() {}
                // In a Dockerfile a line with a comment does not end the command around it.
                if begins_line {
                    chars.next();
                }
            }
            '\'' => {
                reader.begin(offset);
                for (_, c) in chars.by_ref() {
                    if c == '\'' {
                        break;
                    }
                    reader.push_literally(offset, c);
                }
            }
            '"' => {
                reader.begin(offset);
                while let Some((_, c)) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => match chars.next() {
                            Some((_, '\n')) | None => {}
                            Some((_, next @ ('"' | '\\' | '$' | '`'))) => {
                                reader.push_literally(offset, next);
                            }
                            Some((_, next)) => {
                                reader.push(offset, '\\');
                                reader.push(offset, next);
                            }
                        },
                        c => reader.push(offset, c),
                    }
                }
            }
            '$' if is_script && chars.peek().is_some_and(|(_, c)| *c == '(') => {
                reader.push(offset, '$');
                let mut depth = 0;
                for (_, c) in chars.by_ref() {
                    reader.push(offset, c);
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    if depth == 0 {
                        break;
                    }
                }
            }
            // A variable with a default may hold spaces: `${X:+--features $X}`.
            '$' if chars.peek().is_some_and(|(_, c)| *c == '{') => {
                reader.push(offset, '$');
                let mut depth = 0;
                for (_, c) in chars.by_ref() {
                    reader.push(offset, c);
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    if depth == 0 {
                        break;
                    }
                }
            }
            ';' | '&' | '|' | '\n' | '(' | ')' if is_script => {
                begins_line = c == '\n';
                reader.end_command();
            }
            c if c.is_whitespace() => reader.end_word(),
            c => {
                begins_line = false;
                reader.push(offset, c);
            }
        }
    }
    reader.end_command();
    reader.commands
}

#[derive(Default)]
struct Reader {
    commands: Vec<Vec<Word>>,
    command: Vec<Word>,
    word: Option<Word>,
}

impl Reader {
    fn begin(&mut self, offset: usize) {
        self.word.get_or_insert_with(|| Word {
            text: String::new(),
            offset,
        });
    }

    fn push(&mut self, offset: usize, c: char) {
        self.begin(offset);
        if let Some(word) = &mut self.word {
            word.text.push(c);
        }
    }

    /// Adds a character that has no meaning of its own.
    fn push_literally(&mut self, offset: usize, c: char) {
        if c == '$' {
            self.push(offset, '\\');
        }
        self.push(offset, c);
    }

    fn end_word(&mut self) {
        self.command.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.command.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }
}

/// Returns whether a command in shell form needs no shell.
pub fn is_plain(script: &str) -> bool {
    !script.contains([
        '$', ';', '&', '|', '<', '>', '(', ')', '`', '*', '?', '\n', '~', '=',
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_cut_into_the_words_of_its_commands() {
        let table: &[(&str, &[&[&str]])] = &[
            ("a b  c", &[&["a", "b", "c"]]),
            (
                "a && b || c; d | e",
                &[&["a"], &["b"], &["c"], &["d"], &["e"]],
            ),
            ("a \\\n  b", &[&["a", "b"]]),
            ("a && \\\n  # why\n  b c", &[&["a"], &["b", "c"]]),
            ("a 'x y' \"z \\\" w\"v", &[&["a", "x y", "z \" wv"]]),
            (
                "if a; then b; else c; fi",
                &[&["a"], &["b"], &["c"], &["fi"]],
            ),
            ("a $(b c) d", &[&["a", "$(b c)", "d"]]),
            ("a ${B:+--b ${B}} c", &[&["a", "${B:+--b ${B}}", "c"]]),
            ("a # b c", &[&["a"]]),
            ("a 'open", &[&["a", "open"]]),
            (
                r#"$A '$A' \$A "\$A $A \n""#,
                &[&["$A", r"\$A", r"\$A", r"\$A $A \n"]],
            ),
        ];
        for (script, expected) in table {
            let found = commands(script);
            let found: Vec<Vec<&str>> = found
                .iter()
                .map(|words| words.iter().map(|word| word.text.as_str()).collect())
                .collect();
            assert_eq!(found, *expected, "{script}");
        }
    }

    #[test]
    fn the_words_of_a_text_may_have_what_ends_a_command() {
        let found = words("A=x;y \\\n  # why\n B=\"1&2\" C=a\\ b #d");
        let found: Vec<&str> = found.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(found, ["A=x;y", "B=1&2", "C=a b", "#d"]);
    }
}
