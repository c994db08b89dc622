//! Signs that a source file names something outside its package. A file without any need not be parsed.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use proc_macro2::Delimiter;

use super::call::{Reads, reads};
use crate::graph::tokens::Lexeme;

/// Words that occur in every source file that names something outside its package. Most files have none of them.
const SIGNS: [&str; 18] = [
    "\"../",
    "\"./../",
    "/../",
    "/..\"",
    "\"..\"",
    "include_str!",
    "include_bytes!",
    "include!",
    "include_dir!",
    "CARGO_MANIFEST_DIR",
    "migrate!",
    "embed_migrations!",
    "query!",
    "query_as!",
    "query_scalar!",
    "query_file",
    "git_version!",
    "git_testament!",
];

/// Returns whether a source file may name something outside its package.
pub fn has_sign(text: &str) -> bool {
    // The automaton scans many bytes at once only with this match kind.
    static ANY: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(SIGNS)
            .expect("a few words make no large automaton")
    });
    ANY.is_match(text)
}

/// Returns whether a source file with these tokens may name something outside its package, which comments do not.
/// `is_own` tells whether a path beside the file is a file of the package.
pub fn may_leave(tokens: &[Lexeme<'_>], is_own: impl Fn(&str) -> bool) -> bool {
    let (mut package, mut up) = (false, false);
    for (at, token) in tokens.iter().enumerate() {
        let rest = &tokens[at + 1..];
        match token {
            Lexeme::Literal(text) if may_climb(text) => return true,
            Lexeme::Literal(text) => package |= text.contains("CARGO_MANIFEST_DIR"),
            Lexeme::Ident(name) => {
                up |= matches!(&**name, "ancestors" | "parent" | "pop");
                let is_macro = matches!(rest.first(), Some(Lexeme::Punct('!', _)));
                let is_folder = name == "folder"
                    && matches!(rest, [Lexeme::Punct('=', _), Lexeme::Literal(_), ..]);
                let leaves = match reads(name) {
                    Reads::Nothing | Reads::Unknown => false,
                    Reads::File(_) => !stays(rest, &is_own),
                    _ => true,
                };
                if is_folder || is_macro && leaves {
                    return true;
                }
            }
            _ => {}
        }
        // A path that begins with the folder of the package leaves it only upwards.
        if package && up {
            return true;
        }
    }
    false
}

/// Returns whether a literal is text that may be a path with `..`, and not one with an ellipsis. What is escaped, or put
/// into the text, is unknown.
fn may_climb(literal: &str) -> bool {
    let text = literal
        .split_once('"')
        .and_then(|(_, text)| text.rsplit_once('"'));
    text.is_some_and(|(text, _)| {
        text.contains("..")
            && (text.contains(['\\', '{']) || text.split('/').any(|part| part == ".."))
    })
}

/// Returns whether the macro that begins with these tokens includes a file of the package, or of the build script.
fn stays(tokens: &[Lexeme<'_>], is_own: impl Fn(&str) -> bool) -> bool {
    let [Lexeme::Punct('!', _), Lexeme::Open(_), arguments @ ..] = tokens else {
        return false;
    };
    match arguments {
        [Lexeme::Literal(path), Lexeme::Close(_), ..] => {
            let path = path
                .strip_prefix('"')
                .and_then(|path| path.strip_suffix('"'));
            path.is_some_and(|path| !path.contains('\\') && is_own(path))
        }
        [
            Lexeme::Ident(concat),
            Lexeme::Punct('!', _),
            Lexeme::Open(Delimiter::Parenthesis),
            Lexeme::Ident(env),
            Lexeme::Punct('!', _),
            Lexeme::Open(Delimiter::Parenthesis),
            Lexeme::Literal(variable),
            Lexeme::Close(_),
            ..,
        ] => concat == "concat" && env == "env" && variable == "\"OUT_DIR\"",
        _ => false,
    }
}
