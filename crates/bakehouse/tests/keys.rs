//! Cache keys: a pin changes only the keys of stages that it affects, and an invalid `toolchain.json` leads to no key
//! at all.

use std::collections::BTreeMap;

use crate::shop::{Shop, stderr, stdout};
use crate::steps;

/// Returns every key that depends on the toolchain, by name.
fn keys(shop: &Shop) -> BTreeMap<&'static str, String> {
    shop.generate();
    let dockerfile = shop.read("docker/Dockerfile");
    let bake = shop.read("docker-bake.hcl");
    let hashes = shop.hashes();
    let id = |purpose: &str| {
        let mut ids = dockerfile.split("id=").skip(1);
        let id = ids.find_map(|rest| rest.split(',').next().filter(|id| id.contains(purpose)));
        id.unwrap_or_else(|| panic!("a mount for {purpose}"))
            .to_owned()
    };
    let deps = if dockerfile.contains(" AS deps\n") {
        "-deps-"
    } else {
        "-target-"
    };
    let line = |text: &str, what: &str| {
        let lines = text.lines().filter(|line| line.contains(what));
        lines.collect::<Vec<_>>().join("\n")
    };
    let stage = |name: &str| {
        let mut stages = dockerfile.split("\nFROM ");
        let begins = format!(" AS {name}\n");
        let stage = stages.find(|stage| stage.lines().next().unwrap().ends_with(begins.trim_end()));
        // The ids of mounts are not part of BuildKit's keys.
        let lines = stage.unwrap_or_default().lines();
        let lines = lines.filter(|line| !line.contains("--mount=type=cache"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let pack = line(&bake, "dev.bakehouse.input-hash");
    assert!(pack.contains(&hashes["probe"]), "{pack}");
    BTreeMap::from([
        ("downloads", id("-downloads-")),
        ("target mount", id(deps)),
        ("base", line(&dockerfile, "ARG BUILDER_BASE=")),
        ("toolchain stage", stage("toolchain")),
        ("vendor stage", stage("vendor")),
        (
            "compile stages",
            ["deps", "lib-common", "build-web"].map(stage).join("\n"),
        ),
        ("label", line(&dockerfile, "dev.bakehouse.toolchain")),
        ("image", hashes["web"].clone()),
        ("pack binary", pack),
    ])
}

/// Returns the keys that change after `edit` and a new pin.
fn changed(strategy: &str, shop: &Shop, edit: impl Fn(&Shop)) -> Vec<&'static str> {
    let setting = format!("[cache]\nstrategy = \"{strategy}\"");
    shop.edit("bakehouse.toml", "[cache]", &setting);
    let pin = || {
        if shop.path("flake.lock").exists() {
            let pin = shop.bakehouse(&["pin", "--only", "toolchain"]);
            assert!(pin.status.success(), "{}", stderr(&pin));
        }
    };
    pin();
    let before = keys(shop);
    edit(shop);
    pin();
    let after = keys(shop);
    let keys = before.keys().filter(|key| before[*key] != after[*key]);
    keys.copied().collect()
}

/// Pin, file, from, to → the keys that change.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

/// Keys that change with the identity: those of stages that mention the toolchain. Stages that compile are unchanged,
/// so nothing compiles again on a base of Debian's.
const IDENTITY: &[&str] = &[
    "image",
    "label",
    "pack binary",
    "target mount",
    "vendor stage",
];

const PINNED: [Row; 8] = [
    (
        "rustc",
        "rust-toolchain.toml",
        "1.95.0",
        "1.96.0",
        &[
            "base",
            "downloads",
            "image",
            "label",
            "pack binary",
            "target mount",
            "toolchain stage",
            "vendor stage",
        ],
    ),
    ("glibc", "pins.toml", "2.42", "2.43", IDENTITY),
    ("nixpkgs", "flake.lock", "21a67dc4", "21a67dc5", IDENTITY),
    (
        "rust-overlay",
        "flake.lock",
        "sha256-pEd4",
        "sha256-pEd5",
        IDENTITY,
    ),
    ("buildx", "pins.toml", "0.35.0", "0.36.0", &[]),
    (
        "buildx's source",
        "pins.toml",
        "sha256-Q4f7",
        "sha256-Q4f8",
        &[],
    ),
    (
        "the tools beside the compiler",
        "rust-toolchain.toml",
        "clippy",
        "rust-analyzer",
        &[],
    ),
    (
        "what builds may read beside the compiler",
        "rust-toolchain.toml",
        "clippy",
        "rust-src",
        &["image", "pack binary", "toolchain stage"],
    ),
];

#[test]
fn a_pin_changes_exactly_the_keys_of_what_it_can_change() {
    for strategy in ["layer", "mount"] {
        for (pin, file, from, to, expected) in PINNED {
            let shop = Shop::pinned();
            let changed = changed(strategy, &shop, |shop| shop.edit(file, from, to));
            assert_eq!(changed, expected, "{pin}, strategy {strategy}");
        }
    }
}

#[test]
fn without_toolchain_json_release_and_builder_base_stand_for_the_toolchain() {
    let base = |digit: &str| format!("builder = \"rust:1.95.0@sha256:{}\"", digit.repeat(64));
    for strategy in ["layer", "mount"] {
        let shop = Shop::new();
        shop.edit(
            "bakehouse.toml",
            "[bases]",
            &format!("[bases]\n{}", base("a")),
        );
        let by_digest = changed(strategy, &shop, |shop| {
            shop.edit("bakehouse.toml", &base("a"), &base("b"));
        });
        assert_eq!(
            by_digest,
            ["base", "image", "pack binary", "target mount"],
            "{strategy}"
        );

        let shop = Shop::new();
        let by_release = changed(strategy, &shop, |shop| {
            shop.edit("rust-toolchain.toml", "1.95.0", "1.94.0");
        });
        let expected = [
            "base",
            "downloads",
            "image",
            "label",
            "pack binary",
            "target mount",
            "toolchain stage",
        ];
        assert_eq!(by_release, expected, "{strategy}");
    }
}

#[test]
fn another_identity_is_explained_by_toolchain_json() {
    let shop = Shop::pinned();
    let pin = || shop.bakehouse(&["pin", "--only", "toolchain"]);
    assert!(pin().status.success());
    shop.commit_all();
    shop.edit("pins.toml", "2.42", "2.43");
    shop.edit("flake.lock", "21a67dc4", "21a67dc5");
    assert!(pin().status.success());
    let expected = "toolchain.json";
    let what = "glibc 2.42 → 2.43, nixpkgs 21a67dc4 → 21a67dc5";
    let why = stdout(&shop.bakehouse(&["why", "web", "--since", "HEAD"]));
    assert!(why.contains(expected) && why.contains(what), "{why}");
    let affected = stdout(&shop.bakehouse(&["affected", "--since", "HEAD"]));
    for name in ["web", "batch-python", "probe"] {
        let line = affected.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.contains(expected) && line.contains(what), "{affected}");
    }

    let shop = Shop::pinned();
    shop.commit_all();
    assert!(
        shop.bakehouse(&["pin", "--only", "toolchain"])
            .status
            .success()
    );
    let why = stdout(&shop.bakehouse(&["why", "web", "--since", "HEAD"]));
    assert!(
        why.contains("toolchain.json") && why.contains("not set →"),
        "{why}"
    );
}

#[test]
fn a_toolchain_json_that_is_not_what_is_pinned_makes_no_files() {
    type Spoil = fn(&Shop);
    let remove = |shop: &Shop, file: &str| std::fs::remove_file(shop.path(file)).unwrap();
    let table: [(Spoil, i32, &str, &str); 9] = [
        (
            |s| s.edit("rust-toolchain.toml", "1.95.0", "1.96.0"),
            3,
            "pin-stale",
            "toolchain.json has rustc 1.95.0, and rust-toolchain.toml names 1.96.0",
        ),
        (
            |s| std::fs::remove_file(s.path("rust-toolchain.toml")).unwrap(),
            3,
            "pin-stale",
            "no rust-toolchain.toml names a release",
        ),
        (
            |s| s.edit("pins.toml", "2.42", "2.43"),
            3,
            "pin-stale",
            "glibc 2.42 → 2.43",
        ),
        (
            |s| s.edit("flake.lock", "c84e121a", "c84e121b"),
            3,
            "pin-stale",
            "rust-overlay c84e121a → c84e121b",
        ),
        (
            |s| s.edit("toolchain.json", "2.42", "2.43"),
            2,
            "pin-invalid",
            "an identity that does not match its values",
        ),
        (
            |s| s.edit("toolchain.json", "\"glibc\"", "glibc"),
            2,
            "pin-invalid",
            "toolchain.json:3:",
        ),
        (
            |s| s.edit("toolchain.json", "\"glibc\": \"2.42\",", ""),
            2,
            "pin-invalid",
            "missing field `glibc`",
        ),
        (
            |s| s.edit("toolchain.json", "\"version\": 1", "\"version\": 2"),
            2,
            "pin-invalid",
            "version 2 of the file format",
        ),
        (|s| s.write("toolchain.json", ""), 2, "pin-invalid", "EOF"),
    ];
    for (spoil, exit, code, says) in table {
        let shop = Shop::pinned();
        let pin = shop.bakehouse(&["pin", "--only", "toolchain"]);
        assert!(pin.status.success(), "{}", stderr(&pin));
        spoil(&shop);
        let output = shop.bakehouse(&["generate"]);
        // Lines may be broken anywhere.
        let said = stderr(&output);
        let words: Vec<&str> = said
            .split_whitespace()
            .filter(|word| !matches!(*word, "│" | "·"))
            .collect();
        let flat = words.join(" ");
        assert_eq!(output.status.code(), Some(exit), "{said}");
        assert!(flat.contains(code) && flat.contains(says), "{says}: {said}");
        assert!(flat.contains("bakehouse pin"), "{said}");
        assert!(!shop.path("docker-bake.hcl").exists());
    }

    // None of these contradicts the file.
    let shop = Shop::pinned();
    let pin = shop.bakehouse(&["pin", "--only", "toolchain"]);
    assert!(pin.status.success());
    shop.edit("pins.toml", "0.35.0", "0.36.0");
    shop.generate();
    remove(&shop, "flake.lock");
    remove(&shop, "pins.toml");
    shop.generate();
}

/// Returns the lines of a generated script from the one with this beginning to the next `fi`.
fn lines(shop: &Shop, script: &str, begins: &str) -> String {
    let text = shop.read(&format!("docker/stages/{script}.sh"));
    let from = text.lines().skip_while(|line| !line.starts_with(begins));
    let lines: Vec<&str> = from.take_while(|line| *line != "fi").collect();
    assert!(!lines.is_empty(), "no line begins with {begins}: {text}");
    lines.join("\n") + "\nfi\n"
}

/// Runs `script` in the workspace, with a Nix-made builder base of that identity.
fn run(shop: &Shop, script: &str, id: Option<&str>) -> std::process::Output {
    let mut command = std::process::Command::new("sh");
    command.args(["-euc", script]).current_dir(shop.path(""));
    command.env_remove("BAKEHOUSE_TOOLCHAIN_ID");
    if let Some(id) = id {
        command.env("BAKEHOUSE_TOOLCHAIN_ID", id);
    }
    command.output().unwrap()
}

#[test]
fn builders_with_another_c_library_do_not_go_on_with_each_others_mount() {
    for strategy in ["layer", "mount"] {
        let shop = Shop::native();
        let setting = format!("[cache]\nstrategy = \"{strategy}\"");
        shop.edit("bakehouse.toml", "[cache]", &setting);
        shop.generate();
        let guard = lines(&shop, "target", "{");
        let guard = guard.replace("/tmp/", &format!("{}/", shop.path("").display()));
        // All these bases have the same compiler.
        let guard = format!("rustc() {{ echo rustc 1.95.0; }}\nmkdir -p target\n{guard}");
        let kept = |id: Option<&str>| {
            let output = run(&shop, &guard, id);
            assert!(output.status.success(), "{}", stderr(&output));
            let kept = shop.path("target/crate").exists();
            shop.write("target/crate", "");
            kept
        };
        for (id, expected) in [
            (Some("1111111111111111"), false),
            (Some("1111111111111111"), true),
            (Some("2222222222222222"), false),
            (None, false),
            (None, true),
        ] {
            assert_eq!(kept(id), expected, "{strategy}: {id:?}");
        }
    }
}

#[test]
fn a_nix_made_builder_of_other_pins_is_refused() {
    let shop = Shop::pinned();
    let pin = shop.bakehouse(&["pin", "--only", "toolchain"]);
    assert!(pin.status.success(), "{}", stderr(&pin));
    shop.generate();
    let check = lines(&shop, "vendor", "if [ -n \"${TOOLCHAIN-}\" ]");
    let step = steps::of(&shop.read("docker/Dockerfile"), "vendor").remove(0);
    let (given, _) = step.command.split_once(' ').unwrap();
    let check = format!("{given}\n{check}");
    let json: serde_json::Value = serde_json::from_str(&shop.read("toolchain.json")).unwrap();
    let own = json["id"].as_str().unwrap();
    assert!(run(&shop, &check, Some(own)).status.success());
    assert!(
        run(&shop, &check, None).status.success(),
        "a base of Debian's"
    );
    let output = run(&shop, &check, Some("2222222222222222"));
    assert!(!output.status.success());
    let said = stderr(&output);
    assert!(
        said.contains(&format!(
            "toolchain.json has the toolchain {own}, but BUILDER_BASE was built from 2222222222222222"
        )),
        "{said}"
    );
}
