//! Local packages in the place of third-party crates, or with the name of one.

use crate::tree::Tree;

#[test]
fn a_patch_to_a_local_folder_is_compiled_below_the_third_party_crates() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "plain", "shared"]
[patch.crates-io]
cfg-if = { path = "third-party/cfg-if" }
itoa = { path = "third-party/unused" }
-- bakehouse.toml --
profile = "dev"
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
thread_local = "1"
-- api/src/main.rs --
fn main() { println!("{}", thread_local::ThreadLocal::new().get_or(|| 7)) }
-- plain/Cargo.toml --
[package]
name = "plain"
version = "0.1.0"
edition = "2024"
[dependencies]
cfg-if = "1"
-- plain/src/main.rs --
fn main() { println!("{}", cfg_if::PATCHED) }
-- shared/Cargo.toml --
[package]
name = "shared"
version = "0.1.0"
edition = "2024"
-- shared/src/lib.rs --
pub const PATCHED: &str = "patched";
-- third-party/cfg-if/Cargo.toml --
[package]
name = "cfg-if"
version = "1.0.99"
edition = "2018"
[dependencies]
shared = { path = "../../shared" }
-- third-party/cfg-if/src/lib.rs --
#![no_std]
pub use shared::PATCHED;
#[macro_export]
macro_rules! cfg_if {
    ($(if #[cfg($meta:meta)] { $($tokens:tt)* }) else * else { $($tokens2:tt)* }) => {
        $crate::cfg_if! { @__items () ; $( ( ($meta) ($($tokens)*) ), )* (() ($($tokens2)*)), }
    };
    (if #[cfg($i_met:meta)] { $($i_tokens:tt)* } $(else if #[cfg($e_met:meta)] { $($e_tokens:tt)* })*) => {
        $crate::cfg_if! { @__items () ; ( ($i_met) ($($i_tokens)*) ), $( ( ($e_met) ($($e_tokens)*) ), )* (() ()), }
    };
    (@__items ($($not:meta,)*) ; ) => {};
    (@__items ($($not:meta,)*) ; ( ($($m:meta),*) ($($tokens:tt)*) ), $($rest:tt)*) => {
        #[cfg(all($($m,)* not(any($($not),*))))] $crate::cfg_if! { @__identity $($tokens)* }
        $crate::cfg_if! { @__items ($($not,)* $($m,)*) ; $($rest)* }
    };
    (@__identity $($tokens:tt)*) => { $($tokens)* };
}
-- third-party/unused/Cargo.toml --
[package]
name = "itoa"
version = "1.0.0"
-- third-party/unused/src/lib.rs --
"#,
    );
    assert_eq!(
        tree.closures(),
        ["api: api cfg-if shared", "plain: cfg-if plain shared"]
    );
    assert_eq!(
        tree.context(),
        [
            "api/src/main.rs",
            "plain/src/main.rs",
            "shared/src/lib.rs",
            "third-party/cfg-if/src/lib.rs",
        ]
    );
    assert_eq!(tree.built(), ["api: 7", "plain: patched"]);
}

#[test]
fn a_member_may_have_the_name_of_a_third_party_crate() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "cfg-if"]
-- bakehouse.toml --
profile = "dev"
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
thread_local = "1"
ours = { package = "cfg-if", path = "../cfg-if", version = "9" }
-- api/src/main.rs --
fn main() { println!("{} {}", ours::NAME, thread_local::ThreadLocal::new().get_or(|| 7)) }
-- cfg-if/Cargo.toml --
[package]
name = "cfg-if"
version = "9.0.0"
edition = "2024"
-- cfg-if/src/lib.rs --
pub const NAME: &str = "ours";
-- cfg-if/src/main.rs --
fn main() { println!("main") }
"#,
    );
    // `cargo clean` selects by name, so the third-party crate of the same name is compiled again where it is used.
    assert_eq!(tree.build(&[]).0, ["api: ours 7", "cfg-if: main"]);
    tree.write(
        "bakehouse.toml",
        "profile = \"dev\"\ncache.strategy = \"mount\"\n",
    );
    assert_eq!(tree.build(&[]).0, ["api: ours 7", "cfg-if: main"]);
}
