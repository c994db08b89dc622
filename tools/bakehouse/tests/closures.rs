//! Workspaces of every shape: the closure of each service, what is sent to Docker for it, and that Cargo builds it in
//! stages that hold nothing else.

mod tree;

use tree::{Tree, stderr};

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
fn a_root_package_is_not_the_whole_repository() {
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
-- deploy/secret.env --
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
    assert_eq!(tree.closures(), ["one: one", "whole: extra quiet whole"]);
    let (printed, _) = tree.build(&[]);
    assert_eq!(printed, ["one: true", "whole: true 0"]);
}

#[test]
fn a_member_inside_another_is_no_part_of_it() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["server", "server/macros", "server/plugins/*"]
-- bakehouse.toml --
profile = "dev"
[services.server]
[services.mail]
-- server/Cargo.toml --
[package]
name = "server"
version = "0.1.0"
edition = "2024"
[dependencies]
macros = { path = "macros" }
-- server/src/main.rs --
fn main() { println!("{} {}", macros::seven!(), include_str!("../assets/a.txt").trim()) }
-- server/assets/a.txt --
asset
-- server/macros/Cargo.toml --
[package]
name = "macros"
version = "0.1.0"
edition = "2024"
[lib]
proc-macro = true
[dependencies]
quote = "1"
-- server/macros/src/lib.rs --
#[proc_macro]
pub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { quote::quote!(7).into() }
-- server/plugins/mail/Cargo.toml --
[package]
name = "mail"
version = "0.1.0"
edition = "2024"
-- server/plugins/mail/src/main.rs --
fn main() { println!("mail") }
-- server/plugins/sms/Cargo.toml --
[package]
name = "sms"
version = "0.1.0"
-- server/plugins/sms/src/lib.rs --
-- server/plugins/README.md --
"#,
    );
    assert_eq!(tree.closures(), ["mail: mail", "server: macros server"]);
    assert_eq!(
        tree.context(),
        [
            "server/assets/a.txt",
            "server/macros/src/lib.rs",
            "server/plugins/README.md",
            "server/plugins/mail/src/main.rs",
            "server/src/main.rs",
        ]
    );
    let plan = tree.plan();
    let stages = plan["stages"].as_array().unwrap();
    let server = stages
        .iter()
        .find(|stage| stage["name"] == "build-server")
        .unwrap();
    assert_eq!(
        server["reads"],
        serde_json::json!(["server/assets", "server/plugins/README.md", "server/src"])
    );
    assert_eq!(tree.built(), ["mail: mail", "server: 7 asset"]);
}

#[test]
fn a_workspace_below_what_it_is_built_from_has_its_context_above() {
    let text = r#"
-- .cargo/config.toml --
[env]
GREETING = "hello"
[build]
rustc-wrapper = "no-such-wrapper"
target-dir = "elsewhere"
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
fn tests_are_sent_only_when_a_source_reads_them() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["api", "web"]
-- bakehouse.toml --
profile = "dev"
[inputs.web]
paths = ["api/tests/data"]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2021"
-- api/src/main.rs --
// As in tests/data.
mod target;
fn main() { println!("{}", target::NAME) }
-- api/src/target/mod.rs --
pub const NAME: &str = "target";
-- api/tests/all.rs --
-- api/tests/data/one.txt --
one
-- api/benches/fast.rs --
-- api/examples/show.rs --
-- api/target/debug/api.d --
-- api/node_modules/left-pad.js --
-- web/Cargo.toml --
[package]
name = "web"
version = "0.1.0"
edition = "2021"
-- web/build.rs --
fn main() {
    println!("cargo::rerun-if-changed=tests/schema.txt");
    let schema = std::fs::read_to_string("tests/schema.txt").unwrap();
    println!("cargo::rustc-env=SCHEMA={}", schema.trim());
}
-- web/src/main.rs --
fn main() { println!("{} {}", env!("SCHEMA"), include_str!("../../api/tests/data/one.txt").trim()) }
-- web/tests/all.rs --
-- web/tests/schema.txt --
schema
-- web/benches/fast.rs --
"#,
    );
    assert_eq!(
        tree.context(),
        [
            "api/src/main.rs",
            "api/src/target/mod.rs",
            "api/tests/data/one.txt",
            "web/build.rs",
            "web/src/main.rs",
            "web/tests/all.rs",
            "web/tests/schema.txt",
        ]
    );
    assert_eq!(tree.built(), ["api: target", "web: schema one"]);
}

#[test]
fn what_images_cannot_follow_is_refused_with_a_code() {
    let plain = |further: &str| {
        format!(
            "-- Cargo.toml --\n[workspace]\nmembers = [\"a*\"]\nexclude = [\"x\"]\n-- a/Cargo.toml --\n[package]\nname = \"a\"\n\
             -- a/src/main.rs --\nfn main() {{}}\n-- Cargo.lock --\nversion = 4\n{further}"
        )
    };
    let rows = [
        (
            "-- .cargo/config.toml --\nbuild.target = \"wasm32-wasip1\"\n",
            "cargo-config",
        ),
        (
            "-- .cargo/config.toml --\npaths = [\"../mine\"]\n",
            "cargo-config",
        ),
        (
            "-- .cargo/config.toml --\npatch.crates-io.x.path = \"x\"\n",
            "cargo-config",
        ),
        (
            "-- a b/Cargo.toml --\n[package]\nname = \"b\"\n-- a b/src/lib.rs --\n",
            "path-outside",
        ),
        (
            "-- ab/Cargo.toml --\n[package]\nname = \"ab\"\n[dependencies]\nx.path = \"../../../../elsewhere\"\n\
             -- ab/src/lib.rs --\n",
            "cargo-failed",
        ),
        (
            "-- ab/Cargo.toml --\n[package]\nname = \"ab\"\n[dependencies]\nx.path = \"../none\"\n-- ab/src/lib.rs --\n",
            "cargo-failed",
        ),
        (
            "-- ab/Cargo.toml --\n[package]\nname = \"ab\"\n[dependencies]\nx = { package = \"a\", path = \"../x/a\" }\n\
             -- ab/src/lib.rs --\n-- x/a/Cargo.toml --\n[package]\nname = \"a\"\n[workspace]\n-- x/a/src/lib.rs --\n",
            "name-collision",
        ),
    ];
    for (further, code) in rows {
        let tree = Tree::unlocked("", &plain(further));
        let output = tree.bakehouse(&["plan"]);
        let exit = if code == "cargo-failed" { 1 } else { 2 };
        assert_eq!(output.status.code(), Some(exit), "{further}");
        assert!(
            stderr(&output).contains(code),
            "{further}\n{}",
            stderr(&output)
        );
        assert!(stderr(&output).contains("help:"), "{further}");
    }
}

#[test]
fn a_package_outside_the_repository_is_refused() {
    let tree = Tree::unlocked(
        "",
        "-- Cargo.toml --\n[package]\nname = \"a\"\n[dependencies]\nout.path = \"../out\"\n-- src/main.rs --\n\
         fn main() {}\n-- Cargo.lock --\nversion = 4\n-- ../out/Cargo.toml --\n[package]\nname = \"out\"\n\
         -- ../out/src/lib.rs --\n",
    );
    let output = tree.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("path-outside"),
        "{}",
        stderr(&output)
    );
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
    // `cargo clean` goes by names, so the third-party one is compiled again where it is used.
    assert_eq!(tree.build(&[]).0, ["api: ours 7", "cfg-if: main"]);
    tree.write(
        "bakehouse.toml",
        "profile = \"dev\"\ncache.strategy = \"mount\"\n",
    );
    assert_eq!(tree.build(&[]).0, ["api: ours 7", "cfg-if: main"]);
}

#[test]
fn a_variable_reaches_the_package_that_asks_for_it_and_makes_nothing_compile_twice() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["info", "common", "api", "job"]
-- bakehouse.toml --
profile = "dev"
[inputs.info]
variables = ["COMMIT", "STAMP"]
-- info/Cargo.toml --
[package]
name = "info"
version = "0.1.0"
edition = "2024"
-- info/build.rs --
fn main() {
    println!("cargo::rerun-if-env-changed=STAMP");
    println!("cargo::rustc-env=STAMPED={}", std::env::var("STAMP").unwrap_or("never".into()));
}
-- info/src/lib.rs --
pub const COMMIT: Option<&str> = option_env!("COMMIT");
pub const STAMPED: &str = env!("STAMPED");
-- common/Cargo.toml --
[package]
name = "common"
version = "0.1.0"
edition = "2024"
-- common/src/lib.rs --
pub const NAME: &str = "common";
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
common = { path = "../common" }
info = { path = "../info" }
-- api/src/main.rs --
fn main() { println!("{:?} {} {}", info::COMMIT, info::STAMPED, common::NAME) }
-- job/Cargo.toml --
[package]
name = "job"
version = "0.1.0"
edition = "2024"
[dependencies]
common = { path = "../common" }
-- job/src/main.rs --
fn main() { println!("{:?} {}", option_env!("COMMIT"), common::NAME) }
"#,
    );
    let given = [("COMMIT", "abc"), ("STAMP", "today")];
    let built = tree.built_with(&given);
    let with = ["api: Some(\"abc\") today common", "job: None common"];
    assert_eq!(built, with);
    assert_eq!(tree.built(), ["api: None never common", "job: None common"]);
    let dockerfile = tree.read("docker/Dockerfile");
    let asking: Vec<&str> = dockerfile
        .split("\nFROM ")
        .filter(|stage| stage.contains("ARG COMMIT\nARG STAMP\n"))
        .filter_map(|stage| stage.split_whitespace().nth(2))
        .collect();
    assert_eq!(asking, ["lib-info", "build-api"]);
    let bake = tree.read("docker-bake.hcl");
    assert!(
        bake.contains("COMMIT = COMMIT == \"\" ? null : COMMIT"),
        "{bake}"
    );
    let config = tree.read("bakehouse.toml");
    tree.write(
        "bakehouse.toml",
        &format!("cache.strategy = \"mount\"\n{config}"),
    );
    assert_eq!(tree.build(&given).0, with);
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
    // What is reached anyway, or is too far, is no other context.
    for (named, expected) in [("../..", "lies outside"), ("../web", "no folder above")] {
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
