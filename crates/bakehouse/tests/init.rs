//! `bakehouse init`: a first configuration that lists its findings and never overwrites another one.

use crate::grove::Grove;
use crate::tree::{Tree, stderr};

/// Returns a workspace with one of everything that `init` looks for.
fn rich() -> Grove {
    Grove::new(&[
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\", \"examples/*\", \"xtask\"]\n\n[workspace.package]\nrepository = \"https://github.com/Acme/shop\"\n",
        ),
        ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95\"\n"),
        ("Cargo.lock", LOCK),
        (
            "crates/api/Cargo.toml",
            "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[features]\nschema = []\n\n[dependencies]\ncommon = { path = \"../common\" }\nopenssl-sys = \"0.9\"\n\n[build-dependencies]\nprost-build = \"0.14\"\n\n[[bin]]\nname = \"api\"\npath = \"src/main.rs\"\n\n[[bin]]\nname = \"api-schema\"\npath = \"src/schema.rs\"\nrequired-features = [\"schema\"]\n",
        ),
        (
            "crates/api/src/main.rs",
            "const A: &str = include_str!(\"../../../openapi.json\");\nconst C: [&str; 2] = [env!(\"COMMIT\"), env!(\"KIND\")];\nfn main() { read(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../../config\")); }",
        ),
        ("crates/api/src/schema.rs", "fn main() {}"),
        (
            "crates/api/build.rs",
            "fn main() {\n    prost_build::compile_protos(&[\"../../proto/a.proto\"], &[\"../../proto\"]);\n    std::process::Command::new(\"git\");\n    println!(\"cargo::rustc-env=COMMIT={}\", option_env!(\"COMMIT\").unwrap_or(\"none\"));\n    println!(\"cargo::rustc-env=KIND=x\");\n}",
        ),
        (
            "crates/common/src/lib.rs",
            "fn f() { sqlx::migrate!(\"../../migrations\"); }\nconst W: &str = include_str!(\"../../../web/dist/index.html\");",
        ),
        (
            "crates/vendor/Cargo.toml",
            "[package]\nname = \"shop-vendor\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[[bin]]\nname = \"vendor\"\npath = \"main.rs\"\n",
        ),
        ("crates/vendor/main.rs", "fn main() {}"),
        (
            "examples/hello/Cargo.toml",
            "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        ),
        ("examples/hello/src/main.rs", "fn main() {}"),
        (
            "xtask/Cargo.toml",
            "[package]\nname = \"xtask\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        ),
        ("xtask/src/main.rs", "fn main() {}"),
        ("openapi.json", "{}"),
        ("proto/a.proto", ""),
        ("migrations/1.sql", ""),
        ("config/a.toml", ""),
    ])
}

const LOCK: &str = r#"version = 4

[[package]]
name = "api"
version = "0.1.0"
dependencies = ["common", "openssl-sys", "prost-build"]

[[package]]
name = "common"
version = "0.1.0"

[[package]]
name = "hello"
version = "0.1.0"

[[package]]
name = "odd-sys"
version = "0.1.0"
source = "git+https://git.example.com/odd?branch=main#0123456789012345678901234567890123456789"
dependencies = ["pkg-config"]

[[package]]
name = "openssl-sys"
version = "0.9.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
dependencies = ["odd-sys", "pkg-config"]

[[package]]
name = "other"
version = "0.1.0"

[[package]]
name = "pkg-config"
version = "0.3.1"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "prost-build"
version = "0.14.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "shop-vendor"
version = "0.1.0"

[[package]]
name = "xtask"
version = "0.1.0"
"#;

#[test]
fn the_proposal_says_what_it_found() {
    let printed = rich().run(&["init", "--print"]);
    insta::assert_snapshot!(printed);
}

#[test]
fn what_is_proposed_generates_and_leaves_no_certain_input_undeclared() {
    let grove = rich();
    let printed = grove.run(&["init", "--print"]);
    grove.run(&["init"]);
    assert_eq!(
        std::fs::read_to_string(grove.path("bakehouse.toml")).unwrap(),
        printed
    );
    grove.run(&["generate"]);
    grove.run(&["generate", "--check"]);
    let plan = grove.run(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let left: Vec<_> = plan["hidden_inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["path"].as_str().unwrap())
        .collect();
    assert_eq!(left, [".git", "config", "web/dist/index.html"]);
}

#[test]
fn a_configuration_that_is_there_stays_as_it_is() {
    let grove = rich();
    grove.write("bakehouse.toml", "# mine\n");
    let output = grove.command(&["init"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("config-exists") && said.contains("init --print"),
        "{said}"
    );
    assert_eq!(
        std::fs::read_to_string(grove.path("bakehouse.toml")).unwrap(),
        "# mine\n"
    );
    // Another path is still free.
    grove.run(&["init", "--config", "other.toml"]);
    grove.run(&["plan", "--config", "other.toml"]);
}

#[test]
fn a_workspace_of_examples_alone_is_baked_as_one() {
    let grove = Grove::new(&[
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\", \"examples/*\"]\n",
        ),
        (
            "examples/hello/Cargo.toml",
            "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        ),
        ("examples/hello/src/main.rs", "fn main() {}"),
        ("crates/api/src/lib.rs", ""),
    ]);
    let printed = grove.run(&["init", "--print"]);
    assert!(printed.contains("[services.hello]"), "{printed}");
}

#[test]
fn binaries_of_one_name_get_names_of_their_own() {
    let manifest = |name: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[[bin]]\nname = \"serve\"\npath = \"main.rs\"\n"
        )
    };
    let (api, other) = (manifest("api"), manifest("other"));
    let grove = Grove::new(&[
        ("crates/api/Cargo.toml", &api),
        ("crates/api/main.rs", "fn main() {}"),
        ("crates/other/Cargo.toml", &other),
        ("crates/other/main.rs", "fn main() {}"),
    ]);
    grove.run(&["init"]);
    let plan = grove.run(&["plan"]);
    assert!(
        plan.contains("api-serve") && plan.contains("other-serve"),
        "{plan}"
    );
}

#[test]
fn what_lies_above_the_workspace_is_declared_as_seen_from_it_and_builds() {
    let tree = Tree::below(
        "server",
        r#"
-- server/Cargo.toml --
[workspace]
resolver = "3"
members = ["api"]
-- server/api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
sdk = { path = "../../sdk" }
-- server/api/src/main.rs --
fn main() { println!("{} {}", sdk::NAME, include_str!("../../../openapi.txt").trim()); }
-- sdk/Cargo.toml --
[package]
name = "sdk"
version = "0.1.0"
edition = "2024"
-- sdk/src/lib.rs --
pub const NAME: &str = "sdk";
-- openapi.txt --
spec
"#,
    );
    let made = tree.bakehouse(&["init"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let config = tree.generated("bakehouse.toml");
    assert!(
        config.contains("[inputs.api]") && config.contains("paths = [\"../openapi.txt\"]"),
        "{config}"
    );
    assert_eq!(tree.built(), ["api: sdk spec"]);
}

#[test]
fn a_context_above_the_workspace_is_proposed_for_what_is_read_there() {
    let tree = Tree::below(
        "rust",
        r#"
-- rust/Cargo.toml --
[workspace]
resolver = "3"
members = ["api"]
-- rust/api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
-- rust/api/build.rs --
fn main() {
    let text = std::fs::read_to_string("../../proto/api.proto").unwrap();
    println!("cargo::rustc-env=WIRE={}", text.trim());
}
-- rust/api/src/main.rs --
fn main() { println!("{}", env!("WIRE")); }
-- proto/api.proto --
a wire
"#,
    );
    let made = tree.bakehouse(&["init"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let config = tree.generated("bakehouse.toml");
    for line in ["context = \"..\"\n", "paths = [\"../proto\"]\n"] {
        assert!(config.contains(line), "no {line:?} in {config}");
    }
    assert_eq!(tree.built(), ["api: a wire"]);
}

#[test]
fn files_of_somebody_else_keep_their_places() {
    let taken = [
        ("docker/Dockerfile", "FROM scratch\n"),
        ("docker-bake.hcl", "target \"mine\" {}\n"),
        ("compose.yaml", "services: {}\n"),
        ("crates/api/src/main.rs", "fn main() {}"),
    ];
    let rows: [(&[usize], &[&str]); 4] = [
        (&[], &[]),
        (&[0], &["folder = \"docker/bakehouse\""]),
        (&[1], &["bake = \"docker/docker-bake.hcl\""]),
        (
            &[0, 1],
            &[
                "folder = \"docker/bakehouse\"",
                "bake = \"docker/bakehouse/docker-bake.hcl\"",
            ],
        ),
    ];
    for (places, expected) in rows {
        let mut files = vec![taken[3]];
        files.extend(places.iter().map(|index| taken[*index]));
        let grove = Grove::new(&files);
        let printed = grove.run(&["init", "--print"]);
        let lines: Vec<&str> = printed
            .lines()
            .filter(|line| line.starts_with("folder = ") || line.starts_with("bake = "))
            .collect();
        assert_eq!(lines, expected, "{printed}");
        grove.run(&["init"]);
        grove.run(&["generate"]);
        grove.run(&["generate", "--check"]);
        for (path, text) in &files {
            assert_eq!(std::fs::read_to_string(grove.path(path)).unwrap(), *text);
        }
    }
    let grove = Grove::new(&taken[2..]);
    let printed = grove.run(&["init", "--print"]);
    assert!(printed.contains("--file docker-bake.hcl"), "{printed}");
    // Files that bakehouse generated do not block another run.
    grove.run(&["generate"]);
    assert_eq!(grove.run(&["init", "--print"]), printed);
}

#[test]
fn a_package_with_a_version_or_a_newer_name_is_listed_once() {
    let grove = rich();
    grove.write(
        "Dockerfile",
        "FROM rust:1.95-trixie AS build\nCOPY . .\nRUN cargo build --release --bin api\nFROM debian:trixie-slim\nRUN apt-get update && apt-get install -y ca-certificates=20250419 libssl3t64\nCOPY --from=build /target/release/api /usr/bin/\nCMD [\"api\"]\n",
    );
    let printed = grove.run(&["init", "--print"]);
    let (_, runtime) = printed.split_once("[runtime]").unwrap();
    let (_, list) = runtime.split_once("packages = [\n").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    assert_eq!(
        list.lines().collect::<Vec<_>>(),
        [
            "    \"ca-certificates=20250419\", # openssl-sys, Dockerfile:5",
            "    \"libssl3t64\", # openssl-sys, Dockerfile:5",
        ]
    );
}
