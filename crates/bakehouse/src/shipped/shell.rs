//! The words of shell scripts, as far as they can be told without running them.

/// A word without its quotes, and its offset in the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub offset: usize,
}

/// Words that begin a command and are none.
const KEYWORDS: [&str; 9] = [
    "if", "then", "else", "elif", "do", "while", "!", "{", "time",
];

/// Returns the simple commands of a script. Continued lines are one, and comments are left out.
pub fn commands(script: &str) -> Vec<Vec<Word>> {
    let mut reader = Reader::default();
    let mut chars = script.char_indices().peekable();
    let mut begins_line = true;
    while let Some((offset, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, '\n')) => begins_line = true,
                Some((_, '\r')) => {
                    chars.next_if(|(_, c)| *c == '\n');
                    begins_line = true;
                }
                Some((_, escaped)) => reader.push(offset, escaped),
                None => {}
            },
            '#' if reader.word.is_none() => {
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
                    reader.push(offset, c);
                }
            }
            '"' => {
                reader.begin(offset);
                while let Some((_, c)) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => {
                            if let Some((_, next)) = chars.next().filter(|(_, c)| *c != '\n') {
                                reader.push(offset, next);
                            }
                        }
                        c => reader.push(offset, c),
                    }
                }
            }
            '$' if chars.peek().is_some_and(|(_, c)| *c == '(') => {
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
            ';' | '&' | '|' | '\n' | '(' | ')' => {
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

    fn end_word(&mut self) {
        if let Some(word) = self.word.take()
            && !(self.command.is_empty() && KEYWORDS.contains(&word.text.as_str()))
        {
            self.command.push(word);
        }
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
            ("a # b c", &[&["a"]]),
            ("a 'open", &[&["a", "open"]]),
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
}
