//! Packs: all problems are reported at once, each with its place, and `packs list` shows exactly the pack's content.

use std::fmt::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::{Value, json};

use crate::shop::{Shop, stderr, stdout};

/// Returns the shop with a pack that contains one thing of each kind.
fn stocked() -> Shop {
    let shop = Shop::new();
    shop.edit(
        "bakehouse.toml",
        r#"binaries = [{ package = "probe", to = "bin/" }]"#,
        r#"binaries = [{ package = "probe", to = "sensors/" }]"#,
    );
    shop.write(
        "packs/base/pack.yaml",
        "ref: base\nname: Base\nversion: 1.0.0\ndescription: What is always there\n",
    );
    shop.write("packs/base/actions/greet.yaml", GREET);
    program(
        &shop,
        "packs/base/actions/greet.sh",
        b"#!/bin/sh\necho hello\n",
    );
    shop.write(
        "packs/base/sensors/probe.yaml",
        "ref: base.probe\nentry_point: probe\nenvironment:\n  EVERY: \"5\"\n",
    );
    shop
}

const GREET: &str = r#"ref: base.greet
description: Says hello
runner: shell
entry_point: greet.sh
timeout_seconds: 10
parameters:
  name:
    type: string
    required: true
  times:
    type: integer
    default: 1
"#;

fn program(shop: &Shop, path: &str, content: &[u8]) {
    shop.write(path, "");
    std::fs::write(shop.path(path), content).unwrap();
    mode(shop, path, 0o755);
}

fn mode(shop: &Shop, path: &str, mode: u32) {
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(shop.path(path), mode).unwrap();
}

/// Returns the header of an ELF binary, which is enough to identify the machine.
fn elf(machine: u16) -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    header[16] = 2;
    header[18..20].copy_from_slice(&machine.to_le_bytes());
    header[20] = 1;
    header[52] = 64;
    header
}

const AMD64: u16 = 62;
const ARM64: u16 = 183;

fn check(shop: &Shop) -> std::process::Output {
    shop.bakehouse(&["packs", "check", "--platform", "linux/amd64"])
}

#[test]
fn a_good_pack_passes_before_and_after_its_binary_is_built() {
    let shop = stocked();
    let output = check(&shop);
    assert!(output.status.success(), "{}", stderr(&output));
    insta::assert_snapshot!(stdout(&output), @r"
    base  1 action, 1 sensor
          not built yet: sensors/probe
    ");
    program(&shop, "packs/base/sensors/probe", &elf(AMD64));
    let output = check(&shop);
    assert!(output.status.success(), "{}", stderr(&output));
    insta::assert_snapshot!(stdout(&output), @"base  1 action, 1 sensor");
}

#[test]
fn every_spoiled_pack_is_told_what_is_wrong() {
    type Spoil = fn(&Shop);
    let table: [(&str, Spoil); 22] = [
        ("no pack.yaml", |shop| {
            std::fs::remove_file(shop.path("packs/base/pack.yaml")).unwrap();
        }),
        ("no folder", |shop| {
            std::fs::remove_dir_all(shop.path("packs/base")).unwrap();
        }),
        ("unknown keys, everywhere", |shop| {
            shop.edit("packs/base/pack.yaml", "version:", "verison:");
            shop.edit(
                "packs/base/actions/greet.yaml",
                "timeout_seconds",
                "timeout",
            );
            shop.edit("packs/base/actions/greet.yaml", "required", "requierd");
            shop.edit(
                "packs/base/sensors/probe.yaml",
                "environment:",
                "enviroment:",
            );
        }),
        ("wrong types", |shop| {
            shop.edit("packs/base/pack.yaml", "name: Base", "name: [Base]");
            shop.edit("packs/base/actions/greet.yaml", ": 10", ": ten");
            shop.edit("packs/base/actions/greet.yaml", ": true", ": \"true\"");
            shop.edit(
                "packs/base/actions/greet.yaml",
                "default: 1",
                "default: one",
            );
            shop.edit(
                "packs/base/sensors/probe.yaml",
                "  EVERY: \"5\"\n",
                "  - EVERY\n",
            );
        }),
        ("missing keys", |shop| {
            shop.write("packs/base/pack.yaml", "description: none\n");
            shop.write("packs/base/actions/greet.yaml", "runner: shell\n");
            shop.write("packs/base/sensors/probe.yaml", "{}\n");
        }),
        ("values of nothing", |shop| {
            shop.edit("packs/base/pack.yaml", "name: Base", "name:");
            shop.edit("packs/base/actions/greet.yaml", "Says hello", "~");
            shop.write("packs/base/sensors/probe.yaml", "");
        }),
        ("not YAML", |shop| {
            shop.write("packs/base/pack.yaml", "ref: [base\nname: Base\n");
            shop.write(
                "packs/base/actions/greet.yaml",
                "ref: base.greet\n ref: x\n",
            );
            shop.write("packs/base/sensors/probe.yaml", "just text\n");
        }),
        ("keys twice, tags and documents", |shop| {
            shop.edit(
                "packs/base/pack.yaml",
                "name: Base",
                "name: Base\nname: !x Other",
            );
            shop.write(
                "packs/base/sensors/probe.yaml",
                "ref: base.probe\nentry_point: probe\n---\nref: x\n",
            );
        }),
        ("invalid names", |shop| {
            shop.edit("packs/base/pack.yaml", "ref: base", "ref: Base Pack");
            shop.edit(
                "packs/base/actions/greet.yaml",
                "base.greet",
                "base.greet me",
            );
            shop.edit("packs/base/actions/greet.yaml", "  name:", "  Name:");
            shop.edit("packs/base/sensors/probe.yaml", "EVERY", "EVERY-ONE");
        }),
        ("refs of another pack", |shop| {
            shop.edit("packs/base/pack.yaml", "ref: base", "ref: bases");
            shop.edit("packs/base/sensors/probe.yaml", "base.probe", "probe");
        }),
        ("a ref twice", |shop| {
            shop.write("packs/base/actions/hello.yaml", GREET);
        }),
        ("a runner and a timeout that there are not", |shop| {
            shop.edit("packs/base/actions/greet.yaml", "shell", "shel");
            shop.edit("packs/base/actions/greet.yaml", ": 10", ": 0");
        }),
        ("entry points that are not there", |shop| {
            shop.edit("packs/base/actions/greet.yaml", "greet.sh", "gret.sh");
            shop.edit("packs/base/sensors/probe.yaml", ": probe", ": ../actions");
        }),
        ("entry points that cannot be run", |shop| {
            mode(shop, "packs/base/actions/greet.sh", 0o644);
            program(shop, "packs/base/sensors/probe", b"echo tick\n");
        }),
        ("entry points that leave the pack", |shop| {
            shop.edit("packs/base/actions/greet.yaml", "greet.sh", "/bin/sh");
            shop.edit(
                "packs/base/sensors/probe.yaml",
                ": probe",
                ": ../../other/run.sh",
            );
        }),
        ("links that lead out, and to nothing", |shop| {
            program(shop, "packs/elsewhere.sh", b"#!/bin/sh\n");
            symlink(
                "../../elsewhere.sh",
                shop.path("packs/base/actions/link.sh"),
            )
            .unwrap();
            shop.edit("packs/base/actions/greet.yaml", "greet.sh", "link.sh");
            shop.write("packs/base/lib/x", "");
            symlink("nothing", shop.path("packs/base/lib/broken")).unwrap();
            symlink("/etc", shop.path("packs/base/lib/etc")).unwrap();
        }),
        ("a binary of another machine", |shop| {
            program(shop, "packs/base/sensors/probe", &elf(ARM64));
        }),
        ("half a binary", |shop| {
            program(shop, "packs/base/sensors/probe", &elf(AMD64)[..20]);
        }),
        ("a binary where a script belongs", |shop| {
            program(shop, "packs/base/actions/greet.sh", &elf(AMD64));
        }),
        ("broken first lines", |shop| {
            program(
                shop,
                "packs/base/actions/greet.sh",
                b"#!/bin/sh\r\necho\r\n",
            );
            program(shop, "packs/base/sensors/probe", b"#!python3\n");
        }),
        (
            "a manifest that is no file, and one that is no text",
            |shop| {
                std::fs::create_dir_all(shop.path("packs/base/actions/folder.yaml")).unwrap();
                std::fs::write(shop.path("packs/base/sensors/probe.yaml"), b"ref: \xff\n").unwrap();
            },
        ),
        ("actions that are no folder", |shop| {
            std::fs::remove_dir_all(shop.path("packs/base/actions")).unwrap();
            shop.write("packs/base/actions", "");
        }),
    ];
    let mut said = String::new();
    for (name, spoil) in table {
        let shop = stocked();
        spoil(&shop);
        let output = check(&shop);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{name}");
        write!(said, "━━ {name}\n{}", stderr(&output)).unwrap();
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_binary_that_needs_a_newer_glibc_than_a_base_has_is_told() {
    let shop = stocked();
    // The test program itself is such a binary.
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    program(&shop, "packs/base/sensors/probe", &own);
    let own = format!(
        "linux/{}",
        if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "amd64"
        }
    );
    let arguments = ["packs", "check", "--platform", &own];
    let runs_on = |release: &str| {
        let config = shop.read("bakehouse.toml");
        let base = format!("[bases]\nruntime = \"docker.io/library/debian:{release}-slim\"");
        shop.write("bakehouse.toml", &config.replace("[bases]", &base));
        let output = shop.bakehouse(&arguments);
        shop.write("bakehouse.toml", &config);
        output
    };
    let output = runs_on("buster");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    for part in [
        "glibc-too-new",
        "needs glibc 2.",
        "(for `",
        "debian:buster-slim has",
        "2.28",
    ] {
        assert!(
            stderr(&output).contains(part),
            "{part} in {}",
            stderr(&output)
        );
    }
    let output = runs_on("no-such-release");
    assert!(output.status.success(), "{}", stderr(&output));

    // The configured glibc counts if no base has an older one.
    let config = shop.read("bakehouse.toml");
    let asked = |version: &str, release: &str| {
        let asking = format!("glibc = \"{version}\"\n{config}");
        shop.write("bakehouse.toml", &asking);
        stderr(&runs_on(release))
    };
    let said = asked("2.17", "trixie");
    assert!(
        said.contains("bakehouse.toml asks for glibc 2.17"),
        "{said}"
    );
    let said = asked("2.31", "buster");
    assert!(said.contains("debian:buster-slim has 2.28"), "{said}");
}

#[test]
fn json_tells_file_and_line_of_each_problem() {
    let shop = stocked();
    shop.edit(
        "packs/base/actions/greet.yaml",
        "timeout_seconds",
        "timeout",
    );
    mode(&shop, "packs/base/actions/greet.sh", 0o644);
    let output = shop.bakehouse(&["packs", "check", "base", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({
        "version": 1,
        "packs": ["base"],
        "problems": [
            {
                "code": "pack-entry-not-executable",
                "file": "packs/base/actions/greet.yaml",
                "line": 4,
                "column": 14,
                "message": "the entry point `greet.sh` is not executable",
                "hint": "run `chmod +x packs/base/actions/greet.sh`, and commit the mode",
            },
            {
                "code": "pack-invalid",
                "file": "packs/base/actions/greet.yaml",
                "line": 5,
                "column": 1,
                "message": "there is no key `timeout` here",
                "hint": "did you mean `timeout_seconds`?",
            },
        ],
    });
    assert_eq!(shown, expected);
}

#[test]
fn a_pack_is_named_or_is_a_folder() {
    let shop = stocked();
    shop.write(
        "packs.dev/mine/pack.yaml",
        "ref: mine\nname: Mine\nversion: 0\n",
    );
    let output = shop.bakehouse(&["packs", "check", "base", "packs.dev/mine", "packs/base"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[2].starts_with("packs.dev/mine  0 actions"),
        "{lines:?}"
    );

    for arguments in [&["packs", "check", "bas"][..], &["packs", "build", "bas"]] {
        let output = shop.bakehouse(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains("pack-unknown"),
            "{}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains("did you mean `base`?"),
            "{}",
            stderr(&output)
        );
    }
    let output = shop.bakehouse(&["packs", "list", "--platform", "linux/amd46"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("did you mean `linux/amd64`?"),
        "{}",
        stderr(&output)
    );

    shop.edit("bakehouse.toml", "[packs.base]\n", "[inputs.batch]\n");
    let config = shop.read("bakehouse.toml");
    shop.write(
        "bakehouse.toml",
        config.split("[inputs.batch]").next().unwrap(),
    );
    let output = shop.bakehouse(&["packs", "check"]);
    assert!(
        stderr(&output).contains("no pack is configured"),
        "{}",
        stderr(&output)
    );
}

/// Writes a record that says that `content` was built from the inputs with this hash.
fn record(shop: &Shop, content: &[u8], hash: &str, platform: &str) {
    let record = json!({
        "version": 1,
        "input_hash": hash,
        "platform": platform,
        "blake3": blake3::hash(content).to_hex().to_string(),
        "glibc": null,
    });
    shop.write(
        "packs/base/sensors/.probe.bakehouse.json",
        &record.to_string(),
    );
}

#[test]
fn a_list_tells_how_each_binary_stands() {
    let shop = stocked();
    let hash = &shop.hashes()["probe"];
    let binary = elf(AMD64);
    let list = |format: &str| {
        let output = shop.bakehouse(&[
            "packs",
            "list",
            "--platform",
            "linux/amd64",
            "--format",
            format,
        ]);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let state = || {
        let shown: Value = serde_json::from_str(&list("json")).unwrap();
        assert_eq!(shown["version"], 1);
        let binary = &shown["packs"][0]["binaries"][0];
        assert_eq!(binary["input_hash"], hash.as_str());
        binary["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "missing");
    program(&shop, "packs/base/sensors/probe", &binary);
    assert_eq!(state(), "replaced");
    record(&shop, &binary, hash, "linux/amd64");
    assert_eq!(state(), "current");
    record(&shop, &binary, "0000000000000000", "linux/amd64");
    assert_eq!(state(), "stale");
    record(&shop, &binary, hash, "linux/arm64");
    assert_eq!(state(), "wrong-platform");
    record(&shop, &binary, hash, "linux/amd64");
    mode(&shop, "packs/base/sensors/probe", 0o644);
    assert_eq!(state(), "replaced");
    mode(&shop, "packs/base/sensors/probe", 0o755);
    std::fs::write(shop.path("packs/base/sensors/probe"), elf(ARM64)).unwrap();
    assert_eq!(state(), "replaced");
    std::fs::write(shop.path("packs/base/sensors/probe"), &binary).unwrap();
    assert_eq!(state(), "current");

    let text = list("text");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    insta::assert_snapshot!(text, @r"
    base 1.0.0  packs/base
      action  base.greet  shell   actions/greet.sh
      sensor  base.probe          sensors/probe
      binary  sensors/probe  linux/amd64  current, static
    ");
}

#[test]
fn names_and_paths_that_are_long_fit_a_terminal() {
    let shop = stocked();
    let name = "very-long-name-".repeat(8);
    shop.edit(
        "packs/base/actions/greet.yaml",
        "base.greet",
        &format!("base.{name}x"),
    );
    shop.edit(
        "packs/base/actions/greet.yaml",
        "greet.sh",
        &format!("{name}.sh"),
    );
    let config = shop.read("bakehouse.toml");
    shop.write(
        "bakehouse.toml",
        &config.replace("to = \"sensors/\"", &format!("to = \"{name}/{name}/\"")),
    );
    let output = shop.bakehouse(&["packs", "list"]);
    let text = stdout(&output);
    assert!(text.lines().count() >= 3, "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert!(text.contains("packs check base"), "{text}");
}

#[test]
fn a_binary_cannot_be_built_into_its_own_sources() {
    let shop = stocked();
    let config = shop.read("bakehouse.toml");
    shop.write(
        "bakehouse.toml",
        &config.replace("packs/base", "probe/pack"),
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(
        said.contains("lies in the folder of package `probe`"),
        "{said}"
    );
}
