//! Any lines as buildx's reports.

#![no_main]

use bakehouse::engine::progress::{Progress, ended};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut progress = Progress::default();
    for line in text.lines() {
        progress.add(line);
        let _ = ended(line);
    }
    for step in progress.steps() {
        let _ = step.compiled().count();
    }
    let _ = progress.took();
});
