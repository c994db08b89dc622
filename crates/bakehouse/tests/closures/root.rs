//! A package in the folder of the workspace.

use crate::tree::Tree;

#[test]
fn a_root_package_is_what_is_not_known_to_be_none_of_it() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[package]
name = "shop"
version = "0.3.0"
edition = "2021"
build = "build.rs"
[workspace]
members = ["crates/*"]
[dependencies]
prices = { path = "crates/prices", version = "0.1" }
-- bakehouse.toml --
profile = "dev"
-- build.rs --
mod build_helper;
fn main() {
    println!("cargo::rustc-env=FROM={}", build_helper::NAME);
    println!("cargo::rerun-if-changed=build.rs");
}
-- build_helper.rs --
pub const NAME: &str = "the build script";
-- src/lib.rs --
pub fn name() -> String {
    format!("shop {} of {}", env!("CARGO_PKG_VERSION"), env!("FROM"))
}
-- src/main.rs --
fn main() {
    println!("{} {}", shop::name(), prices::price());
}
-- tests/all.rs --
-- docs/index.md --
-- deploy/values.env --
-- .github/workflows/ci.yml --
-- LICENSE --
-- crates/prices/Cargo.toml --
[package]
name = "prices"
version = "0.1.7"
edition = "2021"
-- crates/prices/src/lib.rs --
pub fn price() -> u32 { 7 }
-- crates/admin/Cargo.toml --
[package]
name = "admin"
version = "0.1.0"
edition = "2021"
[dependencies]
shop = { path = "../.." }
-- crates/admin/src/main.rs --
fn main() {
    println!("admin of {}", shop::name());
}
-- crates/other/Cargo.toml --
[package]
name = "other"
version = "0.1.0"
-- crates/other/src/lib.rs --
"#,
    );
    assert_eq!(
        tree.closures(),
        ["admin: admin prices shop", "shop: prices shop"]
    );
    assert_eq!(
        tree.context(),
        [
            "build.rs",
            "build_helper.rs",
            "crates/admin/src/main.rs",
            "crates/prices/src/lib.rs",
            "deploy/values.env",
            "src/lib.rs",
            "src/main.rs",
        ]
    );
    let shop = "shop 0.3.0 of the build script";
    assert_eq!(
        tree.built(),
        [format!("admin: admin of {shop}"), format!("shop: {shop} 7")]
    );
}

#[test]
fn a_root_package_that_no_service_needs_leaves_its_resolver_behind() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[package]
name = "whole"
version = "0.1.0"
edition = "2024"
[workspace]
members = ["one"]
-- bakehouse.toml --
profile = "dev"
[services.one]
-- src/main.rs --
fn main() {}
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2024"
-- one/src/main.rs --
fn main() { println!("1") }
"#,
    );
    assert_eq!(tree.built(), ["one: 1"]);
    assert!(
        tree.read("docker/skeleton/own/Cargo.toml")
            .contains("resolver = \"3\"")
    );
}

#[test]
fn the_first_resolver_with_a_root_package_takes_features_too() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[package]
name = "whole"
version = "0.1.0"
edition = "2018"
[features]
loud = []
[dependencies]
quiet = { path = "quiet", default-features = false }
[workspace]
members = ["quiet", "one"]
-- bakehouse.toml --
profile = "dev"
[services.whole]
features = ["loud"]
[services.one]
features = ["more"]
-- src/main.rs --
fn main() { println!("{} {}", cfg!(feature = "loud"), quiet::more()) }
-- quiet/Cargo.toml --
[package]
name = "quiet"
version = "0.1.0"
edition = "2018"
[features]
default = ["dep:extra"]
[dependencies]
extra = { path = "../extra", optional = true }
-- quiet/src/lib.rs --
#[cfg(feature = "default")]
pub fn more() -> u32 { extra::more() }
#[cfg(not(feature = "default"))]
pub fn more() -> u32 { 0 }
-- extra/Cargo.toml --
[package]
name = "extra"
version = "0.1.0"
edition = "2018"
-- extra/src/lib.rs --
pub fn more() -> u32 { 1 }
-- one/Cargo.toml --
[package]
name = "one"
version = "0.1.0"
edition = "2018"
[features]
more = []
-- one/src/main.rs --
fn main() { println!("{}", cfg!(feature = "more")) }
"#,
    );
    assert_eq!(tree.closures(), ["one: one", "whole: quiet whole"]);
    let (printed, _) = tree.build(&[]);
    assert_eq!(printed, ["one: true", "whole: true 0"]);
}

#[test]
fn a_package_at_the_root_of_its_workspace_is_not_built_from_generated_files() {
    let tree = Tree::below(
        "cli",
        r#"
-- cli/Cargo.toml --
[package]
name = "cli"
version = "0.1.0"
edition = "2024"
[workspace]
[dependencies]
sdk = { path = "../sdk" }
-- cli/bakehouse.toml --
profile = "dev"
-- cli/src/main.rs --
fn main() { println!("{}", sdk::NAME) }
-- cli/README.md --
-- sdk/Cargo.toml --
[package]
name = "sdk"
version = "0.1.0"
edition = "2024"
-- sdk/src/lib.rs --
pub const NAME: &str = "sdk";
"#,
    );
    assert_eq!(tree.context(), ["cli/src/main.rs", "sdk/src/lib.rs"]);
    assert_eq!(tree.built(), ["cli: sdk"]);
    let before = tree.plan();
    tree.write(
        "cli/bakehouse.toml",
        "profile = \"dev\"\nregistry = \"acme\"\n",
    );
    tree.generate();
    assert_eq!(tree.plan()["services"], before["services"]);
}
