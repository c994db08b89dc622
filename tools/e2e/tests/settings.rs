//! Settings of Cargo for single outputs, and those that a bake chooses. The host's Cargo shows what they give.

use bakehouse_e2e::at_once::at_once;
use bakehouse_e2e::strategy::STRATEGIES;
use bakehouse_testkit::{Member, Turn, Workspace, container, unique};

/// `plain` and `sized` differ in their profile, and the variants of `plain` in one setting each. `more` asks `facts` for
/// a feature, so that it is in a chain of its own.
const CONFIG: &str = r#"registry = "tiny"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.plain]
variants.traced = { features = ["trace"], default = false }
variants.flagged = { rustflags = ["--cfg", "marked"], default = false }
variants.debug = { profile = "dev", default = false }

[services.sized]
profile = "small"

[services.more]
"#;

const PROFILES: &str = r#"
[profile.small]
inherits = "release"
opt-level = "z"
overflow-checks = true

[profile.release]
debug = 1
"#;

/// Prints everything that a setting can change.
const FACTS: &str = r#"#![allow(unexpected_cfgs)]
pub fn facts() -> String {
    let overflows = std::panic::catch_unwind(|| std::hint::black_box(255_u8) + std::hint::black_box(1)).is_err();
    format!(
        "trace={} more={} marked={} debug={} overflows={overflows} opt={}",
        cfg!(feature = "trace"), cfg!(feature = "more"), cfg!(marked), cfg!(debug_assertions), env!("OPT"),
    )
}
"#;

const BUILD_SCRIPT: &str = r#"fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=OPT={}", std::env::var("OPT_LEVEL").unwrap());
}
"#;

fn workspace() -> Workspace {
    let main = |name: &str| {
        format!(
            "#![allow(unexpected_cfgs)]\nfn main() {{\n    std::panic::set_hook(Box::new(|_| {{}}));\n    println!(\"{name} {{}} {{}} {{}}\", facts::facts(), cfg!(marked), itoa::Buffer::new().format(7));\n}}\n"
        )
    };
    let service = |name: &str| Member::binary(name, &main(name)).depends("itoa = \"=1.0.9\"");
    let members = [
        Member::library("facts", FACTS)
            .depends("\n[features]\ntrace = []\nmore = []")
            .file("build.rs", BUILD_SCRIPT),
        service("plain")
            .uses("facts")
            .depends("\n[features]\ntrace = [\"facts/trace\"]\nloud = [\"facts/more\"]"),
        service("sized").uses("facts"),
        service("more").depends("facts = { path = \"../facts\", features = [\"more\"] }"),
    ];
    let workspace = Workspace::of(&members, CONFIG);
    workspace.append("Cargo.toml", PROFILES);
    workspace
}

/// Returns the output of what the host's Cargo builds.
#[track_caller]
fn of_host(workspace: &Workspace, arguments: &[&str]) -> String {
    let run = ["run", "--quiet", "--target-dir", "target", "--package"];
    let ran = workspace.cargo(run.iter().chain(arguments).copied());
    ran.succeeded().stdout.trim().to_owned()
}

#[test]
fn outputs_with_settings_of_their_own_are_what_the_host_builds() {
    let targets: [(&str, &[&str]); 6] = [
        ("plain", &["plain", "--release"]),
        (
            "plain-traced",
            &["plain", "--release", "--features", "trace"],
        ),
        (
            "plain-flagged",
            &[
                "plain",
                "--release",
                "--config",
                "build.rustflags=['--cfg', 'marked']",
            ],
        ),
        ("plain-debug", &["plain"]),
        ("sized", &["sized", "--profile", "small"]),
        ("more", &["more", "--release"]),
    ];
    let host = workspace();
    let expected = targets.map(|(target, arguments)| (target, of_host(&host, arguments)));
    let all: std::collections::BTreeSet<&String> =
        expected.iter().map(|(_, prints)| prints).collect();
    assert_eq!(
        all.len(),
        expected.len(),
        "each setting shows: {expected:?}"
    );
    let turn = Turn::share();
    at_once(STRATEGIES, |strategy| {
        let workspace = workspace();
        workspace.make_cold(&unique::unique());
        (strategy.prepare)(&workspace);
        let run = workspace.bake(targets.map(|(target, _)| target)).run(&turn);
        for (target, prints) in &expected {
            let printed = container::prints(&workspace.images.name(target), []);
            assert_eq!(printed, *prints, "{target}, strategy {}", strategy.name);
        }
        // `plain`, `more` and `plain-traced` have the same profile and flags, and ask for the same of itoa.
        let itoa = if strategy.name == "layer" { 4 } else { 6 };
        assert_eq!(
            run.compiled()["itoa v1.0.9"],
            itoa,
            "strategy {}",
            strategy.name
        );
    });
}

#[test]
fn the_profile_and_features_that_a_bake_names_are_those_of_the_host() {
    let choices: [(&str, &str, &str, &[&str]); 5] = [
        ("", "", "plain", &["plain", "--release"]),
        ("dev", "", "plain", &["plain"]),
        (
            "",
            "trace,loud",
            "plain",
            &["plain", "--release", "--features", "trace,loud"],
        ),
        (
            "small",
            "loud",
            "plain",
            &["plain", "--profile", "small", "--features", "loud"],
        ),
        // A package that has none of the features is built without.
        ("", "trace", "sized", &["sized", "--release"]),
    ];
    let host = workspace();
    let expected = choices.map(|(.., arguments)| of_host(&host, arguments));
    let turn = Turn::share();
    at_once(STRATEGIES, |strategy| {
        let workspace = workspace();
        workspace.replace("bakehouse.toml", "profile = \"small\"\n", "");
        workspace.append(
            "bakehouse.toml",
            "\n[bake]\nvariables = [\"PROFILE\", \"FEATURES\"]\n",
        );
        workspace.make_cold(&unique::unique());
        (strategy.prepare)(&workspace);
        for ((profile, features, target, _), prints) in choices.iter().zip(&expected) {
            let bake = workspace.bake([*target]);
            bake.variable("PROFILE", profile)
                .variable("FEATURES", features)
                .run(&turn);
            let printed = container::prints(&workspace.images.name(target), []);
            assert_eq!(
                printed, *prints,
                "{profile} {features}, strategy {}",
                strategy.name
            );
        }
        let wrong = workspace
            .bake(["plain"])
            .variable("PROFILE", "smal")
            .attempt(&turn);
        assert!(
            wrong.said().contains("there are dev, release, small"),
            "{}",
            wrong.said()
        );
        let wrong = workspace
            .bake(["plain"])
            .variable("FEATURES", "trac")
            .attempt(&turn);
        assert!(
            wrong.said().contains("there are loud, trace"),
            "{}",
            wrong.said()
        );
    });
}
