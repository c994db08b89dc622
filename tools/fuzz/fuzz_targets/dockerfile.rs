//! Any text as a Dockerfile of the user.

#![no_main]

use bakehouse::doctor::dockerfiles::lint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for lint in lint(text).unwrap_or_default() {
        assert!(lint.line >= 1 && lint.line <= text.lines().count() + 1);
    }
});
