//! The string literals of a Rust source that can lead its compilation, or a build script, to a file.

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

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
}

/// Returns the strings of `text` in macros and attributes, and also those in code if `all`; `None` if it is not Rust.
pub fn strings(text: &str, all: bool) -> Option<Vec<String>> {
    let tokens: TokenStream = text.parse().ok()?;
    let mut found = Vec::new();
    let mut open = vec![(tokens.into_iter(), Around::Code, Before::default())];
    while let Some((tokens, around, before)) = open.last_mut() {
        let Some(token) = tokens.next() else {
            open.pop();
            continue;
        };
        match token {
            TokenTree::Group(group) => {
                let stream = group.stream();
                if before.hash && stream.to_string().replace(' ', "") == "cfg(test)" {
                    *before = Before {
                        for_tests: true,
                        ..Before::default()
                    };
                    continue;
                }
                let inner = before.inner(*around, group.delimiter());
                let for_tests = before.for_tests;
                before.next(group.delimiter() == Delimiter::Brace);
                let stream = stream.into_iter();
                if !for_tests && !is_doc_comment(stream.clone()) {
                    open.push((stream, inner, Before::default()));
                }
            }
            TokenTree::Literal(literal) => {
                let counts = all || *around == Around::Macro;
                if counts && !before.for_tests {
                    found.extend(value(&literal.to_string()));
                }
                before.next(false);
            }
            TokenTree::Ident(ident) => before.ident = Some(ident.to_string()),
            TokenTree::Punct(punct) => match punct.as_char() {
                '#' => {
                    before.next(false);
                    before.hash = true;
                }
                '!' => before.bang = true,
                c => before.next(matches!(c, ';' | ',')),
            },
        }
    }
    Some(found)
}

/// The tokens right before a bracket.
#[derive(Default)]
struct Before {
    hash: bool,
    ident: Option<String>,
    bang: bool,
    /// Set if the current item is for tests only.
    for_tests: bool,
}

impl Before {
    /// Moves on after another token, which may end an item.
    fn next(&mut self, ends: bool) {
        *self = Self {
            for_tests: self.for_tests && !ends,
            ..Self::default()
        };
    }

    /// Returns the surroundings inside a bracket: the same as outside unless a macro or an attribute begins.
    fn inner(&self, around: Around, delimiter: Delimiter) -> Around {
        if self.hash && delimiter == Delimiter::Bracket {
            return Around::Macro;
        }
        match &self.ident {
            Some(name) if self.bang => match PLAIN.contains(&name.as_str()) {
                true => Around::Code,
                false => Around::Macro,
            },
            _ => around,
        }
    }
}

/// Returns whether an attribute is a desugared doc comment.
fn is_doc_comment(mut tokens: IntoIter) -> bool {
    let name = tokens.next();
    let equals = tokens.next();
    matches!(name, Some(TokenTree::Ident(name)) if name == "doc")
        && matches!(equals, Some(TokenTree::Punct(equals)) if equals.as_char() == '=')
        && matches!(tokens.next(), Some(TokenTree::Literal(_)))
        && tokens.next().is_none()
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
