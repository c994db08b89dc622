//! Members and targets in unusual places.

use crate::tree::Tree;

/// Returns a workspace with a member that replaces a registry crate. Other members request the crate by version.
fn patched(further: &str) -> String {
    format!(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "cfg-if", "plain"]
[patch.crates-io]
cfg-if = {{ path = "cfg-if" }}
-- bakehouse.toml --
profile = "dev"
-- cfg-if/Cargo.toml --
[package]
name = "cfg-if"
version = "1.0.99"
edition = "2024"
-- cfg-if/src/lib.rs --
#![no_std]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
#[macro_export]
macro_rules! cfg_if {{
    ($(if #[cfg($m:meta)] {{ $($t:tt)* }}) else * else {{ $($e:tt)* }}) => {{ $($e)* }};
    (if #[cfg($m:meta)] {{ $($t:tt)* }}) => {{ #[cfg($m)] $crate::cfg_if! {{ @id $($t)* }} }};
    (@id $($t:tt)*) => {{ $($t)* }};
}}
-- plain/Cargo.toml --
[package]
name = "plain"
version = "0.1.0"
edition = "2024"
-- plain/src/main.rs --
fn main() {{ println!("plain") }}
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
cfg-if = "1.0.5"
{further}
-- api/src/main.rs --
fn main() {{ println!("{{}}", cfg_if::VERSION) }}
"#
    )
}

#[test]
fn a_member_may_stand_in_the_place_of_a_crate_that_others_ask_for_by_version() {
    let tree = Tree::of(&patched(""));
    assert_eq!(tree.closures(), ["api: api cfg-if", "plain: plain"]);
    assert_eq!(tree.built(), ["api: 1.0.99", "plain: plain"]);
    let skeleton = tree.generated("docker/skeleton/deps/cfg-if/Cargo.toml");
    assert!(skeleton.contains("version = \"1.0.99\""), "{skeleton}");
}

#[test]
fn a_member_in_the_place_of_a_crate_that_third_party_ones_need_is_compiled_with_them() {
    let tree = Tree::of(&patched("thread_local = \"1\""));
    assert_eq!(tree.closures(), ["api: api cfg-if", "plain: plain"]);
    assert_eq!(tree.built(), ["api: 1.0.99", "plain: plain"]);
}

#[test]
fn targets_may_lie_outside_their_package() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["svc", "whole"]
-- bakehouse.toml --
profile = "dev"
-- svc/Cargo.toml --
[package]
name = "svc"
version = "0.1.0"
edition = "2024"
build = "../scripts/build.rs"
[lib]
path = "../other/lib.rs"
[[bin]]
name = "svc"
path = "../programs/svc/main.rs"
-- scripts/build.rs --
fn main() {
    println!("cargo::rerun-if-changed=../scripts/build.rs");
    println!("cargo::rustc-env=BUILT=built");
}
-- other/lib.rs --
mod word;
pub use word::WORD;
-- other/word.rs --
pub const WORD: &str = "word";
-- programs/svc/main.rs --
fn main() { println!("{} {}", svc::WORD, env!("BUILT")) }
-- whole/Cargo.toml --
[package]
name = "whole"
version = "0.1.0"
edition = "2024"
-- whole/src/main.rs --
fn main() { println!("whole") }
"#,
    );
    assert_eq!(
        tree.context(),
        [
            "other/lib.rs",
            "other/word.rs",
            "programs/svc/main.rs",
            "scripts/build.rs",
            "whole/src/main.rs",
        ]
    );
    assert_eq!(tree.built(), ["svc: word built", "whole: whole"]);
    let hashes = |tree: &Tree| {
        let plan = tree.plan();
        ["0", "1"].map(|at| plan["services"][at.parse::<usize>().unwrap()]["input_hash"].clone())
    };
    let before = hashes(&tree);
    for path in ["other/word.rs", "programs/svc/main.rs", "scripts/build.rs"] {
        let old = tree.read(path);
        tree.write(path, &format!("{old}// edited\n"));
        let now = hashes(&tree);
        assert!(now[0] != before[0] && now[1] == before[1], "{path}");
        tree.write(path, &old);
    }
}

#[test]
fn a_dependency_for_a_cfg_of_ones_own_is_compiled_only_where_a_flag_sets_it() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["svc", "drill", "inner"]
-- bakehouse.toml --
profile = "dev"
-- svc/Cargo.toml --
[package]
name = "svc"
version = "0.1.0"
edition = "2024"
[dependencies]
inner = { path = "../inner" }
[target.'cfg(fuzzing)'.dependencies]
drill = { path = "../drill" }
-- svc/src/main.rs --
#[cfg(fuzzing)]
fn main() { println!("{}", drill::NAME) }
#[cfg(not(fuzzing))]
fn main() { println!("{}", inner::NAME) }
-- drill/Cargo.toml --
[package]
name = "drill"
version = "0.1.0"
edition = "2024"
-- drill/src/lib.rs --
#[cfg(not(fuzzing))]
compile_error!("a drill is for fuzzing");
pub const NAME: &str = "drill";
-- inner/Cargo.toml --
[package]
name = "inner"
version = "0.1.0"
edition = "2024"
-- inner/src/lib.rs --
pub const NAME: &str = "inner";
"#,
    );
    assert_eq!(tree.closures(), ["svc: inner svc"]);
    assert_eq!(tree.built(), ["svc: inner"]);
    tree.write(
        ".cargo/config.toml",
        "[build]\nrustflags = [\"--cfg\", \"fuzzing\"]\n",
    );
    assert_eq!(tree.closures(), ["svc: drill inner svc"]);
    assert_eq!(tree.built(), ["svc: drill"]);
}

/// A package whose source, build script and program read manifests and the lock, and another package that depends on
/// its library.
const READS: &str = r#"
-- Cargo.toml --
# The workspace, in somebody's own words.
[workspace]
resolver = "3"
members = ["svc", "user", "apart"]
[workspace.metadata.release]
channel = "stable"
[workspace.package]
version = "1.4.2"
-- bakehouse.toml --
profile = "dev"
[services.svc]
[services.user]
-- svc/Cargo.toml --
# A comment at the top.
[package]
name = "svc"
version.workspace = true
edition = "2024"
[package.metadata.deploy]
region = "north"
[dependencies]
itoa = "1"
[dev-dependencies]
apart = { path = "../apart" }
-- svc/build.rs --
fn main() {
    let sum = |path: &str| std::fs::read_to_string(path).unwrap().len();
    println!("cargo::rustc-env=SUMS={} {} {}", sum("Cargo.toml"), sum("../Cargo.toml"), sum("../Cargo.lock"));
    println!("cargo::rerun-if-changed=../Cargo.lock");
}
-- svc/src/lib.rs --
pub const OWN: &str = include_str!("../Cargo.toml");
pub const SHARED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"));
pub const SUMS: &str = env!("SUMS");
pub fn sums() -> String { format!("{} {} {}", OWN.len(), SHARED.len(), SUMS) }
-- svc/src/main.rs --
fn main() { println!("{} {}", svc::sums(), include_bytes!("../../Cargo.lock").len()) }
-- user/Cargo.toml --
[package]
name = "user"
version = "0.1.0"
edition = "2024"
[dependencies]
svc = { path = "../svc" }
-- user/src/main.rs --
// Not Cargo.toml.
fn main() { println!("{}", svc::sums()) }
-- apart/Cargo.toml --
[package]
name = "apart"
version = "0.1.0"
edition = "2024"
-- apart/src/lib.rs --
"#;

#[test]
fn a_manifest_that_is_read_while_a_package_compiles_is_the_real_one() {
    let tree = Tree::of(READS);
    let length = |path: &str| tree.read(path).len();
    let (own, shared, lock) = (
        length("svc/Cargo.toml"),
        length("Cargo.toml"),
        length("Cargo.lock"),
    );
    let sums = format!("{own} {shared} {own} {shared} {lock}");
    let expected = [format!("svc: {sums} {lock}"), format!("user: {sums}")];
    assert_eq!(tree.built(), expected);
    let hashes = |tree: &Tree| tree.plan()["services"].to_string();
    let before = hashes(&tree);
    for path in ["svc/Cargo.toml", "Cargo.toml", "Cargo.lock"] {
        let old = tree.read(path);
        tree.write(path, &format!("# edited\n{old}"));
        assert_ne!(hashes(&tree), before, "{path}");
        tree.write(path, &old);
    }
    // No package reads the manifest of `user`.
    tree.write(
        "user/Cargo.toml",
        &format!("# edited\n{}", tree.read("user/Cargo.toml")),
    );
    assert_eq!(hashes(&tree), before);
    tree.write(
        "bakehouse.toml",
        "profile = \"dev\"\ncache.strategy = \"mount\"\n[services.svc]\n[services.user]\n",
    );
    assert_eq!(tree.build(&[]).0, expected);
}

#[test]
fn a_root_package_may_read_its_own_manifest() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
# The package, in somebody's own words.
[package]
name = "whole"
version = "0.1.0"
edition = "2024"
-- bakehouse.toml --
profile = "dev"
-- build.rs --
fn main() {
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    println!("cargo::rustc-env=LENGTH={}", text.len());
}
-- src/main.rs --
fn main() { println!("{} {}", env!("LENGTH"), include_str!("../Cargo.toml").len()) }
"#,
    );
    let length = tree.read("Cargo.toml").len();
    assert_eq!(tree.built(), [format!("whole: {length} {length}")]);
}
