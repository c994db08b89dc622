//! Binaries anywhere, by any name.

use crate::tree::Tree;

#[test]
fn binaries_lie_anywhere_and_may_want_features() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["a", "b", "b"]
default-members = ["b"]
-- bakehouse.toml --
profile = "dev"
[services.tool]
package = "a"
bin = "tool"
[services.a-server]
package = "a"
bin = "server"
[services.b-server]
package = "b"
bin = "server"
[services.one]
-- a/Cargo.toml --
[package]
name = "a"
version = "0.1.0"
edition = "2021"
default-run = "server"
[features]
cli = ["dep:b"]
[dependencies]
b = { path = "../b", optional = true }
[[bin]]
name = "tool"
path = "programs/tool.rs"
required-features = ["cli"]
[[bin]]
name = "server"
path = "programs/server/start.rs"
-- a/programs/tool.rs --
fn main() { println!("tool {}", b::NAME) }
-- a/programs/server/start.rs --
mod port;
fn main() { println!("server of a on {}", port::PORT) }
-- a/programs/server/port.rs --
pub const PORT: u16 = 80;
-- b/Cargo.toml --
[package]
name = "b"
version = "0.1.0"
edition = "2021"
-- b/src/lib.rs --
pub const NAME: &str = "b";
-- b/src/bin/server.rs --
fn main() { println!("server of b") }
-- b/src/bin/one/main.rs --
fn main() { println!("one") }
"#,
    );
    assert_eq!(
        tree.built(),
        [
            "a-server: server of a on 80",
            "b-server: server of b",
            "one: one",
            "tool: tool b"
        ]
    );
}
