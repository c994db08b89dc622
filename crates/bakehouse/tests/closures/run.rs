//! Libraries that the compiler and build scripts run.

use crate::tree::Tree;

#[test]
fn libraries_are_compiled_for_those_who_link_and_those_who_run_them() {
    let text = r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "text", "generate", "dictionary"]
[workspace.lints.rust]
unused_crate_dependencies = "allow"
[profile.dev.build-override]
opt-level = 1
-- bakehouse.toml --
profile = "dev"
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
links = "nothing"
build = "compile/main.rs"
[lints]
workspace = true
[dependencies]
text-kit = { path = "../text" }
words = { package = "dictionary", path = "../dictionary" }
[build-dependencies]
text-kit = { path = "../text", features = ["loud"] }
generate = { path = "../generate" }
-- api/compile/main.rs --
fn main() {
    println!("cargo::rerun-if-changed=compile");
    println!("cargo::rustc-env=WORD={}", generate::word());
    println!("cargo::rustc-env=TEXT={}", text::text());
}
-- api/src/main.rs --
fn main() { println!("{} {} {} {}", env!("WORD"), env!("TEXT"), text::text(), words::WORD) }
-- text/Cargo.toml --
[package]
name = "text-kit"
version = "0.1.0"
edition = "2024"
[lib]
name = "text"
path = "code/text.rs"
[features]
loud = []
-- text/code/text.rs --
pub fn text() -> &'static str { if cfg!(feature = "loud") { "TEXT" } else { "text" } }
-- generate/Cargo.toml --
[package]
name = "generate"
version = "0.1.0"
edition = "2024"
[dependencies]
text-kit = { path = "../text" }
dictionary = { path = "../dictionary" }
-- generate/src/lib.rs --
pub fn word() -> String { format!("{}-{}", text::text(), dictionary::WORD) }
-- dictionary/Cargo.toml --
[package]
name = "dictionary"
version = "0.1.0"
edition = "2024"
-- dictionary/src/lib.rs --
pub const WORD: &str = "word";
"#;
    let tree = Tree::of(text);
    assert_eq!(tree.closures(), ["api: api dictionary generate text-kit"]);
    let (printed, compiled) = tree.build(&[]);
    assert_eq!(printed, ["api: TEXT-word TEXT text word"]);
    assert_eq!(compiled["build-api"], ["api"]);
    assert_eq!(compiled["lib-generate"], ["generate", "bakehouse-runner"]);
    tree.write(
        "bakehouse.toml",
        "profile = \"dev\"\ncache.strategy = \"mount\"\n",
    );
    assert_eq!(tree.build(&[]).0, printed);
}

#[test]
fn a_crate_that_is_linked_and_run_by_the_compiler_compiles_once_with_debug_information() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "macros", "common"]
-- bakehouse.toml --
profile = "dev"
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
common = { path = "../common" }
quote = "1"
-- api/src/main.rs --
fn main() { println!("{} {}", common::seven(), quote::quote!(x)) }
-- common/Cargo.toml --
[package]
name = "common"
version = "0.1.0"
edition = "2024"
[dependencies]
macros = { path = "../macros" }
-- common/src/lib.rs --
pub fn seven() -> u32 { macros::seven!() }
-- macros/Cargo.toml --
[package]
name = "macros"
version = "0.1.0"
edition = "2024"
[lib]
proc-macro = true
[dependencies]
quote = "1"
-- macros/src/lib.rs --
#[proc_macro]
pub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { quote::quote!(7).into() }
"#,
    );
    assert_eq!(tree.built(), ["api: 7 x"]);
}

#[test]
fn older_editions_may_spell_the_tables_of_dependencies_with_an_underscore() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["api", "generate", "words", "harness"]
[workspace.dependencies]
words = { path = "words", version = "0.4" }
-- bakehouse.toml --
profile = "dev"
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2021"
[build_dependencies]
generate = { path = "../generate", version = "0.3" }
[target.'cfg(unix)'.build_dependencies]
words.workspace = true
[dev_dependencies]
harness = { path = "../harness", version = "0.5" }
-- api/build.rs --
fn main() {
    println!("cargo::rustc-env=WORDS={} {}", generate::NAME, words::NAME);
}
-- api/src/main.rs --
fn main() { println!("{}", env!("WORDS")) }
-- generate/Cargo.toml --
[package]
name = "generate"
version = "0.3.1"
edition = "2021"
-- generate/src/lib.rs --
pub const NAME: &str = "generated";
-- words/Cargo.toml --
[package]
name = "words"
version = "0.4.1"
edition = "2021"
-- words/src/lib.rs --
pub const NAME: &str = "words";
-- harness/Cargo.toml --
[package]
name = "harness"
version = "0.5.0"
edition = "2021"
-- harness/src/lib.rs --
"#,
    );
    assert_eq!(tree.closures(), ["api: api generate words"]);
    assert_eq!(tree.built(), ["api: generated words"]);
}

/// A build script may unpack files with the times that they have in an archive, and that of a dependent may read them.
#[test]
fn outputs_of_a_build_script_with_old_times_reach_dependents() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "native"]
-- bakehouse.toml --
profile = "dev"
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
native = { path = "../native" }
-- api/build.rs --
fn main() {
    let header = std::path::Path::new(&std::env::var("DEP_NATIVE_INCLUDE").unwrap()).join("header.txt");
    println!("cargo::rustc-env=HEADER={}", std::fs::read_to_string(header).unwrap());
}
-- api/src/main.rs --
fn main() { println!("{} {}", env!("HEADER"), native::NAME) }
-- native/Cargo.toml --
[package]
name = "native"
version = "0.1.0"
edition = "2024"
links = "native"
-- native/build.rs --
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let header = std::path::Path::new(&out).join("header.txt");
    std::fs::write(&header, "unpacked").unwrap();
    let file = std::fs::File::options().append(true).open(&header).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000)).unwrap();
    println!("cargo::metadata=INCLUDE={out}");
}
-- native/src/lib.rs --
pub const NAME: &str = "native";
"#,
    );
    assert_eq!(tree.built(), ["api: unpacked native"]);
}
