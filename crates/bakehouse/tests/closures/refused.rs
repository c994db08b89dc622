//! Workspaces that images cannot follow.

use crate::tree::{Tree, stderr};

#[test]
fn what_images_cannot_follow_is_refused_with_a_code() {
    let plain = |further: &str| {
        format!(
            "-- Cargo.toml --\n[workspace]\nmembers = [\"a*\"]\nexclude = [\"x\"]\n-- a/Cargo.toml --\n[package]\nname = \"a\"\n\
             -- a/src/main.rs --\nfn main() {{}}\n-- Cargo.lock --\nversion = 4\n{further}"
        )
    };
    let rows = [
        (
            "-- .cargo/config.toml --\nbuild.target = \"wasm32-wasip1\"\n",
            "cargo-config",
        ),
        (
            "-- .cargo/config.toml --\ninclude = [\"more.toml\"]\n-- .cargo/more.toml --\nbuild.target = \"wasm32-wasip1\"\n",
            "cargo-config",
        ),
        (
            "-- .cargo/config.toml --\npaths = [\"../mine\"]\n",
            "cargo-config",
        ),
        (
            "-- .cargo/config.toml --\npatch.crates-io.x.path = \"x\"\n",
            "cargo-config",
        ),
        (
            "-- a b/Cargo.toml --\n[package]\nname = \"b\"\n-- a b/src/lib.rs --\n",
            "path-outside",
        ),
        (
            "-- ab/Cargo.toml --\n[package]\nname = \"ab\"\n[dependencies]\nx.path = \"../../../../elsewhere\"\n\
             -- ab/src/lib.rs --\n",
            "cargo-failed",
        ),
        (
            "-- ab/Cargo.toml --\n[package]\nname = \"ab\"\n[dependencies]\nx.path = \"../none\"\n-- ab/src/lib.rs --\n",
            "cargo-failed",
        ),
        (
            "-- ab/Cargo.toml --\n[package]\nname = \"ab\"\n[dependencies]\nx = { package = \"a\", path = \"../x/a\" }\n\
             -- ab/src/lib.rs --\n-- x/a/Cargo.toml --\n[package]\nname = \"a\"\n[workspace]\n-- x/a/src/lib.rs --\n",
            "name-collision",
        ),
    ];
    for (further, code) in rows {
        let tree = Tree::unlocked("", &plain(further));
        let output = tree.bakehouse(&["plan"]);
        let exit = if code == "cargo-failed" { 1 } else { 2 };
        assert_eq!(output.status.code(), Some(exit), "{further}");
        assert!(
            stderr(&output).contains(code),
            "{further}\n{}",
            stderr(&output)
        );
        assert!(stderr(&output).contains("help:"), "{further}");
    }
}

#[test]
fn a_package_outside_the_repository_is_refused() {
    let tree = Tree::unlocked(
        "",
        "-- Cargo.toml --\n[package]\nname = \"a\"\n[dependencies]\nout.path = \"../out\"\n-- src/main.rs --\n\
         fn main() {}\n-- Cargo.lock --\nversion = 4\n-- ../out/Cargo.toml --\n[package]\nname = \"out\"\n\
         -- ../out/src/lib.rs --\n",
    );
    let output = tree.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("path-outside"),
        "{}",
        stderr(&output)
    );
}
