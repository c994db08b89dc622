//! Any text as the answer of `cargo metadata`.

#![no_main]

use bakehouse::graph::cargo::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: String| {
    if let Err(problem) = parse(text) {
        assert!(!problem.message.is_empty());
    }
});
