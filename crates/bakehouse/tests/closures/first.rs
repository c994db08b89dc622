//! Problems that are reported before a file is written.

use std::process::Command;

use crate::tree::{Tree, cargo, stderr, succeed};

const LOCKED: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["svc", "more"]
[workspace.dependencies]
cfg-if = "1"
-- bakehouse.toml --
profile = "dev"
-- svc/Cargo.toml --
[package]
name = "svc"
version = "0.1.0"
edition = "2024"
[dependencies]
more = { path = "../more" }
ours = { package = "itoa", version = "1" }
[build-dependencies]
cfg-if.workspace = true
[target.'cfg(windows)'.dev-dependencies]
quote = { version = "1", default-features = false }
-- svc/src/main.rs --
fn main() {}
-- more/Cargo.toml --
[package]
name = "more"
version = "0.1.0"
edition = "2024"
-- more/src/lib.rs --
"#;

/// Returns the output of `plan`, `generate` and `generate --check`, which must be identical. None of them writes a
/// file.
fn refused(tree: &Tree) -> String {
    let mut said = ["plan", "generate", "generate --check"].map(|command| {
        let output = tree.bakehouse(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(
            output.status.code(),
            Some(2),
            "{command}: {}",
            stderr(&output)
        );
        stderr(&output)
    });
    assert!(!tree.path("docker-bake.hcl").exists());
    said.sort();
    assert_eq!(said[0], said[2]);
    said[0].split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns whether Cargo itself accepts the lock.
fn cargo_takes_it(tree: &Tree) -> bool {
    let mut metadata = cargo();
    metadata.args(["metadata", "--locked", "--offline", "--format-version", "1"]);
    metadata
        .current_dir(tree.path(""))
        .output()
        .unwrap()
        .status
        .success()
}

#[test]
fn a_lock_that_does_not_fit_the_manifests_is_told_with_the_line_that_asks() {
    let rows = [
        (
            "svc/Cargo.toml",
            "package = \"itoa\", version = \"1\"",
            "package = \"itoa\", version = \"2\"",
            "`svc` asks for `itoa` ^2, and Cargo.lock has 1",
            "svc/Cargo.toml:7:1",
        ),
        (
            "Cargo.toml",
            "cfg-if = \"1\"",
            "cfg-if = \"=0.1.10\"",
            "`svc` asks for `cfg-if` =0.1.10, and Cargo.lock has 1",
            "Cargo.toml:5:1",
        ),
        (
            "svc/Cargo.toml",
            "quote = { version = \"1\"",
            "quote = { version = \"0.6\"",
            "`svc` asks for `quote` ^0.6, and Cargo.lock has 1",
            "svc/Cargo.toml:11:1",
        ),
        (
            "svc/Cargo.toml",
            "[build-dependencies]",
            "syn = \"2\"\n[build-dependencies]",
            "`svc` asks for `syn` ^2, and Cargo.lock has none",
            "svc/Cargo.toml:8:1",
        ),
        (
            "svc/Cargo.toml",
            "[build-dependencies]",
            "x = { git = \"https://h.example/x\", rev = \"12\" }\n[build-dependencies]",
            "`svc` asks for `x` from git+https://h.example/x?rev=12, and Cargo.lock has none",
            "svc/Cargo.toml:8:1",
        ),
        (
            "more/Cargo.toml",
            "name = \"more\"",
            "name = \"less\"",
            "Cargo.lock has no entry for the member `less`",
            "more/Cargo.toml:2:1",
        ),
    ];
    for (file, old, new, expected, place) in rows {
        let tree = Tree::of(LOCKED);
        assert!(cargo_takes_it(&tree));
        tree.write(file, &tree.read(file).replace(old, new));
        if new.contains("less") {
            let text = tree.read("svc/Cargo.toml").replace("more = {", "less = {");
            tree.write("svc/Cargo.toml", &text);
        }
        assert!(!cargo_takes_it(&tree), "{new}");
        let said = refused(&tree);
        for words in ["lock-stale", expected, place, "cargo update --workspace"] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}

#[test]
fn a_pattern_of_members_that_reaches_the_generated_files_is_refused_before_they_are_written() {
    let star = |members: &str, output: &str| {
        Tree::below(
            "all",
            &format!(
                "-- all/Cargo.toml --\n[workspace]\nresolver = \"3\"\nmembers = [\"{members}\"]\nexclude = [\"target\"]\n\
             -- all/bakehouse.toml --\n{output}\n\
             -- all/one/Cargo.toml --\n[package]\nname = \"one\"\nedition = \"2024\"\n-- all/one/src/main.rs --\nfn main() {{}}\n"
            ),
        )
    };
    let rows = [
        ("*", "", "docker"),
        ("*", "output.folder = \".bakehouse\"", ".bakehouse"),
        ("*", "output.folder = \"deploy/docker\"", "deploy"),
        ("[a-o]*", "", "docker"),
    ];
    for (members, output, folder) in rows {
        let tree = star(members, output);
        let said = refused(&tree);
        assert!(
            said.contains("output-member") && said.contains("Cargo.toml:3:1"),
            "{said}"
        );
        let line = format!("exclude = [\"target\", \"{folder}\"]");
        assert!(said.contains(&line), "{said}");
        // After the change in the hint, Cargo and bakehouse succeed.
        let text = tree.read("all/Cargo.toml");
        tree.write(
            "all/Cargo.toml",
            &text.replace("exclude = [\"target\"]", &line),
        );
        tree.generate();
        let check = tree.bakehouse(&["generate", "--check"]);
        assert!(check.status.success(), "{}", stderr(&check));
        succeed(
            cargo()
                .args(["metadata", "--no-deps", "--offline"])
                .current_dir(tree.path("all")),
        );
    }
    let tree = star("*", "");
    std::fs::remove_file(tree.path("all/bakehouse.toml")).unwrap();
    let init = tree.bakehouse(&["init"]);
    assert!(init.status.success(), "{}", stderr(&init));
    let proposed = tree.read("all/bakehouse.toml");
    assert!(
        proposed.contains("exclude = [\"target\", \"docker\"]"),
        "{proposed}"
    );
    // A pattern that matches no generated folder is accepted as before.
    star("o*", "").generate();
}

#[test]
fn an_artifact_dependency_is_refused_with_its_line() {
    let tree = Tree::unlocked(
        "",
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["host", "guest", "plain"]
-- .cargo/config.toml --
[unstable]
bindeps = true
-- Cargo.lock --
version = 4
[[package]]
name = "guest"
version = "0.1.0"
[[package]]
name = "host"
version = "0.1.0"
dependencies = ["guest"]
[[package]]
name = "plain"
version = "0.1.0"
-- host/Cargo.toml --
[package]
name = "host"
version = "0.1.0"
edition = "2024"
[dependencies]
guest = { path = "../guest", artifact = "bin" }
-- host/src/main.rs --
fn main() { include_bytes!(env!("CARGO_BIN_FILE_GUEST")); }
-- guest/Cargo.toml --
[package]
name = "guest"
version = "0.1.0"
edition = "2024"
-- guest/src/main.rs --
fn main() {}
-- plain/Cargo.toml --
[package]
name = "plain"
version = "0.1.0"
edition = "2024"
-- plain/src/main.rs --
fn main() {}
"#,
    );
    let said = refused(&tree);
    assert!(
        said.contains("artifact-dependency") && said.contains("host/Cargo.toml:6:1"),
        "{said}"
    );
    // An unstable Cargo accepts the key, and builds everything that does not need it.
    let unstable = |tree: &Tree| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("bakehouse"));
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("generate")
            .env("BAKEHOUSE_CACHE", "");
        command.current_dir(tree.path("")).output().unwrap()
    };
    let output = unstable(&tree);
    let said = stderr(&output);
    assert!(
        said.contains("`host` has the artifact dependency `guest`"),
        "{said}"
    );
    assert!(said.contains("host/Cargo.toml:6:1"), "{said}");
    tree.write("bakehouse.toml", "[services.plain]\n");
    let output = unstable(&tree);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn an_input_that_git_ignores_concerns_who_reads_it_and_nobody_else() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["web", "other"]
-- .gitignore --
/dist
/target
-- bakehouse.toml --
profile = "dev"
[inputs.web]
paths = ["dist"]
-- web/Cargo.toml --
[package]
name = "web"
version = "0.1.0"
edition = "2024"
-- web/src/main.rs --
fn main() { println!("{}", include_str!("../../dist/app.js")) }
-- dist/app.js --
app
-- other/Cargo.toml --
[package]
name = "other"
version = "0.1.0"
edition = "2024"
-- other/src/main.rs --
fn main() {}
"#,
    );
    std::fs::remove_dir(tree.path(".git")).unwrap();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
            command.env_remove(name);
        }
        command.args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        succeed(command.args(arguments).current_dir(tree.path("")));
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "x"]);
    let affected = |tree: &Tree| -> serde_json::Value {
        let output = tree.bakehouse(&["affected", "--since", "HEAD", "--format", "json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        shown["services"].clone()
    };
    // The old state of `dist` is unknown.
    assert_eq!(affected(&tree), serde_json::json!(["web"]));
    let why = tree.bakehouse(&["why", "web", "--since", "HEAD"]);
    let said = String::from_utf8_lossy(&why.stdout).into_owned();
    assert!(said.contains("dist/app.js"), "{said}");
    tree.write("other/src/main.rs", "fn main() { println!() }");
    assert_eq!(affected(&tree), serde_json::json!(["other", "web"]));
}
