//! A workspace that is built from files above it.

use crate::tree::{Tree, stderr};

#[test]
fn a_workspace_below_what_it_is_built_from_has_its_context_above() {
    let text = r#"
-- .cargo/config.toml --
include = ["../settings/cargo.toml", { path = "mine.toml", optional = true }]
[build]
target-dir = "elsewhere"
-- settings/cargo.toml --
include = ["more.toml"]
[build]
rustc-wrapper = "no-such-folder/sccache"
-- settings/more.toml --
[env]
GREETING = "hello"
-- sdk/Cargo.toml --
[package]
name = "sdk"
version = "1.2.3"
edition.workspace = true
[dependencies]
wire.workspace = true
[workspace]
members = ["wire"]
[workspace.package]
edition = "2021"
[workspace.dependencies]
wire = { path = "wire", version = "0.2" }
-- sdk/src/lib.rs --
pub fn name() -> String { format!("sdk {} {}", env!("CARGO_PKG_VERSION"), wire::NAME) }
-- sdk/wire/Cargo.toml --
[package]
name = "wire"
version = "0.2.1"
edition.workspace = true
-- sdk/wire/src/lib.rs --
pub const NAME: &str = "wire";
-- web/index.html --
-- server/Cargo.toml --
[workspace]
resolver = "2"
members = ["api", "db"]
exclude = ["tool"]
-- server/api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2021"
[dependencies]
db = { path = "../db" }
sdk = { path = "../../sdk", version = "1" }
tool = { path = "../tool" }
-- server/api/src/main.rs --
fn main() { println!("{} {} {} {}{}", env!("GREETING"), db::name(), sdk::name(), tool::name(), END) }
const END: &str = include_str!("../../../sdk/END");
-- sdk/END --
.
-- server/db/Cargo.toml --
[package]
name = "db"
version = "0.1.0"
edition = "2021"
-- server/db/src/lib.rs --
pub fn name() -> &'static str { "db" }
-- server/tool/Cargo.toml --
[package]
name = "tool"
version = "3.0.0"
edition = "2021"
[dependencies]
db = { path = "../db" }
-- server/tool/src/lib.rs --
pub fn name() -> String { format!("tool on {}", db::name()) }
-- server/bakehouse.toml --
profile = "dev"
"#;
    let tree = Tree::below("server", text);
    assert_eq!(tree.closures(), ["api: api db sdk tool wire"]);
    assert_eq!(
        tree.context(),
        [
            ".cargo/config.toml",
            "sdk/END",
            "sdk/src/lib.rs",
            "sdk/wire/src/lib.rs",
            "server/api/src/main.rs",
            "server/db/src/lib.rs",
            "server/tool/src/lib.rs",
            "settings/cargo.toml",
            "settings/more.toml",
        ]
    );
    let printed = "api: hello db sdk 1.2.3 wire tool on db.";
    assert_eq!(tree.built(), [printed]);
    tree.write(
        "bakehouse.toml",
        "profile = \"dev\"\ncache.strategy = \"mount\"\n",
    );
    assert_eq!(tree.build(&[]).0, [printed]);
}

#[test]
fn a_context_above_the_workspace_is_named() {
    let tree = Tree::below(
        "rust",
        r#"
-- rust/Cargo.toml --
[workspace]
resolver = "3"
members = ["crates/*"]
-- rust/bakehouse.toml --
profile = "dev"
context = ".."
[inputs.wire]
paths = ["../proto/**"]
-- rust/.cargo/config.toml --
[env]
GREETING = "hello"
-- rust/crates/wire/Cargo.toml --
[package]
name = "wire"
version = "0.1.0"
edition = "2024"
-- rust/crates/wire/build.rs --
fn main() {
    let text = std::fs::read_to_string("../../../proto/wire.proto").unwrap();
    println!("cargo::rustc-env=WIRE={}", text.trim());
}
-- rust/crates/wire/src/lib.rs --
pub const WIRE: &str = env!("WIRE");
-- rust/crates/wire/tests/all.rs --
-- rust/crates/api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
wire = { path = "../wire" }
-- rust/crates/api/src/main.rs --
fn main() { println!("{} {}", env!("GREETING"), wire::WIRE) }
-- proto/wire.proto --
a wire
-- web/index.html --
"#,
    );
    assert_eq!(
        tree.context(),
        [
            "proto/wire.proto",
            "rust/.cargo/config.toml",
            "rust/crates/api/src/main.rs",
            "rust/crates/wire/build.rs",
            "rust/crates/wire/src/lib.rs",
        ]
    );
    assert_eq!(tree.built(), ["api: hello a wire"]);
    // A folder that is in the context anyway, or too far up, is not accepted as a context.
    for (named, expected) in [("../..", "lies outside"), ("../web", "not a folder above")] {
        let config = tree.read("rust/bakehouse.toml");
        tree.write(
            "rust/bakehouse.toml",
            &config.replace("\"..\"", &format!("\"{named}\"")),
        );
        let output = tree.bakehouse(&["plan"]);
        tree.write("rust/bakehouse.toml", &config);
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(
            said.contains("path-outside") && said.contains(expected),
            "{said}"
        );
    }
}
