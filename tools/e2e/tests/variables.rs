//! Environment variables: a change reaches the packages that declare the variable, and nothing else is built again.

use bakehouse_e2e::at_once::at_once;
use bakehouse_e2e::strategy::STRATEGIES;
use bakehouse_testkit::{Bake, Member, Turn, Workspace, container, stages, unique};

const CONFIG: &str = r#"registry = "tiny"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.a]
[services.b]

[inputs.info]
variables = ["COMMIT"]
"#;

/// A build script that reads the variable without telling Cargo.
const BUILD_SCRIPT: &str = r#"fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=SHOWN={}", std::env::var("COMMIT").unwrap_or("nothing".into()));
}
"#;

fn workspace() -> Workspace {
    let info = "pub const SHOWN: &str = env!(\"SHOWN\");\n";
    let members = [
        Member::library("info", info).file("build.rs", BUILD_SCRIPT),
        Member::binary("a", "fn main() { println!(\"one {}\", info::SHOWN); }\n").uses("info"),
        Member::binary(
            "b",
            "fn main() { println!(\"{:?}\", option_env!(\"COMMIT\")); }\n",
        ),
    ];
    Workspace::of(&members, CONFIG)
}

fn prints(workspace: &Workspace, service: &str) -> String {
    container::prints(&workspace.images.name(service), [])
}

#[test]
fn a_variable_is_built_in_where_it_is_asked_for_and_never_an_old_one() {
    let turn = Turn::share();
    at_once(STRATEGIES, |strategy| {
        let workspace = workspace();
        workspace.make_cold(&unique::unique());
        let bake = |commit: &str| -> Bake {
            (strategy.prepare)(&workspace);
            workspace.bake([]).variable("COMMIT", commit)
        };
        bake("").run(&turn);
        assert_eq!(prints(&workspace, "a"), "one nothing", "{}", strategy.name);
        assert_eq!(prints(&workspace, "b"), "None", "{}", strategy.name);

        let run = bake("1").run(&turn);
        assert_eq!(prints(&workspace, "a"), "one 1", "{}", strategy.name);
        assert_eq!(prints(&workspace, "b"), "None", "{}", strategy.name);
        let mut ran = run.ran_stages();
        ran.remove("lib-info");
        assert_eq!(ran, stages(["build-a"]), "{}", strategy.name);

        bake("2").run(&turn);
        assert_eq!(prints(&workspace, "a"), "one 2", "{}", strategy.name);
        // The old value again, in a step that did not run before.
        workspace.replace("crates/a/src/main.rs", "one", "two");
        bake("1").run(&turn);
        assert_eq!(prints(&workspace, "a"), "two 1", "{}", strategy.name);
    });
}
