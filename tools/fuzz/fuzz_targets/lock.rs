//! Any text as `Cargo.lock`: the parsed graph can be traversed, whatever the text claims.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use bakehouse::graph::lock::Lock;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(lock) = Lock::parse(text) else {
        return;
    };
    let names: BTreeSet<String> = lock.packages().iter().map(|package| package.name.clone()).collect();
    let direct: BTreeMap<String, BTreeSet<String>> = names.iter().map(|name| (name.clone(), names.clone())).collect();
    let reachable = lock.reachable(&direct).len();
    assert!(reachable <= lock.packages().len());
    let _ = lock.below_third_party(&direct);
    for name in &names {
        let _ = lock.local_dependencies(name);
    }
});
