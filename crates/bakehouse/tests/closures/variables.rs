//! Environment variables that a package is compiled with.

use crate::tree::Tree;

#[test]
fn a_variable_reaches_the_package_that_asks_for_it_and_makes_nothing_compile_twice() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["info", "common", "api", "job"]
-- bakehouse.toml --
profile = "dev"
[inputs.info]
variables = ["COMMIT", "STAMP"]
-- info/Cargo.toml --
[package]
name = "info"
version = "0.1.0"
edition = "2024"
-- info/build.rs --
fn main() {
    println!("cargo::rerun-if-env-changed=STAMP");
    println!("cargo::rustc-env=STAMPED={}", std::env::var("STAMP").unwrap_or("never".into()));
}
-- info/src/lib.rs --
pub const COMMIT: Option<&str> = option_env!("COMMIT");
pub const STAMPED: &str = env!("STAMPED");
-- common/Cargo.toml --
[package]
name = "common"
version = "0.1.0"
edition = "2024"
-- common/src/lib.rs --
pub const NAME: &str = "common";
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
common = { path = "../common" }
info = { path = "../info" }
-- api/src/main.rs --
fn main() { println!("{:?} {} {}", info::COMMIT, info::STAMPED, common::NAME) }
-- job/Cargo.toml --
[package]
name = "job"
version = "0.1.0"
edition = "2024"
[dependencies]
common = { path = "../common" }
-- job/src/main.rs --
fn main() { println!("{:?} {}", option_env!("COMMIT"), common::NAME) }
"#,
    );
    let given = [("COMMIT", "abc"), ("STAMP", "today")];
    let built = tree.built_with(&given);
    let with = ["api: Some(\"abc\") today common", "job: None common"];
    assert_eq!(built, with);
    assert_eq!(tree.built(), ["api: None never common", "job: None common"]);
    let dockerfile = tree.read("docker/Dockerfile");
    let asking: Vec<&str> = dockerfile
        .split("\nFROM ")
        .filter(|stage| stage.contains("ARG COMMIT\nARG STAMP\n"))
        .filter_map(|stage| stage.split_whitespace().nth(2))
        .collect();
    assert_eq!(asking, ["lib-info", "build-api"]);
    let bake = tree.read("docker-bake.hcl");
    assert!(
        bake.contains("COMMIT = COMMIT == \"\" ? null : COMMIT"),
        "{bake}"
    );
    let config = tree.read("bakehouse.toml");
    tree.write(
        "bakehouse.toml",
        &format!("cache.strategy = \"mount\"\n{config}"),
    );
    assert_eq!(tree.build(&given).0, with);
}
