//! The string literals of a Rust source that can lead its compilation, or a build script, to a file.

use proc_macro2::Delimiter;

use super::tokens::{Lexeme, tokens};

/// Macros that read no file. Any other macro may read one.
const PLAIN: [&str; 32] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "anyhow",
    "bail",
    "cfg",
    "compile_error",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "eprint",
    "eprintln",
    "ensure",
    "error",
    "format",
    "format_args",
    "info",
    "log",
    "matches",
    "panic",
    "print",
    "println",
    "thread_local",
    "todo",
    "trace",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "write",
    "writeln",
];

/// The surroundings of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Around {
    /// Code that runs with the program.
    Code,
    /// A macro or an attribute: the compiler, or a procedural macro, may read the file that the string names.
    Macro,
    /// Comments, and code for tests only.
    Nothing,
}

/// Returns the strings of `text` in macros and attributes, and also those in code if `all`; `None` if it is not Rust.
pub fn strings(text: &str, all: bool) -> Option<Vec<String>> {
    let tokens = tokens(text)?;
    let mut found = Vec::new();
    let mut outer: Vec<(Around, Before<'_>)> = Vec::new();
    let (mut around, mut before) = (Around::Code, Before::default());
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Lexeme::Open(delimiter) => {
                let rest = &tokens[at + 1..];
                let inner = if before.hash && is_for_tests(rest) {
                    before = Before {
                        for_tests: true,
                        ..Before::default()
                    };
                    Around::Nothing
                } else {
                    let inner = match before.for_tests || is_doc_comment(rest) {
                        true => Around::Nothing,
                        false => before.inner(around, *delimiter),
                    };
                    before.next(*delimiter == Delimiter::Brace);
                    inner
                };
                outer.push((around, std::mem::take(&mut before)));
                around = inner;
            }
            Lexeme::Close(_) => (around, before) = outer.pop()?,
            Lexeme::Literal(literal) => {
                let counts = match around {
                    Around::Code => all,
                    Around::Macro => true,
                    Around::Nothing => false,
                };
                if counts && !before.for_tests {
                    found.extend(value(literal));
                }
                before.next(false);
            }
            Lexeme::Doc { .. } => before.next(false),
            Lexeme::Ident(ident) => before.ident = Some(ident),
            Lexeme::Punct('#', _) => {
                before.next(false);
                before.hash = true;
            }
            Lexeme::Punct('!', _) => before.bang = true,
            Lexeme::Punct(mark, _) => before.next(matches!(mark, ';' | ',')),
        }
    }
    Some(found)
}

/// The tokens right before a bracket.
#[derive(Default)]
struct Before<'a> {
    hash: bool,
    ident: Option<&'a str>,
    bang: bool,
    /// Set if the current item is for tests only.
    for_tests: bool,
}

impl Before<'_> {
    /// Moves on after another token, which may end an item.
    fn next(&mut self, ends: bool) {
        *self = Self {
            for_tests: self.for_tests && !ends,
            ..Self::default()
        };
    }

    /// Returns the surroundings inside a bracket: the same as outside unless a macro or an attribute begins.
    fn inner(&self, around: Around, delimiter: Delimiter) -> Around {
        if around == Around::Nothing {
            return around;
        }
        if self.hash && delimiter == Delimiter::Bracket {
            return Around::Macro;
        }
        match self.ident {
            Some(name) if self.bang => match PLAIN.contains(&name) {
                true => Around::Code,
                false => Around::Macro,
            },
            _ => around,
        }
    }
}

/// Returns whether an attribute with these tokens, and what follows it, is a doc comment.
fn is_doc_comment(tokens: &[Lexeme<'_>]) -> bool {
    matches!(
        tokens,
        [Lexeme::Ident(name), Lexeme::Punct('=', _), Lexeme::Literal(_), Lexeme::Close(_), ..] if name == "doc"
    )
}

/// Returns whether an attribute with these tokens, and what follows it, is `cfg(test)`.
fn is_for_tests(tokens: &[Lexeme<'_>]) -> bool {
    matches!(
        tokens,
        [
            Lexeme::Ident(name),
            Lexeme::Open(Delimiter::Parenthesis),
            Lexeme::Ident(condition),
            Lexeme::Close(_),
            Lexeme::Close(_),
            ..
        ] if name == "cfg" && condition == "test"
    )
}

/// Returns the text between the quotes of a literal.
fn value(literal: &str) -> Option<String> {
    let (begin, end) = (literal.find('"')?, literal.rfind('"')?);
    literal.get(begin + 1..end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_that_only_a_running_program_sees_are_told_from_others() {
        let text = r##"
            //! See "A.md".
            #![doc = include_str!("B.md")]
            /// And C.md.
            #[derive(Embed)] #[folder = "d"] struct D;
            const E: &str = "E.md";
            fn main() {
                println!("see F.md {}", include_str!(concat!("G", r#"H.md"#)));
                vec!["I.md"]; unknown! { x("J.md") }
                if a != ("K.md") {}
            }
            #[cfg(test)] const L: &str = include_str!("L.md");
            #[cfg(test)] #[allow(x)] mod tests { fn m() { include_str!("M.md"); } }
            const N: &str = include_str!("N.md");
        "##;
        assert_eq!(
            strings(text, false).unwrap(),
            ["B.md", "d", "G", "H.md", "J.md", "N.md"]
        );
        let all = strings(text, true).unwrap();
        assert!(
            ["E.md", "see F.md {}", "I.md", "K.md"]
                .iter()
                .all(|s| all.contains(&(*s).to_owned()))
        );
        assert!(strings("fn (", true).is_none());
    }
}
