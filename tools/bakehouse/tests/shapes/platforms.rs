//! Dependencies of some platforms.

use crate::tree::Tree;

#[test]
fn platforms_decide_which_dependencies_are_compiled() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "linux", "arm", "windows"]
-- bakehouse.toml --
profile = "dev"
platforms = ["linux/amd64"]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[target.'cfg(target_os = "linux")'.dependencies]
linux.path = "../linux"
[target.'cfg(all(target_os = "linux", target_arch = "aarch64"))'.dependencies]
arm.path = "../arm"
[target.x86_64-pc-windows-msvc.build-dependencies]
windows.path = "../windows"
-- api/src/main.rs --
fn main() {}
-- linux/Cargo.toml --
[package]
name = "linux"
version = "0.1.0"
-- linux/src/lib.rs --
-- arm/Cargo.toml --
[package]
name = "arm"
version = "0.1.0"
-- arm/src/lib.rs --
-- windows/Cargo.toml --
[package]
name = "windows"
version = "0.1.0"
-- windows/src/lib.rs --
"#,
    );
    assert_eq!(tree.closures(), ["api: api linux"]);
    let config = tree.read("bakehouse.toml");
    tree.write(
        "bakehouse.toml",
        &config.replace("amd64\"", "amd64\", \"linux/arm64\""),
    );
    assert_eq!(tree.closures(), ["api: api arm linux"]);
    tree.write("bakehouse.toml", "");
    assert_eq!(tree.closures(), ["api: api arm linux"]);
}
