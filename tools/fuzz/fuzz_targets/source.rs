//! Any text as a Rust source that is searched for files that it reads outside its package. A text without any sign of
//! that has no findings.

#![no_main]

use bakehouse::graph::inputs::reference::Role;
use bakehouse::graph::inputs::rust::{has_sign, references};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // A text without `name!` has no sign of a macro, because nobody writes `query ! (…)`.
    let mut marks = text.match_indices('!');
    let as_written = marks.all(|(at, _)| text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    let references = references(text, Role::Source);
    assert!(has_sign(text) || !as_written || references.is_empty(), "{references:?}");
});
