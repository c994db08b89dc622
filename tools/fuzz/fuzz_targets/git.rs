//! Any bytes as the output of git's history.

#![no_main]

use bakehouse::git::history::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let commits = read(bytes);
    let marks = bytes.split(|byte| *byte == 0).filter(|entry| entry.starts_with(b"\x01")).count();
    assert_eq!(commits.len(), marks);
    assert!(commits.iter().flatten().all(|file| !file.as_str().is_empty()));
});
