//! Any texts as the manifests of a pack: each problem has its file and, if possible, its place.

#![no_main]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use bakehouse::packs::check::{Expected, check};
use bakehouse::packs::folder::{Entry, File, Folder, Link};
use bakehouse::packs::program::Program;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    pack: &'a str,
    action: &'a str,
    sensor: &'a str,
    entry: &'a str,
    content: &'a [u8],
    executable: bool,
    leads: bool,
}

fuzz_target!(|input: Input<'_>| {
    let text = |text: &str| {
        Entry::File(File {
            executable: false,
            program: None,
            text: Some(Ok(text.to_owned())),
        })
    };
    let program = Entry::File(File {
        executable: input.executable,
        program: input.executable.then(|| Program::of(input.content)),
        text: None,
    });
    let link = if input.leads { Link::Inside("actions/run.sh".into()) } else { Link::Outside };
    let folder = Folder {
        path: "packs/fuzzed".into(),
        name: "fuzzed".to_owned(),
        entries: BTreeMap::from([
            ("pack.yaml".into(), text(input.pack)),
            ("actions".into(), Entry::Folder),
            ("actions/act.yaml".into(), text(input.action)),
            ("actions/run.sh".into(), program),
            ("actions/link".into(), Entry::Link(link)),
            ("sensors".into(), Entry::Folder),
            ("sensors/sense.yaml".into(), text(input.sensor)),
            (format!("sensors/{}", input.entry.replace('/', "_")).into(), Entry::Other),
        ]),
        problems: Vec::new(),
    };
    let expected = Expected {
        platforms: Vec::new(),
        glibc: None,
        built: BTreeMap::new(),
    };
    let (_, found) = check(&folder, &expected);
    for one in found {
        assert!(one.problem.start() == usize::MAX || one.problem.line_and_column().is_some());
    }
});
