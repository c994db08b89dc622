//! Any text as a Rust source that is searched for what it reads outside its package.

#![no_main]

use bakehouse::graph::inputs::reference::Role;
use bakehouse::graph::inputs::rust::{has_sign, references};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = has_sign(text);
    for reference in references(text, Role::Source) {
        assert!(reference.line >= 1 && reference.line <= text.lines().count() + 1);
    }
});
