//! Shared libraries beside binaries: a `cdylib` that is loaded by name, and a library that a build script makes, which is
//! linked.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::tree::{Tree, files};

const WORKSPACE: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["api", "common", "native", "other", "plugin"]
-- bakehouse.toml --
profile = "dev"
[services.api]
libs = ["libnative.so", { package = "plugin", features = ["loud"] }]
[services.other]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2021"
[dependencies]
common = { path = "../common" }
native = { path = "../native" }
-- api/build.rs --
fn main() { println!("cargo:rustc-env=BUILT=built") }
-- api/src/main.rs --
use std::ffi::{c_char, c_int, c_void};
extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}
fn main() {
    let plugin = unsafe { dlopen(c"libplugin.so".as_ptr(), 2) };
    assert!(!plugin.is_null());
    let value = unsafe { dlsym(plugin, c"value".as_ptr()) };
    assert!(!value.is_null());
    let value: extern "C" fn() -> u32 = unsafe { std::mem::transmute(value) };
    println!("{} {} {} {}", env!("BUILT"), common::NUMBER, native::number(), value());
}
-- common/Cargo.toml --
[package]
name = "common"
version = "0.1.0"
edition = "2021"
-- common/src/lib.rs --
pub const NUMBER: u32 = 7;
-- native/Cargo.toml --
[package]
name = "native"
version = "0.1.0"
edition = "2021"
links = "native"
-- native/build.rs --
use std::process::Command;
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let shared = ["-shared", "-fPIC", "-Wl,-soname,libnative.so.1", "number.c", "-o"];
    let file = format!("{out}/libnative.so.1.2");
    assert!(Command::new("cc").args(shared).arg(&file).status().unwrap().success());
    let link = format!("{out}/libnative.so");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink("libnative.so.1.2", &link).unwrap();
    println!("cargo:rustc-link-search=native={out}");
    println!("cargo:rustc-link-lib=dylib=native");
    println!("cargo:rerun-if-changed=number.c");
}
-- native/number.c --
unsigned number(void) { return 11; }
-- native/src/lib.rs --
mod c { extern "C" { pub fn number() -> u32; } }
pub fn number() -> u32 { unsafe { c::number() } }
-- other/Cargo.toml --
[package]
name = "other"
version = "0.1.0"
edition = "2021"
[dependencies]
common = { path = "../common" }
-- other/src/main.rs --
fn main() { println!("other {}", common::NUMBER) }
-- plugin/Cargo.toml --
[package]
name = "plugin"
version = "0.1.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[features]
loud = []
[dependencies]
common = { path = "../common" }
-- plugin/src/lib.rs --
#[no_mangle]
pub extern "C" fn value() -> u32 { common::NUMBER * if cfg!(feature = "loud") { 100 } else { 1 } }
"#;

#[test]
fn a_program_finds_libraries_that_are_compiled_or_made_for_it() {
    for strategy in ["layer", "mount"] {
        let tree = Tree::of(WORKSPACE);
        let config = tree.read("bakehouse.toml") + &format!("[cache]\nstrategy = {strategy:?}\n");
        tree.write("bakehouse.toml", &config);
        let printed = match strategy {
            "layer" => tree.built(),
            _ => tree.build(&[]).0,
        };
        assert_eq!(
            printed,
            ["api: built 7 11 700", "other: other 7"],
            "{strategy}"
        );
    }
}

#[test]
fn libraries_have_the_names_modes_and_times_that_images_need() {
    let tree = Tree::of(WORKSPACE);
    let _ = tree.built();
    let left = |stage: &str| tree.path(&format!("../left-by-{stage}/dist"));
    let found = left("build-api").join("libraries/libnative.so");
    assert_eq!(
        files(&found),
        ["usr/local/lib/libnative.so", "usr/local/lib/libnative.so.1"]
    );
    let link = fs::read_link(found.join("usr/local/lib/libnative.so")).unwrap();
    assert_eq!(link.to_str(), Some("libnative.so.1"));
    let compiled = left("build-api-plugin").join("image");
    assert_eq!(files(&compiled), ["usr/local/lib/libplugin.so"]);
    for file in [
        found.join("usr/local/lib/libnative.so.1"),
        compiled.join("usr/local/lib/libplugin.so"),
    ] {
        let metadata = fs::symlink_metadata(&file).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o644, "{file:?}");
        assert_eq!(metadata.mtime(), 0, "{file:?}");
    }
}

/// Loads the plugin and prints its number.
const LOADS: &str = r#"
use std::ffi::{c_char, c_int, c_void};
extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}
fn main() {
    let value = unsafe { dlsym(dlopen(c"libplugin.so".as_ptr(), 2), c"value".as_ptr()) };
    let value: extern "C" fn() -> u32 = unsafe { std::mem::transmute(value) };
    println!("{}", value());
"#;

#[test]
fn a_library_may_be_linked_and_loaded_and_lie_at_the_root() {
    let both = format!(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["api", "plugin"]
-- bakehouse.toml --
profile = "dev"
[services.api]
libs = [{{ package = "plugin" }}]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2021"
[dependencies]
plugin = {{ path = "../plugin" }}
-- api/src/main.rs --{LOADS}
    println!("{{}}", plugin::value());
}}
-- plugin/Cargo.toml --
[package]
name = "plugin"
version = "0.1.0"
edition = "2021"
[lib]
crate-type = ["cdylib", "rlib"]
-- plugin/src/lib.rs --
#[no_mangle]
pub extern "C" fn value() -> u32 {{ 3 }}
"#
    );
    let at_the_root = format!(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["api", "common"]
[package]
name = "plugin"
version = "0.1.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[dependencies]
common = {{ path = "common" }}
-- src/lib.rs --
#[no_mangle]
pub extern "C" fn value() -> u32 {{ common::NUMBER }}
-- bakehouse.toml --
profile = "dev"
[services.api]
libs = [{{ package = "plugin" }}]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2021"
[dependencies]
common = {{ path = "../common" }}
-- api/src/main.rs --{LOADS}
    println!("{{}}", common::NUMBER);
}}
-- common/Cargo.toml --
[package]
name = "common"
version = "0.1.0"
edition = "2021"
-- common/src/lib.rs --
pub const NUMBER: u32 = 3;
"#
    );
    for text in [&both, &at_the_root] {
        for strategy in ["layer", "mount"] {
            let tree = Tree::of(text);
            let config =
                tree.read("bakehouse.toml") + &format!("[cache]\nstrategy = {strategy:?}\n");
            tree.write("bakehouse.toml", &config);
            let (printed, _) = tree.build(&[]);
            assert_eq!(printed, ["api: 3\n3"], "{strategy}: {text}");
        }
    }
}

#[test]
#[should_panic(
    expected = "error: libabsent.so is not in BUILDER_BASE, and no build script of api makes it: install the package that has it by bases.packages in bakehouse.toml, or correct its name under libs"
)]
fn a_library_that_is_nowhere_is_named_with_the_remedy() {
    let tree = Tree::of(WORKSPACE);
    let config = tree.read("bakehouse.toml");
    tree.write(
        "bakehouse.toml",
        &config.replace("libnative.so", "libabsent.so"),
    );
    let _ = tree.build(&[]);
}
