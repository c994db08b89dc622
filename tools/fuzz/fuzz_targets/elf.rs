//! Any bytes as an executable file.

#![no_main]

use bakehouse::packs::program::Program;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match Program::of(bytes) {
        Program::Binary(_) => assert!(bytes.starts_with(b"\x7fELF")),
        Program::Script(interpreter) => assert!(!interpreter.is_empty()),
        Program::Text | Program::Broken(_) => {}
    }
});
