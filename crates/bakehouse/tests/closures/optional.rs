//! Optional dependencies and the features that switch them on.

use crate::tree::Tree;

#[test]
fn an_optional_library_is_built_only_where_a_feature_switches_it_on() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["crates/*"]
[workspace.dependencies]
store = { path = "crates/store", version = "0.2", default-features = false }
-- bakehouse.toml --
profile = "dev"
unify = "each"
[services.plain]
package = "server"
[services.full]
package = "server"
features = ["postgres"]
-- crates/server/Cargo.toml --
[package]
name = "server"
version = "0.1.0"
edition = "2024"
[features]
default = ["store?/metrics"]
postgres = ["dep:store", "store/postgres"]
windows = ["dep:service"]
[dependencies]
store = { workspace = true, optional = true }
service = { path = "../service", optional = true }
[target.'cfg(windows)'.dependencies]
registry = { path = "../registry", version = "1" }
[dev-dependencies]
harness = { path = "../harness" }
-- crates/server/src/main.rs --
fn main() {
    #[cfg(feature = "postgres")]
    println!("{}", store::kind());
    #[cfg(not(feature = "postgres"))]
    println!("memory");
}
-- crates/store/Cargo.toml --
[package]
name = "store"
version = "0.2.3"
edition = "2024"
[features]
default = ["sqlite"]
sqlite = ["dep:sqlite"]
postgres = ["dep:postgres"]
metrics = ["dep:metrics"]
[dependencies]
sqlite = { path = "../sqlite", optional = true }
postgres = { path = "../postgres", optional = true }
metrics = { path = "../metrics", optional = true }
-- crates/store/src/lib.rs --
#[cfg(feature = "sqlite")]
compile_error!("nobody asked for sqlite");
pub fn kind() -> String {
    format!("{} {}", postgres::NAME, metrics::NAME)
}
-- crates/sqlite/Cargo.toml --
[package]
name = "sqlite"
version = "0.1.0"
-- crates/sqlite/src/lib.rs --
-- crates/postgres/Cargo.toml --
[package]
name = "postgres"
version = "0.1.0"
-- crates/postgres/src/lib.rs --
pub const NAME: &str = "postgres";
-- crates/metrics/Cargo.toml --
[package]
name = "metrics"
version = "0.1.0"
-- crates/metrics/src/lib.rs --
pub const NAME: &str = "with metrics";
-- crates/service/Cargo.toml --
[package]
name = "service"
version = "0.1.0"
-- crates/service/src/lib.rs --
-- crates/registry/Cargo.toml --
[package]
name = "registry"
version = "1.0.1"
-- crates/registry/src/lib.rs --
-- crates/harness/Cargo.toml --
[package]
name = "harness"
version = "0.1.0"
-- crates/harness/src/lib.rs --
"#,
    );
    assert_eq!(
        tree.closures(),
        ["full: metrics postgres server store", "plain: server"]
    );
    assert_eq!(
        tree.context(),
        [
            "crates/metrics/src/lib.rs",
            "crates/postgres/src/lib.rs",
            "crates/server/src/main.rs",
            "crates/store/src/lib.rs",
        ]
    );
    assert_eq!(
        tree.built(),
        ["full: postgres with metrics", "plain: memory"]
    );
}

#[test]
fn a_feature_may_name_a_dev_dependency() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["api", "kit"]
-- bakehouse.toml --
profile = "dev"
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2021"
[features]
default = ["os"]
os = ["kit/os"]
[dev-dependencies]
kit = { path = "../kit" }
-- api/src/main.rs --
fn main() { println!("{}", cfg!(feature = "os")) }
-- kit/Cargo.toml --
[package]
name = "kit"
version = "0.1.0"
edition = "2021"
[features]
os = []
-- kit/src/lib.rs --
"#,
    );
    assert_eq!(tree.closures(), ["api: api"]);
    assert_eq!(tree.built(), ["api: true"]);
}

#[test]
fn a_package_that_only_one_service_compiles_is_no_burden_to_the_others() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["a", "b", "macros"]
exclude = ["tool"]
-- bakehouse.toml --
profile = "dev"
unify = "each"
-- a/Cargo.toml --
[package]
name = "a"
version = "0.1.0"
edition = "2024"
[dependencies]
tool.path = "../tool"
macros.path = "../macros"
-- a/src/main.rs --
fn main() { println!("{} {}", tool::NAME, macros::seven!()) }
-- b/Cargo.toml --
[package]
name = "b"
version = "0.1.0"
edition = "2024"
[features]
all = ["dep:tool", "dep:macros"]
[dependencies]
tool = { path = "../tool", optional = true }
macros = { path = "../macros", optional = true }
-- b/src/main.rs --
fn main() { println!("b") }
-- tool/Cargo.toml --
[package]
name = "tool"
version = "0.1.0"
edition = "2024"
-- tool/build.rs --
fn main() {}
-- tool/src/lib.rs --
pub const NAME: &str = "tool";
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
    assert_eq!(tree.closures(), ["a: a macros tool", "b: b"]);
    assert_eq!(tree.built(), ["a: tool 7", "b: b"]);
}
