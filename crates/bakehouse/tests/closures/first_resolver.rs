//! Cargo's first resolver: packages that are not compiled affect the features of those that are. Images respect this,
//! too.

use crate::tree::{Tree, cargo, stderr};

const TEXT: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "1"
members = ["server", "tool", "clock", "testkit", "windows"]
[workspace.dependencies]
clock = { path = "clock", default-features = false }
syn = { version = "2", default-features = false, features = ["printing"] }
-- bakehouse.toml --
profile = "dev"
[services.server]
[services.tool]
-- clock/Cargo.toml --
[package]
name = "clock"
version = "0.1.0"
edition = "2021"
[features]
default = ["wound"]
wound = []
simulated = []
paused = []
foreign = []
own = []
beside = []
[dependencies]
proc-macro2 = { version = "1", default-features = false }
[dev-dependencies]
clock = { path = ".", features = ["own"] }
-- clock/src/lib.rs --
pub fn on() -> String {
    [
        cfg!(feature = "wound"), cfg!(feature = "simulated"), cfg!(feature = "paused"), cfg!(feature = "foreign"),
        cfg!(feature = "own"), cfg!(feature = "beside"),
    ].map(|on| if on { "1" } else { "0" }).concat()
}
-- server/Cargo.toml --
[package]
name = "server"
version = "0.1.0"
edition = "2021"
[dependencies]
clock.workspace = true
[target.'cfg(windows)'.dependencies]
windows = { path = "../windows" }
[dev-dependencies]
clock = { workspace = true, features = ["simulated"] }
syn.workspace = true
itoa = "1"
testkit = { path = "../testkit" }
-- server/src/main.rs --
fn main() { println!("{}", clock::on()) }
-- tool/Cargo.toml --
[package]
name = "tool"
version = "0.1.0"
edition = "2021"
[dependencies]
clock.workspace = true
-- tool/src/main.rs --
fn main() { println!("{}", clock::on()) }
-- testkit/Cargo.toml --
[package]
name = "testkit"
version = "0.1.0"
edition = "2021"
[dependencies]
beside = { path = "../beside" }
clock = { workspace = true, features = ["paused"] }
-- testkit/src/lib.rs --
-- windows/Cargo.toml --
[package]
name = "windows"
version = "0.1.0"
edition = "2021"
[dependencies]
clock = { workspace = true, features = ["foreign"] }
-- windows/src/lib.rs --
"#;

/// Returns a workspace in a folder, with a path dependency beside the folder.
fn text() -> String {
    let text = TEXT.replace("\n-- ", "\n-- all/");
    text.replace("path = \"../beside\"", "path = \"../../beside\"")
        + "-- beside/Cargo.toml --\n[package]\nname = \"beside\"\nversion = \"0.3.0\"\nedition = \"2021\"\n\
           [dependencies]\nclock = { path = \"../all/clock\", default-features = false, features = [\"beside\"] }\n\
           -- beside/src/lib.rs --\n"
}

/// Returns the output of the package's binary, built by Cargo in `folder`.
fn on_host(tree: &Tree, folder: &str, package: &str) -> String {
    let mut run = cargo();
    run.args(["run", "--quiet", "--locked", "--offline", "-p", package]);
    let output = run.current_dir(tree.path(folder)).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let printed = String::from_utf8(output.stdout).unwrap();
    format!("{package}: {}", printed.trim_end())
}

fn hashes(tree: &Tree) -> Vec<String> {
    let plan = tree.plan();
    let services = plan["services"].as_array().unwrap().iter();
    services
        .map(|service| service["input_hash"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn dev_dependencies_of_a_service_have_a_say_in_its_features() {
    let tree = Tree::below("all", &text());
    let right = ["server: 011101", "tool: 000000"];
    assert_eq!(
        tree.closures(),
        ["server: clock server", "tool: clock tool"]
    );
    for said in right {
        let (package, _) = said.split_once(':').unwrap();
        assert_eq!(on_host(&tree, "all", package), said);
    }
    assert_eq!(tree.built(), right);
    let skeleton = "all/docker/skeleton";
    let lock = tree.read(&format!("{skeleton}/lock/Cargo.lock"));
    // syn requests features of compiled crates. itoa needs none of them.
    assert!(
        lock.contains("name = \"syn\"") && !lock.contains("name = \"itoa\""),
        "{lock}"
    );
    let config = tree.read("all/bakehouse.toml");
    tree.write(
        "all/bakehouse.toml",
        &format!("cache.strategy = \"mount\"\n{config}"),
    );
    assert_eq!(tree.build(&[]).0, right);
    tree.write("all/bakehouse.toml", &config);

    // Requests of packages that are not compiled affect one service and not the other.
    let before = hashes(&tree);
    for (path, old, new) in [
        ("all/server/Cargo.toml", "[\"simulated\"]", "[]"),
        ("all/testkit/Cargo.toml", "[\"paused\"]", "[]"),
        ("all/windows/Cargo.toml", "[\"foreign\"]", "[]"),
        (
            "all/Cargo.toml",
            "[\"printing\"]",
            "[\"printing\", \"proc-macro\"]",
        ),
        ("beside/Cargo.toml", "[\"beside\"]", "[]"),
    ] {
        let text = tree.read(path);
        assert!(text.contains(old), "{path}");
        tree.write(path, &text.replace(old, new));
        let after = hashes(&tree);
        assert_ne!(before[0], after[0], "{path}");
        assert_eq!(before[1], after[1], "{path}");
        tree.write(path, &text);
    }
    assert_eq!(before, hashes(&tree));

    // Under the second resolver they affect neither.
    let manifest = tree.read("all/Cargo.toml");
    tree.write(
        "all/Cargo.toml",
        &manifest.replace("resolver = \"1\"", "resolver = \"2\""),
    );
    assert_eq!(tree.built(), ["server: 000000", "tool: 000000"]);
}

#[test]
fn the_package_of_the_workspaces_folder_has_a_say_whatever_is_built() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[package]
name = "whole"
version = "0.1.0"
edition = "2018"
[features]
default = ["clock/wound"]
[dependencies]
clock = { path = "clock", default-features = false }
[dev-dependencies]
clock = { path = "clock", default-features = false, features = ["simulated"] }
[workspace]
members = ["clock", "one"]
-- bakehouse.toml --
profile = "dev"
[services.one]
-- src/main.rs --
fn main() {}
-- clock/Cargo.toml --
[package]
name = "clock"
version = "0.1.0"
edition = "2018"
[features]
default = ["extra"]
extra = []
wound = []
simulated = []
-- clock/src/lib.rs --
pub fn on() -> String {
    format!("{} {} {}", cfg!(feature = "wound"), cfg!(feature = "simulated"), cfg!(feature = "extra"))
}
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2018"
[dependencies]
clock = { path = "../clock", default-features = false }
-- one/src/main.rs --
fn main() { println!("{}", clock::on()) }
"#,
    );
    assert_eq!(tree.closures(), ["one: clock one"]);
    assert_eq!(on_host(&tree, "", "one"), "one: true true false");
    assert_eq!(tree.built(), ["one: true true false"]);
    let before = hashes(&tree);
    let manifest = tree.read("Cargo.toml");
    tree.write("Cargo.toml", &manifest.replace("[\"simulated\"]", "[]"));
    assert_ne!(before, hashes(&tree));
    tree.write("Cargo.toml", &manifest);
    let config = tree.read("bakehouse.toml");
    tree.write(
        "bakehouse.toml",
        &format!("cache.strategy = \"mount\"\n{config}"),
    );
    assert_eq!(tree.build(&[]).0, ["one: true true false"]);
}
