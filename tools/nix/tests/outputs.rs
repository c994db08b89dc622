//! Outputs of the flake: the toolchain, a shell, a pair of bases, the generator, and all of it for other workspaces.

use std::path::{Path, PathBuf};
use std::process::Command;

use bakehouse_flake::Flake;
use bakehouse_flake::check::{compact, evaluate, evaluates, pinned};
use bakehouse_testkit::Ran;
use serde_json::Value;

#[test]
fn the_toolchain_is_what_was_pinned_even_with_other_inputs() {
    let flake = Flake::copy();
    let said = evaluate(&flake, "", flake.stubs(""), "toolchain", &["--json"]);
    assert_eq!(said, Ok(compact(&flake.read("toolchain.json"))));
}

#[test]
fn the_shell_holds_the_pinned_tools_and_the_generator() {
    let flake = Flake::copy();
    for (shell, expected) in [
        (
            "default",
            r#"["rust-1.95.0","docker-buildx-0.35.0","docker-client","git","bakehouse-0.1.0"]"#,
        ),
        (
            "bare",
            r#"["rust-1.95.0","docker-buildx-0.35.0","docker-client","git"]"#,
        ),
    ] {
        for system in [
            "x86_64-linux",
            "aarch64-linux",
            "x86_64-darwin",
            "aarch64-darwin",
        ] {
            let attribute = format!("devShells.{system}.{shell}");
            let list = [
                "--json",
                "--apply",
                "shell: map (package: package.name) shell.packages",
            ];
            let said = evaluate(&flake, "", flake.stubs(""), &attribute, &list);
            assert_eq!(said.as_deref(), Ok(expected), "{attribute}");
        }
    }
}

#[test]
fn the_shell_warns_of_a_plugin_that_hides_the_pinned_buildx() {
    use std::os::unix::fs::PermissionsExt;

    let flake = Flake::copy();
    let hook = evaluate(
        &flake,
        "",
        flake.stubs(""),
        "devShells.x86_64-linux.bare.shellHook",
        &["--raw"],
    )
    .unwrap_or_else(|wrong| panic!("{wrong}"));
    let home = flake.dir().join("home");
    let plugin = home.join(".docker/cli-plugins/docker-buildx");
    let entered = || {
        Ran::of(
            Command::new("bash")
                .args(["-ec", &hook])
                .env("HOME", &home)
                .env_remove("DOCKER_CONFIG"),
        )
    };

    assert_eq!(entered().stderr, "");
    std::fs::create_dir_all(plugin.parent().expect("a folder")).expect("a folder can be made");
    for (version, warns) in [("v0.35.0", false), ("v0.29.1", true), ("v0.35.0-rc1", true)] {
        let script = format!("#!/bin/sh\necho github.com/docker/buildx {version} abcdef\n");
        std::fs::write(&plugin, script).expect("a file can be written");
        std::fs::set_permissions(&plugin, std::fs::Permissions::from_mode(0o755))
            .expect("a mode can be set");
        let said = entered().stderr;
        assert_eq!(
            said.contains("hides the pinned docker buildx 0.35.0"),
            warns,
            "{version}: {said}"
        );
    }
}

#[test]
fn the_pair_of_bases_has_one_libc_and_is_tagged_with_the_toolchain() {
    let flake = Flake::copy();
    let toolchain: Value = serde_json::from_str(&flake.read("toolchain.json")).expect("JSON");
    let id = toolchain["id"].as_str().expect("an identity");
    for system in ["x86_64-linux", "aarch64-linux"] {
        let image = |name: &str, list: &str| {
            let attribute = format!("packages.{system}.{name}-image");
            evaluate(
                &flake,
                "",
                flake.stubs(""),
                &attribute,
                &["--json", "--apply", list],
            )
            .unwrap_or_else(|wrong| panic!("{wrong}"))
        };
        for name in ["builder", "runtime"] {
            let said = image(
                name,
                r#"image: [ image.tag image.config.Labels."dev.bakehouse.toolchain" ]"#,
            );
            assert_eq!(said, format!("[\"{id}\",\"{id}\"]"), "{system} {name}");
        }
        let contents = "image: map (package: package.name) image.contents";
        let (builder, runtime) = (image("builder", contents), image("runtime", contents));
        assert!(
            builder.contains("\"rust-1.95.0\",\"gcc-wrapper\""),
            "{builder}"
        );
        // The stages read binaries.
        assert!(builder.contains("\"binutils\""), "{builder}");
        assert!(
            runtime.contains("\"glibc-2.42-61\",\"gcc-lib\""),
            "{runtime}"
        );
        assert!(!runtime.contains("rust"), "{runtime}");
    }
}

/// Cargo reads every member's manifest and looks for its targets, so a missing file fails only when the generator is
/// built.
#[test]
fn the_generator_s_source_is_a_workspace_that_its_lock_fits() {
    let flake = Flake::copy();
    let source = evaluate(
        &flake,
        "",
        flake.stubs(""),
        "packages.x86_64-linux.bakehouse.src",
        &["--raw"],
    )
    .unwrap_or_else(|wrong| panic!("{wrong}"));
    let source = Path::new(&source);
    let _ = Ran::of(
        Command::new(std::env::var_os("CARGO").expect("cargo runs the tests"))
            .args([
                "tree",
                "--locked",
                "--offline",
                "--package=bakehouse",
                "--quiet",
            ])
            .current_dir(source),
    )
    .succeeded();
    // Templates are compiled in, too.
    let mut folders = vec![PathBuf::from("crates/bakehouse/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(flake.dir().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            assert!(source.join(&path).exists(), "{} is missing", path.display());
            if source.join(&path).is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(
        !source
            .join("tools/nix/stub")
            .join("nixpkgs/default.nix")
            .exists()
    );
    assert!(
        !source
            .join("crates/attune/common/migrations")
            .join("README.md")
            .exists()
    );
}

/// The lock of a workspace with its own nixpkgs for Bakehouse.
const THEIR_LOCK: &str = r#"{
  "nodes": {
    "bakehouse": {
      "inputs": { "nixpkgs": ["nixpkgs"], "rust-overlay": "rust-overlay" },
      "locked": { "lastModified": 1, "narHash": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "owner": "a", "repo": "b", "rev": "1111111111111111111111111111111111111111", "type": "github" },
      "original": { "id": "bakehouse", "type": "indirect" }
    },
    "nixpkgs": {
      "locked": { "lastModified": 1, "narHash": "sha256-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=", "owner": "a", "repo": "c", "rev": "2222222222222222222222222222222222222222", "type": "github" },
      "original": { "owner": "a", "repo": "c", "type": "github" }
    },
    "root": { "inputs": { "bakehouse": "bakehouse", "nixpkgs": "nixpkgs" } },
    "rust-overlay": {
      "inputs": { "nixpkgs": ["bakehouse", "nixpkgs"] },
      "locked": { "lastModified": 1, "narHash": "sha256-CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA=", "owner": "a", "repo": "d", "rev": "3333333333333333333333333333333333333333", "type": "github" },
      "original": { "owner": "a", "repo": "d", "type": "github" }
    }
  },
  "root": "root",
  "version": 7
}
"#;

#[test]
fn the_template_gives_another_workspace_its_own_toolchain() {
    let flake = Flake::copy();
    let theirs = "tools/nix/template";
    flake.write("tools/nix/template/flake.lock", THEIR_LOCK);
    flake.edit("tools/nix/template/rust-toolchain.toml", "1.95.0", "1.96.0");
    flake.write("tools/nix/template/toolchain.json", &pinned(&flake, theirs));
    let stubs = || {
        let mut arguments = flake.stubs("bakehouse/");
        arguments.extend([
            "--override-input".to_owned(),
            "bakehouse".to_owned(),
            flake.reference(""),
        ]);
        arguments
    };

    let said = evaluate(&flake, theirs, stubs(), "toolchain", &["--json"]);
    assert_eq!(said, Ok(compact(&pinned(&flake, theirs))));
    assert!(pinned(&flake, theirs).contains("2222222222222222222222222222222222222222"));
    evaluates(&flake, theirs, stubs()).unwrap_or_else(|wrong| panic!("{wrong}"));

    let list = [
        "--json",
        "--apply",
        "shell: map (package: package.name) shell.packages",
    ];
    let shell = evaluate(
        &flake,
        theirs,
        stubs(),
        "devShells.aarch64-linux.default",
        &list,
    );
    let expected =
        r#"["rust-1.96.0","docker-buildx-0.35.0","docker-client","git","bakehouse-0.1.0"]"#;
    assert_eq!(shell.as_deref(), Ok(expected));

    flake.edit("tools/nix/template/rust-toolchain.toml", "1.96.0", "1.95.0");
    let wrong = evaluates(&flake, theirs, stubs()).expect_err("toolchain.json is stale");
    assert!(wrong.contains("toolchain.json is out of date"), "{wrong}");
}
