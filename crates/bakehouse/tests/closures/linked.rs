//! Services that link the C library statically, and options that Cargo would ignore.

use crate::tree::{Tree, stderr};

#[test]
fn a_static_service_is_linked_apart_and_its_macros_run() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["app", "macros"]
-- bakehouse.toml --
profile = "dev"
[services.anywhere]
package = "app"
static = true
runtime = "scratch"
[services.plain]
package = "app"
[packs.core]
path = "packs/core"
binaries = [{ package = "app", to = "bin", features = ["loud"], default-features = false }]
-- packs/core/pack.yaml --
ref: core
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2024"
[features]
loud = []
[dependencies]
macros = { path = "../macros" }
-- app/src/main.rs --
fn main() {
    println!("{} {} {}", macros::seven!(), cfg!(target_feature = "crt-static"), cfg!(feature = "loud"))
}
-- macros/Cargo.toml --
[package]
name = "macros"
version = "0.1.0"
edition = "2024"
[lib]
proc-macro = true
-- macros/src/lib.rs --
#[proc_macro]
pub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { "7".parse().unwrap() }
"#,
    );
    let right = ["anywhere: 7 true false", "plain: 7 false false"];
    assert_eq!(tree.built(), right);
    let plan = tree.plan();
    let outputs: Vec<&serde_json::Value> = plan["chains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|chain| &chain["outputs"])
        .collect();
    assert_eq!(outputs[0], &serde_json::json!(["anywhere", "plain"]));
    assert_eq!(outputs[1], &serde_json::json!(["pack-core-app"]));
    let hashes: Vec<&str> = plan["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| service["input_hash"].as_str().unwrap())
        .collect();
    let config = tree.read("bakehouse.toml");
    tree.write("bakehouse.toml", &config.replace("static = true\n", ""));
    let edited = tree.plan();
    assert_ne!(edited["services"][0]["input_hash"], hashes[0]);
    assert_eq!(edited["services"][1]["input_hash"], hashes[1]);
    tree.write(
        "bakehouse.toml",
        &format!("cache.strategy = \"mount\"\n{config}"),
    );
    assert_eq!(tree.build(&[]).0, right);
}

#[test]
fn default_features_that_cargo_would_not_leave_out_are_refused_in_their_place() {
    let text = |resolver: &str| {
        format!(
            r#"
-- Cargo.toml --
[package]
name = "root"
version = "0.1.0"
edition = "2021"
[features]
default = ["x"]
x = []
[workspace]
resolver = "{resolver}"
members = ["app"]
-- src/main.rs --
fn main() {{ println!("{{}}", cfg!(feature = "x")) }}
-- app/Cargo.toml --
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[features]
default = ["x"]
x = []
-- app/src/main.rs --
fn main() {{ println!("{{}}", cfg!(feature = "x")) }}
-- bakehouse.toml --
profile = "dev"
[services.root]
default-features = false
[services.app]
default-features = false
"#
        )
    };
    let old = Tree::of(&text("1"));
    let output = old.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    for part in [
        "config-value",
        "Cargo cannot leave out the default features of `app`",
        "bakehouse.toml:5:20",
        "resolver = \"2\"",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("of `root`"), "{said}");
    old.write(
        "bakehouse.toml",
        "profile = \"dev\"\n[services.root]\ndefault-features = false\n",
    );
    assert_eq!(old.built(), ["root: false"]);
    let new = Tree::of(&text("2"));
    assert_eq!(new.built(), ["app: false", "root: false"]);
}
