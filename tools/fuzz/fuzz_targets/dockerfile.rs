//! Any text as a Dockerfile that somebody wrote.

#![no_main]

use bakehouse::doctor::dockerfiles::lint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for lint in lint(text).unwrap_or_default() {
        assert!(lint.line >= 1 && lint.line <= text.lines().count() + 1);
    }
});
