//! The stage `toolchain` compares the builder base with the toolchain file, and makes rustup install what is missing.
//! These tests run the script of the generated Dockerfile with a fake `rustc` and a fake `rustup`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::steps;
use crate::tree::{Tree, stderr};

const WORKSPACE: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api"]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
-- api/src/main.rs --
fn main() {}
"#;

/// A fake `rustc` that reports its version and its folder.
const RUSTC: &str = r#"#!/bin/sh
cd "$(dirname "$0")/.."
case "$*" in
--version) cat version ;;
-vV) echo "host: x86_64-unknown-linux-gnu" ;;
"--print sysroot") echo "$PWD/toolchains/$(cat name)" ;;
"--print target-libdir --target "*) echo "$PWD/toolchains/$(cat name)/lib/rustlib/$4/lib" ;;
*) exit 1 ;;
esac
"#;

/// A fake `rustup` that records its calls, and changes the output of `rustc` as the calls would.
const RUSTUP: &str = r#"#!/bin/sh
cd "$(dirname "$0")/.."
echo "rustup $*" >>calls
[ ! -e offline ] || { echo "could not download" >&2; exit 1; }
case "$1 $2" in
"toolchain install") mkdir -p "toolchains/$3-x86_64-unknown-linux-gnu" ;;
"default "*) [ -e stubborn ] || { echo "$2-x86_64-unknown-linux-gnu" >name; echo "rustc installed" >version; } ;;
esac
"#;

/// A base: the version output of its `rustc`, and rustup's name for the toolchain.
struct Base {
    version: &'static str,
    name: &'static str,
}

const STABLE: Base = Base {
    version: "rustc 1.95.0 (59807616e 2026-04-14)",
    name: "1.95.0-x86_64-unknown-linux-gnu",
};

const NIGHTLY: Base = Base {
    version: "rustc 1.95.0-nightly (873d4682c 2026-01-29)",
    name: "nightly-x86_64-unknown-linux-gnu",
};

/// Runs the stage's last step on `base`. Returns its exit code, the calls of rustup, and the output.
fn run(tree: &Tree, base: &Base, without: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let steps = steps::of(&tree.generated("docker/Dockerfile"), "toolchain");
    let Some(step) = steps.last() else {
        return (Some(0), Vec::new(), String::new());
    };
    let script = step.command_with(&tree.path("docker/stages"));
    let machine = tempfile::tempdir().unwrap();
    let path = |name: &str| machine.path().join(name);
    fs::create_dir_all(path("bin")).unwrap();
    fs::create_dir_all(path("toolchains").join(base.name).join("lib/rustlib")).unwrap();
    fs::write(
        path("toolchains")
            .join(base.name)
            .join("lib/rustlib/components"),
        "cargo-x86_64-unknown-linux-gnu\nrust-src\nllvm-tools-preview-x86_64-unknown-linux-gnu\n",
    )
    .unwrap();
    fs::write(path("version"), base.version).unwrap();
    fs::write(path("name"), base.name).unwrap();
    for (program, text) in [("rustc", RUSTC), ("rustup", RUSTUP)] {
        if !without.contains(&program) {
            fs::write(path("bin").join(program), text).unwrap();
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(path("bin").join(program), mode).unwrap();
        }
    }
    for state in ["offline", "stubborn"] {
        if without.contains(&state) {
            fs::write(path(state), "").unwrap();
        }
    }
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(machine.path())
        .env("PATH", format!("{}:/usr/bin:/bin", path("bin").display()))
        .output()
        .unwrap();
    let calls = fs::read_to_string(path("calls")).unwrap_or_default();
    let calls = calls.lines().map(str::to_owned).collect();
    (output.status.code(), calls, stderr(&output))
}

/// Returns whether the step that looks for the toolchain has network access.
fn has_network(tree: &Tree) -> Option<bool> {
    let steps = steps::of(&tree.generated("docker/Dockerfile"), "toolchain");
    Some(steps.last()?.has_network())
}

#[test]
fn what_the_base_has_not_is_installed_and_nothing_else() {
    let install = |name: &str| {
        vec![
            format!("rustup toolchain install {name} --profile minimal --no-self-update"),
            format!("rustup default {name}"),
        ]
    };
    type Row = (&'static str, &'static Base, Vec<String>);
    let table: Vec<Row> = vec![
        ("channel = \"nightly-2026-01-30\"", &NIGHTLY, vec![]),
        ("channel = \"nightly-2026-01-31\"", &NIGHTLY, install("nightly-2026-01-31")),
        ("channel = \"nightly-2026-01-30\"", &STABLE, install("nightly-2026-01-30")),
        ("channel = \"nightly\"", &NIGHTLY, vec![]),
        ("channel = \"nightly\"", &STABLE, install("nightly")),
        ("channel = \"beta\"", &STABLE, install("beta")),
        ("channel = \"stable\"", &STABLE, vec![]),
        ("channel = \"stable\"", &NIGHTLY, install("stable")),
        ("channel = \"stable-2026-01-22\"", &STABLE, install("stable-2026-01-22")),
        ("channel = \"1.95\"", &STABLE, vec![]),
        // A nightly older than the release of 1.95.0 is not `1.95`.
        ("channel = \"1.95\"", &NIGHTLY, install("1.95")),
        ("channel = \"1.9\"", &STABLE, install("1.9")),
        ("channel = \"1.94.0\"", &STABLE, install("1.94.0")),
        ("channel = \"1.95.0\"", &STABLE, vec![]),
        ("channel = \"1.95.0\"\ncomponents = [\"clippy\", \"rustfmt\"]", &STABLE, vec![]),
        ("channel = \"1.95.0\"\ncomponents = [\"rust-src\", \"llvm-tools\"]", &STABLE, vec![]),
        (
            "channel = \"1.95.0\"\ncomponents = [\"rustc-dev\", \"rust-src\"]\ntargets = [\"wasm32-unknown-unknown\", \"x86_64-pc-windows-msvc\"]",
            &STABLE,
            vec![
                "rustup component add rust-src rustc-dev".to_owned(),
                "rustup target add wasm32-unknown-unknown".to_owned(),
            ],
        ),
        (
            "channel = \"nightly-2026-01-30\"\ncomponents = [\"rust-src\"]\ntargets = [\"wasm32-unknown-unknown\"]",
            &STABLE,
            vec![
                "rustup toolchain install nightly-2026-01-30 --profile minimal --no-self-update --component rust-src --target wasm32-unknown-unknown".to_owned(),
                "rustup default nightly-2026-01-30".to_owned(),
            ],
        ),
        ("components = [\"miri\"]", &STABLE, vec![]),
        (
            "components = [\"rustc-dev\"]",
            &STABLE,
            vec!["rustup component add rustc-dev".to_owned()],
        ),
    ];
    let tree = Tree::of(WORKSPACE);
    tree.write(
        "bakehouse.toml",
        "[bases]\nbuilder = \"ghcr.io/acme/builder:1\"\n",
    );
    for (text, base, expected) in table {
        tree.write("rust-toolchain.toml", &format!("[toolchain]\n{text}\n"));
        tree.generate();
        let (code, calls, said) = run(&tree, base, &[]);
        assert_eq!(code, Some(0), "{text}: {said}");
        assert_eq!(calls, expected, "{text}");
    }
}

#[test]
fn a_base_whose_name_says_that_it_has_the_toolchain_is_held_to_it_without_network() {
    let tree = Tree::of(WORKSPACE);
    let table = [
        (
            "1.95.0",
            "docker.io/library/rust:1.95.0-slim-bookworm",
            Some(false),
        ),
        (
            "1.95.0",
            "docker.io/library/rust:1.95.0-slim-bookworm@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            Some(false),
        ),
        (
            "1.95",
            "docker.io/library/rust:1.95.0-slim-bookworm",
            Some(false),
        ),
        (
            "1.9",
            "docker.io/library/rust:1.95.0-slim-bookworm",
            Some(true),
        ),
        (
            "1.95.0",
            "docker.io/library/rust:1.95-slim-bookworm",
            Some(true),
        ),
        (
            "stable",
            "docker.io/library/rust:slim-bookworm",
            Some(false),
        ),
        ("stable", "docker.io/rustlang/rust:nightly-slim", Some(true)),
        (
            "nightly-2026-01-30",
            "docker.io/library/rust:slim-bookworm",
            Some(true),
        ),
        ("1.95.0", "ghcr.io/acme/rust-builder:1.95.0", Some(true)),
    ];
    for (channel, base, expected) in table {
        tree.write("rust-toolchain", channel);
        tree.write(
            "bakehouse.toml",
            &format!("[bases]\nbuilder = \"{base}\"\n"),
        );
        tree.generate();
        assert_eq!(has_network(&tree), expected, "{channel} {base}");
    }
    // An image may hold another toolchain than its name says.
    for channel in ["1.95.0", "1.95", "stable"] {
        tree.write("rust-toolchain", channel);
        tree.write(
            "bakehouse.toml",
            "[bases]\nbuilder = \"docker.io/library/rust:1.95.0-slim-bookworm\"\n",
        );
        tree.generate();
        assert_eq!(run(&tree, &STABLE, &[]), (Some(0), vec![], String::new()));
        let (code, calls, said) = run(&tree, &NIGHTLY, &[]);
        assert_eq!((code, calls), (Some(1), vec![]), "{said}");
        assert!(
            said.contains(channel) && said.contains(NIGHTLY.version),
            "{said}"
        );
    }
    // Without the file there is no step.
    fs::remove_file(tree.path("rust-toolchain")).unwrap();
    tree.generate();
    assert_eq!(has_network(&tree), None);
}

#[test]
fn what_cannot_be_installed_is_said_with_both_versions() {
    let tree = Tree::of(WORKSPACE);
    tree.write("rust-toolchain", "nightly-2026-01-30\n");
    tree.generate();
    let table: [(&[&str], &str); 3] = [
        (&["rustup"], "no rustup"),
        (&["offline"], "rustup cannot install that"),
        (&["stubborn"], "not used"),
    ];
    for (without, what) in table {
        let (code, _, said) = run(&tree, &STABLE, without);
        assert_eq!(code, Some(1), "{without:?}");
        for part in [
            what,
            "rust-toolchain names nightly-2026-01-30",
            STABLE.version,
        ] {
            assert!(said.contains(part), "{without:?}: {said}");
        }
    }
    let (code, _, said) = run(&tree, &STABLE, &["rustc", "rustup"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no rustc"), "{said}");
}

#[test]
fn the_file_is_that_which_rustup_reads() {
    let tree = Tree::of(WORKSPACE);
    let pinned = |file: &str| {
        tree.generate();
        let dockerfile = tree.generated("docker/Dockerfile");
        assert!(dockerfile.contains(file), "{file}\n{dockerfile}");
    };
    tree.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.94.0\"\n");
    pinned("pins rustc 1.94.0");
    // The file without an extension wins, as does a nearer file. It need not be TOML.
    tree.write("rust-toolchain", "1.93.0\n");
    pinned("rust-toolchain pins rustc 1.93.0");
    tree.write("rust-toolchain", "[toolchain]\nchannel = \"1.92.0\"\n");
    pinned("rust-toolchain pins rustc 1.92.0");
    for (text, place) in [
        ("[toolchain]\npath = \"/opt/rust\"\n", "rust-toolchain:2"),
        ("/opt/rust\n", "rust-toolchain:1"),
        ("my-own\n", "rust-toolchain:1"),
        ("nightly-x86_64-unknown-linux-gnu\n", "rust-toolchain:1"),
    ] {
        tree.write("rust-toolchain", text);
        let output = tree.bakehouse(&["generate"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}: {said}");
        assert!(
            said.contains("toolchain-file") && said.contains(place),
            "{text}: {said}"
        );
        assert!(said.contains("help: "), "{text}: {said}");
    }
}

#[test]
fn the_toolchain_is_in_hashes_and_in_the_names_of_mounts() {
    let tree = Tree::of(WORKSPACE);
    let hash = |text: &str| {
        tree.write("rust-toolchain.toml", text);
        tree.generate();
        let dockerfile = tree.generated("docker/Dockerfile");
        let plan = tree.plan();
        (
            plan["services"][0]["input_hash"]
                .as_str()
                .unwrap()
                .to_owned(),
            dockerfile,
        )
    };
    let one = hash("[toolchain]\nchannel = \"nightly-2026-01-30\"\n");
    let other = hash("[toolchain]\nchannel = \"nightly-2026-01-31\"\n");
    assert_ne!(one.0, other.0);
    for (day, (_, dockerfile)) in [("30", &one), ("31", &other)] {
        let ids: Vec<&str> = dockerfile.split("type=cache,id=").skip(1).collect();
        assert!(ids.len() > 1, "{dockerfile}");
        for id in ids {
            let id = id.split(',').next().unwrap();
            assert!(id.contains(&format!("nightly-2026-01-{day}")), "{id}");
        }
    }
    let source =
        hash("[toolchain]\nchannel = \"nightly-2026-01-30\"\ncomponents = [\"rust-src\"]\n");
    assert_ne!(one.0, source.0);
    // Entries that no build reads do not count.
    let people = hash(
        "[toolchain]\nchannel = \"nightly-2026-01-30\"\ncomponents = [\"clippy\"]\nprofile = \"default\"\n",
    );
    assert_eq!(one, people);
}

#[test]
fn a_server_of_rustups_own_may_be_named_as_a_secret() {
    let tree = Tree::of(WORKSPACE);
    tree.write("rust-toolchain", "nightly-2026-01-30\n");
    tree.write(
        "bakehouse.toml",
        "[secrets]\nvariables = [\"RUSTUP_DIST_SERVER\", \"CARGO_REGISTRIES_OWN_TOKEN\"]\n",
    );
    tree.generate();
    let dockerfile = tree.generated("docker/Dockerfile");
    let (_, stage) = dockerfile.split_once(" AS toolchain\n").unwrap();
    let (stage, _) = stage.split_once("\nFROM ").unwrap();
    assert!(
        stage.contains("type=secret,id=RUSTUP_DIST_SERVER,env=RUSTUP_DIST_SERVER"),
        "{stage}"
    );
    assert!(stage.contains("|| unset RUSTUP_DIST_SERVER"), "{stage}");
    assert!(!stage.contains("CARGO_REGISTRIES_OWN_TOKEN,env"), "{stage}");
}
