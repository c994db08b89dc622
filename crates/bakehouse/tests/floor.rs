//! `glibc` in `bakehouse.toml`: its effect on the generated files, and the values that are refused.
//! `tools/e2e/tests/floor.rs` builds with it.

use std::path::Path;
use std::process::{Command, Output};

use crate::shop::{Shop, stderr};
use crate::steps;

fn set(shop: &Shop, key: &str) {
    let config = shop.read("bakehouse.toml");
    shop.write("bakehouse.toml", &format!("{key}\n{config}"));
}

fn with(strategy: &str, key: &str) -> Shop {
    let shop = Shop::native();
    let setting = format!("[cache]\nstrategy = \"{strategy}\"");
    shop.edit("bakehouse.toml", "[cache]", &setting);
    shop.edit(
        "bakehouse.toml",
        "to = \"bin/\"",
        "to = \"bin/\", static = true",
    );
    set(&shop, key);
    shop.generate();
    shop
}

/// Returns the lines of the Dockerfile that the key adds and removes, with one line before and after. The checksum in
/// the head changes, too.
fn difference(strategy: &str) -> String {
    let text = |key| {
        let text = with(strategy, key).read("docker/Dockerfile");
        let parts = text.split_once("\n\n").unwrap();
        parts.1.to_owned()
    };
    let (without, floor) = (text(""), text("glibc = \"2.28\""));
    let difference = similar::TextDiff::from_lines(&without, &floor);
    let mut difference = difference.unified_diff();
    let lines = difference.context_radius(1).to_string();
    let lines = lines.lines().map(|line| match line.starts_with("@@") {
        true => "@@",
        false => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_stages_compile_for_the_floor_and_are_otherwise_as_they_were() {
    insta::assert_snapshot!(difference("layer"));
}

#[test]
fn the_stages_of_the_strategy_mount_do_too() {
    insta::assert_snapshot!(difference("mount"));
}

#[test]
fn no_other_file_changes_but_for_hashes() {
    let (without, floor) = (with("layer", ""), with("layer", "glibc = \"2.28\""));
    let hash = |shop: &Shop| shop.hashes()["probe"].clone();
    let bake = without.read("docker-bake.hcl");
    let others = ["docker/compose.yaml", "docker/Dockerfile.dockerignore"];
    for file in others {
        assert_eq!(without.read(file), floor.read(file), "{file}");
    }
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().skip(2);
        lines.map(str::to_owned).collect()
    };
    let renamed = bake.replace(&hash(&without), &hash(&floor));
    assert_eq!(lines(&renamed), lines(&floor.read("docker-bake.hcl")));
}

#[test]
fn a_version_that_cannot_be_built_for_is_refused_in_its_place() {
    let table = [
        ("\"2.282\"", "did you mean `2.28`?"),
        ("\"2,31\"", "did you mean `2.31`?"),
        ("\"2.28.0\"", "did you mean `2.28`?"),
        ("\"2.16\"", "from \"2.17\", the oldest that Rust runs on"),
        ("\"2.99\"", "to \"2.44\", the newest that zig"),
        ("\"3.1\"", "from \"2.17\""),
        ("\"bookworm\"", "from \"2.17\""),
        ("\"2.28; rm -rf /\"", "did you mean `2.28`?"),
        ("\"\"", "from \"2.17\""),
        ("2.28", "expected a string"),
    ];
    for (value, says) in table {
        let shop = Shop::native();
        set(&shop, &format!("glibc = {value}"));
        let output = shop.bakehouse(&["generate"]);
        assert_eq!(output.status.code(), Some(2), "{value}");
        let said = stderr(&output);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(says), "{value}: {said}");
        assert!(said.contains("[bakehouse.toml:1:9]"), "{value}: {said}");
        assert!(!shop.path("docker").exists());
    }
}

#[test]
fn a_base_of_the_stages_name_gets_another_stage() {
    let shop = Shop::native();
    set(&shop, "glibc = \"2.28\"");
    shop.edit(
        "bakehouse.toml",
        "docker.io/library/python:3.12-slim-bookworm",
        "registry.example/zig",
    );
    shop.generate();
    let text = shop.read("docker/Dockerfile");
    assert_eq!(text.matches(" AS glibc-zig\n").count(), 1, "{text}");
    assert!(text.contains(" AS glibc-zig-2\n"), "{text}");
}

/// The steps of the stage with zig, and a folder that stands for the root of its file system.
struct Root {
    folder: tempfile::TempDir,
    scripts: Vec<String>,
}

impl Root {
    fn new() -> Self {
        let shop = Shop::native();
        set(&shop, "glibc = \"2.28\"");
        shop.generate();
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        let script = shop.read("docker/stages/zig.sh");
        let script = script.replace("/zig/out", &format!("{root}/zig/out"));
        let script = script.replace("/tmp/", &format!("{root}/tmp/"));
        std::fs::write(folder.path().join("zig.sh"), script).unwrap();
        let steps = steps::of(&shop.read("docker/Dockerfile"), "glibc-zig").into_iter();
        let scripts = steps.map(|step| step.command_with(folder.path())).collect();
        for inside in ["bin", "tmp"] {
            std::fs::create_dir(folder.path().join(inside)).unwrap();
        }
        Self { folder, scripts }
    }

    /// Adds a program to the base.
    fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.path().join("bin").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, script: usize) -> Output {
        let tools = Path::new("/bin");
        for tool in ["sh", "mkdir", "cat", "rm", "ln", "sed", "tee"] {
            let link = self.folder.path().join("bin").join(tool);
            if !link.exists() {
                std::os::unix::fs::symlink(tools.join(tool), link).unwrap();
            }
        }
        Command::new("/bin/sh")
            .args(["-c", &self.scripts[script]])
            .env("PATH", self.folder.path().join("bin"))
            .env("BAKEHOUSE_GLIBC", "2.28")
            .env("BAKEHOUSE_PROFILE", "release")
            .output()
            .unwrap()
    }
}

#[test]
fn where_no_zig_can_be_had_one_line_says_so() {
    // Programs of the base → the reason of the failure.
    let table: [(&[(&str, &str)], &str); 3] = [
        (&[], "BUILDER_BASE has neither pip nor apt-get to get it: "),
        (
            &[("apt-get", "exit 100")],
            "apt-get cannot install python3-pip: ",
        ),
        (
            &[("python3", "[ \"$*\" = \"-m pip --version\" ]")],
            "pip cannot install ziglang ",
        ),
    ];
    for (programs, why) in table {
        let root = Root::new();
        for (name, script) in programs {
            root.program(name, script);
        }
        let output = root.run(0);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{why}: {said}");
        let begin = format!("error: glibc in bakehouse.toml needs zig, and {why}");
        assert!(said.starts_with(&begin), "{why}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_base_that_has_zig_fetches_nothing() {
    for zig in ["zig", "python3"] {
        let root = Root::new();
        root.program("cargo-zigbuild", "echo cargo-zigbuild 0.1.0");
        root.program(zig, "echo 0.2.0");
        root.program("apt-get", "exit 100");
        let output = root.run(0);
        assert!(output.status.success(), "{zig}: {}", stderr(&output));
    }
}

#[test]
fn a_base_with_another_c_library_is_refused() {
    let root = Root::new();
    root.program("rustc", "echo host: x86_64-unknown-linux-musl");
    let output = root.run(1);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let says = "BUILDER_BASE compiles for x86_64-unknown-linux-musl, which has another C library";
    assert!(said.contains(says), "{said}");
}
