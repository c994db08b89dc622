//! The script that fills cache mounts from a seed, on made-up folders. `tools/e2e/tests/lock_changes.rs` has the same with
//! real seeds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::shop::Shop;

/// Files by path, in the order of their paths.
type Files<'a> = &'a [(&'a str, &'a str)];

/// Runs the script with a seed and with what the mounts have, and returns what they have afterwards.
fn filled(seed: Files<'_>, mounts: Files<'_>) -> BTreeMap<String, String> {
    let shop = Shop::new();
    shop.generate();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let mut script = shop.read("docker/stages/fill.sh");
    for place in ["/deps-seed", "/build/target", "/kept"] {
        script = script.replace(place, &format!("{root}{place}"));
        fs::create_dir_all(format!("{root}{place}")).unwrap();
    }
    // The last of these is below the first.
    script = script.replace(
        &format!("{root}/deps-seed{root}"),
        &format!("{root}/deps-seed"),
    );
    let write = |path: String, text: &str| {
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for (path, text) in seed {
        write(format!("{root}/deps-seed/{path}"), text);
    }
    for (path, text) in mounts {
        write(format!("{root}/{path}"), text);
    }
    let ran = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let mut found = BTreeMap::new();
    for place in ["build/target", "kept"] {
        read(folder.path(), &folder.path().join(place), &mut found);
    }
    found.remove("build/target/lock");
    found
}

fn read(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
}

fn files(files: Files<'_>) -> BTreeMap<String, String> {
    let files = files.iter();
    files
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

const SEED: Files<'static> = &[
    ("target/toolchain", "1.95"),
    ("target/lock", "of the seed"),
    ("target/release/a", "seed"),
    ("kept/0123/out/b", "seed"),
];

#[test]
fn an_empty_builder_gets_the_whole_seed() {
    let expected = [
        ("build/target/toolchain", "1.95"),
        ("build/target/release/a", "seed"),
        ("kept/0123/out/b", "seed"),
    ];
    assert_eq!(filled(SEED, &[]), files(&expected));
}

#[test]
fn without_a_seed_nothing_happens() {
    let own = [("build/target/release/a", "own")];
    assert_eq!(filled(&[], &own), files(&own));
}

#[test]
fn a_builder_keeps_what_it_has_and_gets_what_it_lacks() {
    let own = [
        ("build/target/toolchain", "1.94"),
        ("build/target/release/a", "own"),
        ("kept/0123/out/b", "own"),
    ];
    assert_eq!(filled(SEED, &own), files(&own));
    let lacking = [
        ("build/target/toolchain", "1.94"),
        ("kept/4567/out/c", "own"),
    ];
    let expected = [
        ("build/target/toolchain", "1.94"),
        ("kept/0123/out/b", "seed"),
        ("kept/4567/out/c", "own"),
    ];
    assert_eq!(filled(SEED, &lacking), files(&expected));
}

#[test]
fn a_mount_that_was_half_filled_is_filled_again() {
    // A killed step leaves no file `toolchain`, since that one is copied last.
    let half = [
        ("build/target/release/a", "truncat"),
        ("build/target/release/gone", "x"),
        ("kept/0123.Xy7Zab/out/b", "truncat"),
    ];
    let found = filled(SEED, &half);
    assert_eq!(found["build/target/release/a"], "seed");
    assert!(!found.contains_key("build/target/release/gone"));
    assert_eq!(found["kept/0123/out/b"], "seed");
}

#[test]
fn platforms_that_share_a_folder_are_filled_one_after_the_other() {
    let of = |target: &'static str| {
        [
            ("target/toolchain".to_owned(), "1.95"),
            (format!("target/toolchain-{target}"), target),
            (format!("target/{target}/release/a"), target),
            (format!("target/used/{target}"), target),
            ("target/release/macro".to_owned(), "of both"),
        ]
    };
    let arm = of("aarch64-unknown-linux-gnu");
    let arm: Vec<(&str, &str)> = arm
        .iter()
        .map(|(path, text)| (path.as_str(), *text))
        .collect();
    let own = [
        ("build/target/toolchain", "1.95"),
        ("build/target/toolchain-x86_64-unknown-linux-gnu", "own"),
        ("build/target/x86_64-unknown-linux-gnu/release/a", "own"),
        ("build/target/used/x86_64-unknown-linux-gnu", "own"),
        ("build/target/release/macro", "own"),
    ];
    let found = filled(&arm, &own);
    let mut expected = files(&own);
    expected.extend(files(&[
        (
            "build/target/toolchain-aarch64-unknown-linux-gnu",
            "aarch64-unknown-linux-gnu",
        ),
        (
            "build/target/aarch64-unknown-linux-gnu/release/a",
            "aarch64-unknown-linux-gnu",
        ),
        (
            "build/target/used/aarch64-unknown-linux-gnu",
            "aarch64-unknown-linux-gnu",
        ),
    ]));
    assert_eq!(found, expected);
}
