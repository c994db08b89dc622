//! What this repository promises about itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::path::Path;

use bakehouse::problem::Code;

#[test]
fn every_error_code_is_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let text = std::fs::read_to_string(page).unwrap();
    for code in Code::ALL {
        assert!(
            text.contains(&format!("`{}`", code.as_str())),
            "docs/errors.md lacks `{}`",
            code.as_str()
        );
    }
}

/// The rooms in the order of the flow; each looks only at those before it, and all may tell of a problem.
const ROOMS: [&str; 10] = [
    "toolchain",
    "graph",
    "plan",
    "documents",
    "files",
    "git",
    "engine",
    "packs",
    "bench",
    "cli",
];

#[test]
fn rooms_look_only_at_those_before_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (index, room) in ROOMS.iter().enumerate() {
        for file in rust_files(&source.join(room)) {
            let text = std::fs::read_to_string(&file).unwrap();
            for later in &ROOMS[index + 1..] {
                assert!(
                    !text.contains(&format!("crate::{later}")),
                    "{} looks at {later}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn plan_documents_and_the_check_of_packs_touch_nothing_outside() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let packs = ["check", "glibc", "manifest", "platform", "program", "yaml"];
    let packs = packs.map(|file| source.join(format!("packs/{file}.rs")));
    let rooms = ["plan", "documents"].map(|room| rust_files(&source.join(room)));
    for file in rooms.into_iter().flatten().chain(packs) {
        let text = std::fs::read_to_string(&file).unwrap();
        for outside in [
            "fs_err",
            "std::fs",
            "std::env",
            "std::process",
            "SystemTime",
            "Instant",
        ] {
            assert!(!text.contains(outside), "{} uses {outside}", file.display());
        }
    }
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else {
            files.push(path);
        }
    }
    assert!(!files.is_empty());
    files
}
