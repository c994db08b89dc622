//! `toolchain.json` contains the pins. Its identity changes with the parts that compile, and a stale file is found.

use bakehouse::problem::{Code, Source};
use bakehouse::toolchain::Toolchain;
use bakehouse::toolchain::identity::Sources;

use crate::shop::pins::{LOCK, PINS, RUST_TOOLCHAIN};
use crate::shop::{Shop, stderr};

/// The arguments that pin the toolchain without asking a registry.
const PIN: &[&str] = &["pin", "--only", "toolchain"];
const CHECK: &[&str] = &["pin", "--only", "toolchain", "--check"];

/// The lock of a workspace with Bakehouse as an input of its flake. One input of Bakehouse is its own, and one follows
/// another input of the workspace.
const LOCK_BELOW_BAKEHOUSE: &str = r#"{
  "nodes": {
    "bakehouse": { "inputs": { "nixpkgs": ["other", "packages"], "rust-overlay": "rust-overlay_2" } },
    "nixpkgs": { "locked": { "narHash": "sha256-none", "rev": "0000000000000000000000000000000000000000" } },
    "nixpkgs_2": { "locked": { "narHash": "sha256-ugps", "rev": "21a67dc470149f337cecafbe965d8d252a390518" } },
    "other": { "inputs": { "packages": "nixpkgs_2" } },
    "rust-overlay_2": { "locked": { "narHash": "sha256-pEd4", "rev": "c84e121aaede7ef8c7bd9fb5154ccc1599e07816" } },
    "start": { "inputs": { "bakehouse": "bakehouse", "nixpkgs": "nixpkgs", "other": "other" } }
  },
  "root": "start",
  "version": 7
}
"#;

fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

fn sources() -> Sources {
    Sources {
        rust_toolchain: source("rust-toolchain.toml", RUST_TOOLCHAIN),
        flake_lock: source("flake.lock", LOCK),
        pins: source("pins.toml", PINS),
    }
}

/// Returns the sources with `from` replaced by `to`, in whichever file contains it.
fn edited(from: &str, to: &str) -> Sources {
    let mut sources = sources();
    let files = [
        &mut sources.rust_toolchain,
        &mut sources.flake_lock,
        &mut sources.pins,
    ];
    let file = files
        .into_iter()
        .find(|file| file.text.contains(from))
        .unwrap_or_else(|| panic!("no file holds {from:?}"));
    file.text = file.text.replace(from, to);
    sources
}

fn toolchain(sources: &Sources) -> Toolchain {
    Toolchain::new(sources).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn the_identity_is_a_hash_of_what_compiles() {
    // `nix eval` returns the same for these files. Another identity would change a key of every cache.
    insta::assert_snapshot!(toolchain(&sources()).text());
}

#[test]
fn the_identity_changes_exactly_with_what_compiles() {
    let before = toolchain(&sources());
    for (from, to, changes) in [
        ("1.95.0", "1.96.0", true),
        ("1.95.0", "nightly-2026-09-01", true),
        ("2.42", "2.43", true),
        ("21a67dc4", "21a67dc5", true),
        ("sha256-ugps", "sha256-ugpS", true),
        ("c84e121a", "c84e121b", true),
        ("sha256-pEd4", "sha256-pEd5", true),
        ("0.35.0", "0.36.0", false),
        ("sha256-Q4f7", "sha256-Q4f8", false),
        (
            "[buildx]\nversion = \"0.35.0\"\nhash = \"sha256-Q4f7\"\n",
            "",
            false,
        ),
        ("clippy", "rust-src", false),
        ("\"lastModified\": 1", "\"lastModified\": 3", false),
    ] {
        let after = toolchain(&edited(from, to));
        assert_eq!(after.id != before.id, changes, "{from} → {to}");
    }
}

#[test]
fn the_lock_of_another_workspace_is_followed_to_what_bakehouse_is_given() {
    let mut sources = sources();
    sources.flake_lock.text = LOCK_BELOW_BAKEHOUSE.to_owned();
    assert_eq!(toolchain(&sources), toolchain(&self::sources()));
}

#[test]
fn what_does_not_pin_is_refused() {
    let endless = r#""nixpkgs": ["nixpkgs"], "rust-overlay""#;
    for (from, to, code, says) in [
        (
            "1.95.0",
            "stable",
            Code::PinInvalid,
            "`stable` is a channel that moves, not a release",
        ),
        (
            "1.95.0",
            "1.95",
            Code::PinInvalid,
            "`1.95` is a channel that moves, not a release",
        ),
        (
            "1.95.0",
            "nightly",
            Code::PinInvalid,
            "`nightly` is a channel that moves, not a release",
        ),
        (
            "channel",
            "chanel",
            Code::PinInvalid,
            "missing field `channel`",
        ),
        (
            "2.42",
            "2.42-61",
            Code::PinInvalid,
            "`2.42-61` is not a version of glibc",
        ),
        ("glibc", "glib", Code::PinInvalid, "unknown field `glib`"),
        (
            "\"version\": 7\n}",
            "",
            Code::PinInvalid,
            "flake.lock cannot be read",
        ),
        (
            "\"rev\": \"21a6",
            "\"no\": \"21a6",
            Code::PinInvalid,
            "`nixpkgs` to a commit",
        ),
        (
            "21a67dc4",
            "21a67dc",
            Code::PinInvalid,
            "`nixpkgs` to a commit",
        ),
        (
            "\"narHash\": \"sha256-pEd4\",",
            "",
            Code::PinInvalid,
            "`rust-overlay` to a commit",
        ),
        (
            ", \"rust-overlay\": \"rust-overlay\"",
            "",
            Code::PinMissing,
            "no input `rust-overlay`",
        ),
        (
            "\"nixpkgs\": \"nixpkgs\", \"rust-overlay\"",
            endless,
            Code::PinMissing,
            "no input `nixpkgs`",
        ),
    ] {
        let problems = Toolchain::new(&edited(from, to)).expect_err(to).0;
        let [problem] = problems.as_slice() else {
            panic!("{to}: {problems:?}");
        };
        assert_eq!(problem.code, code, "{to}");
        assert!(problem.message.contains(says), "{to}: {problem}");
        assert!(problem.hint.is_some(), "{to}");
    }
}

#[test]
fn pin_writes_what_the_files_say_and_leaves_it_alone_when_it_is_in_date() {
    let shop = Shop::pinned();
    assert!(shop.bakehouse(PIN).status.success());
    assert_eq!(shop.read("toolchain.json"), toolchain(&sources()).text());
    assert!(shop.bakehouse(CHECK).status.success());

    let written = || {
        shop.path("toolchain.json")
            .metadata()
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = written();
    assert!(shop.bakehouse(PIN).status.success());
    assert_eq!(written(), before);
}

#[test]
fn a_stale_toolchain_json_is_found_and_nothing_is_written() {
    for (file, from, to, diff) in [
        (
            "rust-toolchain.toml",
            "1.95.0",
            "1.96.0",
            "+  \"rustc\": \"1.96.0\"",
        ),
        ("pins.toml", "2.42", "2.43", "+  \"glibc\": \"2.43\""),
        ("pins.toml", "0.35.0", "0.36.0", "+  \"buildx\": \"0.36.0\""),
        (
            "flake.lock",
            "c84e121a",
            "c84e121b",
            "+    \"rev\": \"c84e121b",
        ),
        (
            "toolchain.json",
            "1.95.0",
            "1.94.0",
            "+  \"rustc\": \"1.95.0\"",
        ),
    ] {
        let shop = Shop::pinned();
        assert!(shop.bakehouse(PIN).status.success());
        shop.edit(file, from, to);
        let before = shop.read("toolchain.json");
        let output = shop.bakehouse(CHECK);
        assert_eq!(output.status.code(), Some(3), "{file}");
        let said = stderr(&output);
        assert!(
            said.contains("pin-stale") && said.contains("help:"),
            "{said}"
        );
        assert!(said.contains(diff), "{said}");
        assert_eq!(shop.read("toolchain.json"), before);

        assert!(shop.bakehouse(PIN).status.success());
        assert!(shop.bakehouse(CHECK).status.success());
    }
}

#[test]
fn all_that_is_missing_is_said_at_once() {
    let shop = Shop::new();
    let _ = std::fs::remove_file(shop.path("rust-toolchain.toml"));
    let output = shop.bakehouse(PIN);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    for file in ["rust-toolchain.toml", "flake.lock", "pins.toml"] {
        assert!(said.contains(&format!("there is no {file}")), "{said}");
    }
    assert!(!shop.path("toolchain.json").exists());
}

#[test]
fn what_is_wrong_in_a_pin_is_shown_in_its_place() {
    let shop = Shop::pinned();
    shop.edit("pins.toml", "2.42", "newest");
    let said = stderr(&shop.bakehouse(PIN));
    assert!(said.contains("pins.toml:1:9"), "{said}");
}

#[test]
fn the_manual_has_a_page_for_every_command_that_is_shown() {
    let shop = Shop::new();
    assert!(shop.bakehouse(&["manpages", "manual"]).status.success());
    let mut pages: Vec<String> = std::fs::read_dir(shop.path("manual"))
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    assert!(pages.contains(&"bakehouse.1".to_owned()), "{pages:?}");
    assert!(pages.contains(&"bakehouse-pin.1".to_owned()), "{pages:?}");
    assert!(
        !pages.contains(&"bakehouse-manpages.1".to_owned()),
        "{pages:?}"
    );
    let page = shop.read("manual/bakehouse-pin.1");
    assert!(page.contains(r"\-\-check"), "{page}");
}
