//! Tests, benches and examples.

use crate::tree::Tree;

#[test]
fn tests_are_sent_only_when_a_source_reads_them() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["api", "web"]
-- bakehouse.toml --
profile = "dev"
[inputs.web]
paths = ["api/tests/data"]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2021"
-- api/src/main.rs --
// As in tests/data.
mod target;
fn main() { println!("{}", target::NAME) }
-- api/src/target/mod.rs --
pub const NAME: &str = "target";
-- api/tests/all.rs --
-- api/tests/data/one.txt --
one
-- api/benches/fast.rs --
-- api/examples/show.rs --
-- api/target/debug/api.d --
-- api/node_modules/left-pad.js --
-- web/Cargo.toml --
[package]
name = "web"
version = "0.1.0"
edition = "2021"
-- web/build.rs --
fn main() {
    println!("cargo::rerun-if-changed=tests/schema.txt");
    let schema = std::fs::read_to_string("tests/schema.txt").unwrap();
    println!("cargo::rustc-env=SCHEMA={}", schema.trim());
}
-- web/src/main.rs --
fn main() { println!("{} {}", env!("SCHEMA"), include_str!("../../api/tests/data/one.txt").trim()) }
-- web/tests/all.rs --
-- web/tests/schema.txt --
schema
-- web/benches/fast.rs --
"#,
    );
    assert_eq!(
        tree.context(),
        [
            "api/src/main.rs",
            "api/src/target/mod.rs",
            "api/tests/data/one.txt",
            "web/build.rs",
            "web/src/main.rs",
            "web/tests/all.rs",
            "web/tests/schema.txt",
        ]
    );
    assert_eq!(tree.built(), ["api: target", "web: schema one"]);
}
