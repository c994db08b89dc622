//! Any lines as buildx's reports.

#![no_main]

use bakehouse::engine::progress::{Progress, ended};
use bakehouse::engine::records::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut progress = Progress::default();
    for line in text.lines() {
        progress.add(line);
        let _ = ended(line);
    }
    let steps = progress.steps();
    for step in &steps {
        let _ = step.compiled().count();
    }
    let record = Record::of(steps);
    let _ = (record.took(), record.waited());
});
