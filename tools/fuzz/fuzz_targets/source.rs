//! Any text as a Rust source that is searched for what it reads outside its package: what has no sign of that has nothing.

#![no_main]

use bakehouse::graph::inputs::reference::Role;
use bakehouse::graph::inputs::rust::{has_sign, references};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Nobody writes `query ! (…)`, and so a sign of a macro has its mark.
    let mut marks = text.match_indices('!');
    let as_written = marks.all(|(at, _)| text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    let references = references(text, Role::Source);
    assert!(has_sign(text) || !as_written || references.is_empty(), "{references:?}");
});
