//! Limits the nesting of a source file before it is parsed: the parser recurses once per level, which takes stack.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

use proc_macro2::{Delimiter, Spacing};

use crate::graph::tokens::{Lexeme, tokens};

/// The number of levels that fit on any thread's stack.
pub(super) const SHALLOW: usize = 50;
/// The number of levels up to which a file is parsed. Hand-written code has less than a tenth of that.
pub(super) const DEEPEST: usize = 2000;
/// Bytes of stack for that many levels, each of which takes up to 5 KB, and 32 KB without optimisation.
const STACK: usize = 128 << 20;

/// Runs `work`, which parses `text`, on a stack that is large enough for it. Returns `None` if the text has no
/// tokens, if these do not meet the condition or nest deeper than [`DEEPEST`], or if the machine has no memory for such
/// a stack.
pub fn parsing<T: Send>(
    text: &str,
    condition: impl FnOnce(&[Lexeme<'_>]) -> bool,
    work: impl FnOnce() -> T + Send,
) -> Option<T> {
    let tokens = tokens(text).filter(|tokens| condition(tokens))?;
    if levels(&tokens)? < SHALLOW {
        return Some(work());
    }
    scope(|scope| {
        let thread = Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let done = thread.ok()?.join();
        Some(done.unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// Returns an upper bound on the nesting of `tokens`, or `None` if it exceeds [`DEEPEST`].
///
/// Each token may begin a level (`!!!a`, `return return a`, `a = b = c`), so consecutive tokens are counted. The count
/// starts again after a statement, an argument or a body, where no level can be left open.
fn levels(tokens: &[Lexeme<'_>]) -> Option<usize> {
    let mut deep = 0;
    let mut outer: Vec<Bracket> = Vec::new();
    let mut now = Bracket::default();
    for (at, token) in tokens.iter().enumerate() {
        let (below, inside) = match token {
            Lexeme::Close(_) => (0, 0),
            // An attribute, which is a mark or two and a bracket with three tokens.
            Lexeme::Doc { inner } => (2 + usize::from(*inner), 3),
            _ => (1, 0),
        };
        now.open.levels += below;
        let level = now.outer + now.open.levels;
        if level + inside > DEEPEST {
            return None;
        }
        deep = deep.max(level + inside);
        match token {
            Lexeme::Open(_) => outer.push(std::mem::replace(
                &mut now,
                Bracket {
                    outer: level,
                    open: Open::default(),
                },
            )),
            Lexeme::Close(delimiter) => {
                now = outer.pop()?;
                if *delimiter == Delimiter::Brace && tokens.get(at + 1).is_some_and(begins_anew) {
                    now.open = Open::default();
                }
            }
            Lexeme::Punct(mark, spacing) => now.open.mark(*mark, *spacing),
            Lexeme::Doc { .. } | Lexeme::Ident(_) | Lexeme::Literal(_) => now.open.joint = None,
        }
    }
    Some(deep)
}

/// The tokens between two brackets.
#[derive(Default)]
struct Bracket {
    /// The number of levels outside.
    outer: usize,
    open: Open,
}

/// Returns whether the token after a body belongs to another expression or type.
fn begins_anew(next: &Lexeme<'_>) -> bool {
    match next {
        Lexeme::Ident(word) => !["else", "in", "as"].iter().any(|go_on| word == go_on),
        Lexeme::Punct(mark, _) => *mark == '#',
        Lexeme::Doc { .. } => true,
        Lexeme::Open(_) | Lexeme::Close(_) | Lexeme::Literal(_) => false,
    }
}

/// Constructs that may be open at a token.
#[derive(Default)]
struct Open {
    levels: usize,
    angles: usize,
    bars: usize,
    /// The previous mark, if it forms one operator with this one.
    joint: Option<char>,
}

impl Open {
    fn mark(&mut self, mark: char, spacing: Spacing) {
        match (self.joint, mark) {
            (_, ';') | (Some('='), '>') => *self = Self::default(),
            (Some('-'), '>') => {}
            (_, '<') => self.angles += 1,
            (_, '>') => self.angles = self.angles.saturating_sub(1),
            (_, '|') => self.bars += 1,
            // Commas between the parameters of a closure or a type do not count.
            (_, ',') if self.angles == 0 && self.bars.is_multiple_of(2) => *self = Self::default(),
            _ => {}
        }
        self.joint = (spacing == Spacing::Joint).then_some(mark);
    }
}

#[cfg(test)]
mod tests {
    use super::{DEEPEST, levels};
    use crate::graph::tokens::tokens;

    fn too_deep(text: &str) -> bool {
        levels(&tokens(text).expect("these are tokens")).is_none()
    }

    #[test]
    fn what_nests_is_counted_and_what_follows_is_not() {
        let many = DEEPEST + 1;
        let nests = [
            ("(", ")"),
            ("{", "}"),
            ("A<B, ", ">"),
            ("A<fn() -> B, A<C, ", ">>"),
            ("fn() -> ", ""),
            ("!", ""),
            ("- ", ""),
            ("..", ""),
            ("a = ", ""),
            ("return ", ""),
            ("|a| ", ""),
            ("|a, b| ", ""),
            ("if a {} else ", "{}"),
            ("for A {} in ", "{}"),
            ("a + ", ""),
            ("&mut ", ""),
        ];
        for (begin, end) in nests {
            let text = format!("{}x{}", begin.repeat(many), end.repeat(many));
            assert!(too_deep(&text), "{begin}");
        }
        let follow = [
            "a(b, c);",
            "fn a<B, C>(d: E) -> F<G, H> {}",
            "if a < b {}",
            "A | B => c,",
            "|a, b| c,",
            "#[a] mod b {}",
            "(a, b),",
            "a: B<C, D>,",
        ];
        for text in follow {
            assert!(!too_deep(&text.repeat(many)), "{text}");
        }
    }
}
