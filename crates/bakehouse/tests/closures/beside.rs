//! The files that the build of a package reads besides its targets, for folders that hold more than the package.

use crate::tree::{Tree, succeed};

/// A package in the root of a repository, with everything that such roots contain.
const ROOT: &str = r#"
-- Cargo.toml --
[package]
name = "orders"
version = "0.1.0"
edition = "2024"
license-file = "LICENSE"
-- bakehouse.toml --
profile = "dev"
-- build.rs --
fn main() {
    let read = |path| std::fs::read_to_string(path).unwrap_or("none".into());
    println!("cargo::rustc-env=PROTO={}", read("proto/orders.proto").trim());
    println!("cargo::rerun-if-changed=proto");
}
-- src/main.rs --
//! As README.md says.
fn main() { println!("{} {}", env!("PROTO"), include_str!("../words.txt").trim()) }
-- proto/orders.proto --
orders
-- words.txt --
words
-- README.md --
-- LICENSE --
-- CHANGELOG.md --
-- .github/workflows/ci.yml --
-- .gitlab-ci.yml --
-- .gitignore --
/dist
*.bak
-- .vscode/settings.json --
-- Dockerfile --
-- rust-toolchain.toml --
[toolchain]
channel = "1.95.0"
-- rustfmt.toml --
-- docs/index.md --
-- tests/all.rs --
-- benches/fast.rs --
-- examples/show.rs --
-- fuzz/Cargo.toml --
[package]
name = "fuzz"
version = "0.1.0"
[workspace]
-- fuzz/src/lib.rs --
"#;

#[test]
fn a_root_package_is_built_from_what_lies_beside_its_targets() {
    let tree = Tree::of(ROOT);
    let all = ["build.rs", "proto/orders.proto", "src/main.rs", "words.txt"];
    assert_eq!(tree.context(), all);
    let plan = tree.plan();
    let stage = &plan["stages"][0];
    assert_eq!(
        stage["reads"],
        serde_json::json!(["build.rs", "proto", "src", "words.txt"]),
    );
    assert_eq!(tree.built(), ["orders: orders words"]);
    // Each of these files counts, and no other file does.
    let hash = |tree: &Tree| tree.plan()["services"][0]["input_hash"].clone();
    let before = hash(&tree);
    for path in [
        "README.md",
        "docs/index.md",
        "docker/mine.txt",
        "tests/all.rs",
    ] {
        tree.write(path, "edited\n");
        assert_eq!(hash(&tree), before, "{path}");
    }
    for path in all {
        let old = tree.read(path);
        tree.write(path, &format!("{old}\n// edited\n"));
        assert_ne!(hash(&tree), before, "{path}");
        tree.write(path, &old);
    }
    assert_eq!(hash(&tree), before);
}

#[test]
fn what_a_source_of_a_root_package_names_is_read() {
    let rows: [(&str, &str, &[&str]); 6] = [
        (
            "src/main.rs",
            "#![doc = include_str!(\"../README.md\")]\nfn main() {}",
            &["README.md"],
        ),
        (
            "src/main.rs",
            "fn main() { include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/LICENSE\")); }",
            &["LICENSE"],
        ),
        (
            "src/main.rs",
            "fn main() { include_str!(\"../docs/index.md\"); }",
            &["docs/index.md"],
        ),
        (
            "src/main.rs",
            "fn main() { println!(\"see README.md\") }",
            &[],
        ),
        (
            "build.rs",
            "fn main() { std::fs::read(\".github/workflows/ci.yml\").unwrap(); }",
            &[".github/workflows/ci.yml"],
        ),
        // Listing the folder may return any file except those that belong to tools.
        (
            "build.rs",
            "fn main() { for entry in std::fs::read_dir(env!(\"CARGO_MANIFEST_DIR\")) {} }",
            &[
                "CHANGELOG.md",
                "LICENSE",
                "README.md",
                "benches/fast.rs",
                "docs/index.md",
                "examples/show.rs",
                "fuzz/src/lib.rs",
                "tests/all.rs",
            ],
        ),
    ];
    for (path, text, further) in rows {
        let tree = Tree::of(ROOT);
        tree.write(path, text);
        let mut expected = vec!["build.rs", "proto/orders.proto", "src/main.rs", "words.txt"];
        expected.extend(further);
        expected.sort_unstable();
        let mut context = tree.context();
        // A manifest of its own is treated like any other file there.
        context.retain(|path| path != "fuzz/Cargo.toml");
        assert_eq!(context, expected, "{text}");
    }
}

#[test]
fn the_configuration_narrows_what_a_package_is_built_from() {
    let tree = Tree::of(ROOT);
    let context = |text: &str| {
        tree.write("bakehouse.toml", text);
        tree.context()
    };
    assert_eq!(
        context("[inputs.orders]\nexclude = [\"proto\", \"words.txt\"]\n"),
        ["build.rs", "src/main.rs"]
    );
    assert_eq!(
        context("[inputs.orders]\nonly = [\"proto\"]\npaths = [\"docs\"]\n"),
        [
            "build.rs",
            "docs/index.md",
            "proto/orders.proto",
            "src/main.rs"
        ]
    );
    // The folder of the generated files is never a source.
    let tree = Tree::of(ROOT);
    let placed = "[output]\nfolder = \"deploy/docker\"\n";
    tree.write("deploy/values.yaml", "");
    tree.write("bakehouse.toml", placed);
    tree.generate();
    let reads = tree.plan()["stages"][0]["reads"].clone();
    assert_eq!(
        reads,
        serde_json::json!([
            "build.rs",
            "deploy/values.yaml",
            "proto",
            "src",
            "words.txt"
        ])
    );
    let check = tree.bakehouse(&["generate", "--check"]);
    assert!(check.status.success());
    for (text, expected) in [
        (
            "[inputs.orders]\nexclude = [\"src\"]\n",
            "is compiled from src/main.rs",
        ),
        (
            "[inputs.orders]\nonly = [\"../up\"]\n",
            "is not a path inside",
        ),
    ] {
        tree.write("bakehouse.toml", text);
        let refused = tree.bakehouse(&["plan"]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && said.contains(expected),
            "{said}"
        );
    }
}

#[test]
fn what_the_users_dockerignore_leaves_out_is_no_input() {
    let tree = Tree::of(ROOT);
    tree.write("assets/a.txt", "");
    tree.write("assets/raw/b.psd", "");
    tree.write(
        ".dockerignore",
        "words.txt\nassets/raw\nproto\n!proto/orders.proto\n",
    );
    assert_eq!(
        tree.context(),
        [
            "assets/a.txt",
            "build.rs",
            "proto/orders.proto",
            "src/main.rs",
            "words.txt"
        ]
    );
    // A file that a source names is read anyway, because nothing compiles without it.
    tree.write("src/main.rs", "fn main() {}");
    tree.write(".dockerignore", "*\n!src\n");
    assert_eq!(
        tree.context(),
        ["build.rs", "proto/orders.proto", "src/main.rs"]
    );
}

#[test]
fn what_git_ignores_is_no_input_unless_git_has_it() {
    let tree = Tree::of(ROOT);
    tree.write("dist/app.js", "");
    tree.write("notes.bak", "");
    tree.write("kept.bak", "");
    tree.write("assets/a.txt", "");
    tree.write("assets/b.bak", "");
    std::fs::remove_dir(tree.path(".git")).unwrap();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
            command.env_remove(name);
        }
        command.args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        succeed(command.args(arguments).current_dir(tree.path("")));
    };
    git(&["init", "-q"]);
    git(&["add", "-f", "kept.bak"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "x"]);
    let reads = |tree: &Tree| tree.plan()["stages"][0]["reads"].clone();
    assert_eq!(
        reads(&tree),
        serde_json::json!([
            "assets",
            "build.rs",
            "kept.bak",
            "proto",
            "src",
            "words.txt"
        ])
    );
    // A file that git does not have yet counts only if a source names it.
    tree.write("notes.log", "");
    tree.write("later/words.txt", "");
    assert_eq!(reads(&tree)[1], "build.rs");
    assert_eq!(reads(&tree).as_array().unwrap().len(), 6);
    let old = tree.read("src/main.rs");
    tree.write(
        "src/main.rs",
        &old.replace("../words.txt", "../later/words.txt"),
    );
    assert_eq!(reads(&tree)[3], "later");
    tree.write("src/main.rs", &old);
    // A revision contains the files that git has.
    let affected = tree.bakehouse(&["affected", "--since", "HEAD", "--format", "json"]);
    let said = String::from_utf8_lossy(&affected.stdout).into_owned();
    assert!(
        said.contains("\"services\":[\"orders\"]") || said.contains("orders"),
        "{said}"
    );
    std::fs::remove_file(tree.path("assets/b.bak")).unwrap();
    let affected = tree.bakehouse(&["affected", "--since", "HEAD", "--format", "json"]);
    let said = String::from_utf8_lossy(&affected.stdout).into_owned();
    assert!(!said.contains("orders"), "{said}");
}
