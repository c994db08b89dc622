//! Dependencies for some platforms only.

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

#[test]
fn what_runs_in_the_builder_is_of_any_platform_where_it_compiles_for_others() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "made", "of_x86", "of_arm", "linked"]
-- bakehouse.toml --
profile = "dev"
platforms = ["linux/arm64"]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
made.path = "../made"
[target.'cfg(target_arch = "x86_64")'.dependencies]
linked.path = "../linked"
-- api/src/main.rs --
fn main() {}
-- made/Cargo.toml --
[package]
name = "made"
version = "0.1.0"
[lib]
proc-macro = true
[target.'cfg(target_arch = "x86_64")'.dependencies]
of_x86.path = "../of_x86"
-- made/src/lib.rs --
-- of_x86/Cargo.toml --
[package]
name = "of_x86"
version = "0.1.0"
[target.'cfg(target_arch = "aarch64")'.build-dependencies]
of_arm.path = "../of_arm"
-- of_x86/src/lib.rs --
-- of_x86/build.rs --
fn main() {}
-- of_arm/Cargo.toml --
[package]
name = "of_arm"
version = "0.1.0"
-- of_arm/src/lib.rs --
-- linked/Cargo.toml --
[package]
name = "linked"
version = "0.1.0"
-- linked/src/lib.rs --
"#,
    );
    assert_eq!(tree.closures(), ["api: api made of_arm of_x86"]);
    let config = tree.read("bakehouse.toml");
    tree.write("bakehouse.toml", &format!("emulate = true\n{config}"));
    assert_eq!(tree.closures(), ["api: api made"]);
}
