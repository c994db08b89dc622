//! Cache precision: for each kind of change, exactly the expected steps run.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use bakehouse_e2e::tiny::{self, tiny};
use bakehouse_testkit::{BakeRun, Member, Ran, Turn, Workspace, engine, stages, unique};

/// A change, and the stages in which it makes a step run.
struct Row {
    change: &'static str,
    make: fn(&Workspace),
    runs: &'static [&'static str],
}

const LIBRARIES: [&str; 3] = ["lib-common", "lib-left", "lib-right"];

/// Stages that run after any change of the third-party crates.
const FROM_VENDOR: &[&str] = &[
    "vendor",
    "deps",
    "lib-common",
    "lib-left",
    "lib-right",
    "build-a",
    "build-b",
    "build-c",
];

/// Creates the workspace as it was before the change, which the engine has already baked.
fn base(turn: &Turn) -> Workspace {
    static BAKED: OnceLock<BakeRun> = OnceLock::new();
    let make = || {
        let workspace = tiny();
        workspace.make_cold(unique::of_process());
        workspace.generate();
        workspace
    };
    let workspace = make();
    let cold = BAKED.get_or_init(|| make().bake([]).run(turn));
    // These stages are the same in every workspace.
    let same = stages(["toolchain", "glibc-runtime", "rootfs-runtime"]);
    assert_eq!(
        &cold.ran_stages() - &same,
        stages(FROM_VENDOR.iter().copied()),
        "{cold}"
    );
    workspace
}

/// Checks all rows, and prints each one with a different result.
fn check(rows: &[Row]) {
    let turn = Turn::share();
    let mut wrong = Vec::new();
    for row in rows {
        let workspace = base(&turn);
        (row.make)(&workspace);
        workspace.generate();
        let run = workspace.bake([]).run(&turn);
        let (ran, expected) = (run.ran_stages(), stages(row.runs.iter().copied()));
        println!("{}: {ran:?}", row.change);
        let twice: BTreeSet<_> = run
            .compiled()
            .into_iter()
            .filter(|(_, count)| *count > 1)
            .collect();
        if ran != expected || !twice.is_empty() {
            wrong.push(format!(
                "{}\n  expected {expected:?}\n  ran      {ran:?}\n  compiled twice {twice:?}",
                row.change
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sources() {
    check(&[
        Row {
            change: "nothing",
            make: |_| {},
            runs: &[],
        },
        Row {
            change: "a service",
            make: |workspace| tiny::set(workspace, "a", "B"),
            runs: &["build-a"],
        },
        Row {
            change: "a library of two services",
            make: |workspace| tiny::set(workspace, "left", "B"),
            runs: &["lib-left", "build-a", "build-b"],
        },
        Row {
            change: "a library of one service",
            make: |workspace| tiny::set(workspace, "right", "B"),
            runs: &["lib-right", "build-c"],
        },
        Row {
            change: "a library of all",
            make: |workspace| tiny::set(workspace, "common", "B"),
            runs: &["lib-common", "lib-left", "build-a", "build-b", "build-c"],
        },
        Row {
            change: "a build script",
            make: |workspace| workspace.append("crates/c/build.rs", "// more\n"),
            runs: &["build-c"],
        },
    ]);
}

#[test]
fn what_no_image_is_made_of() {
    check(&[
        Row {
            change: "a test of a service",
            make: |workspace| workspace.write("crates/a/tests/new.rs", "#[test]\nfn new() {}\n"),
            runs: &[],
        },
        Row {
            change: "the readme",
            make: |workspace| workspace.append("README.md", "More.\n"),
            runs: &[],
        },
        Row {
            change: "a pack's manifest",
            make: |workspace| workspace.append("packs/demo/pack.yaml", "description: more\n"),
            runs: &[],
        },
        Row {
            change: "a member that no service uses, with a binary",
            make: |workspace| {
                workspace.add(&Member::binary("extra", "fn main() {}\n").uses("common"));
                workspace.lock();
            },
            runs: &[],
        },
        Row {
            change: "a dev-dependency",
            make: |workspace| {
                workspace.append(
                    "crates/b/Cargo.toml",
                    "\n[dev-dependencies]\nmemchr = \"=2.7.4\"\n",
                );
                workspace.lock();
            },
            runs: &[],
        },
        Row {
            change: "what a runtime image is told",
            make: |workspace| {
                workspace.replace(
                    "bakehouse.toml",
                    "package = \"a\"\n",
                    "package = \"a\"\nports = [8080]\nenv = { A = \"b\" }\n",
                );
            },
            runs: &[],
        },
    ]);
}

#[test]
fn manifests() {
    check(&[
        Row {
            change: "the version of a library",
            make: |workspace| {
                workspace.replace("crates/left/Cargo.toml", "\"0.1.0\"", "\"0.2.0\"");
                workspace.lock();
            },
            runs: &["lib-left", "build-a", "build-b"],
        },
        Row {
            change: "the version of a service",
            make: |workspace| {
                workspace.replace("crates/a/Cargo.toml", "\"0.1.0\"", "\"0.2.0\"");
                workspace.lock();
            },
            runs: &["build-a"],
        },
        Row {
            change: "the description of a service, which it may print",
            make: |workspace| {
                workspace.replace(
                    "crates/a/Cargo.toml",
                    "[dependencies]",
                    "description = \"more\"\n\n[dependencies]",
                );
            },
            runs: &["build-a"],
        },
        Row {
            change: "a second binary of a service",
            make: |workspace| {
                workspace.write("crates/a/src/other.rs", "fn main() {}\n");
                workspace.append(
                    "crates/a/Cargo.toml",
                    "\n[[bin]]\nname = \"other\"\npath = \"src/other.rs\"\n",
                );
            },
            runs: &["build-a"],
        },
        Row {
            change: "a binary in a library's folder, which is mounted as a whole",
            make: |workspace| workspace.write("crates/left/src/bin/tool.rs", "fn main() {}\n"),
            runs: &["lib-left", "build-a", "build-b"],
        },
    ]);
}

#[test]
fn third_party_crates() {
    check(&[
        Row {
            change: "one more",
            make: |workspace| {
                workspace.append("crates/left/Cargo.toml", "memchr = \"=2.7.4\"\n");
                workspace.lock();
            },
            runs: FROM_VENDOR,
        },
        Row {
            change: "one less",
            make: |workspace| {
                workspace.replace("crates/common/Cargo.toml", "cfg-if = \"=1.0.0\"\n", "");
                workspace.lock();
            },
            runs: FROM_VENDOR,
        },
        Row {
            change: "another version",
            make: |workspace| {
                workspace.replace("crates/a/Cargo.toml", "=1.0.9", "=1.0.10");
                workspace.lock();
            },
            runs: FROM_VENDOR,
        },
        Row {
            change: "one feature more, which could need another crate",
            make: |workspace| {
                workspace.replace(
                    "crates/right/Cargo.toml",
                    "\"=1.0.17\"",
                    "{ version = \"=1.0.17\", features = [\"small\"] }",
                );
            },
            runs: FROM_VENDOR,
        },
    ]);
}

#[test]
fn an_added_crate_compiles_alone() {
    let turn = Turn::share();
    let workspace = tiny();
    // The row has its own mount, because the crates that other rows removed from theirs would be compiled again.
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let _ = workspace.bake([]).run(&turn);
    workspace.append("crates/left/Cargo.toml", "memchr = \"=2.7.4\"\n");
    workspace.lock();
    workspace.generate();
    let run = workspace.bake([]).run(&turn);
    let mut compiled = run.compiled_in("deps");
    // Stubs of the members.
    compiled.retain(|name, _| !name.ends_with(" v0.0.0"));
    assert_eq!(compiled, [("memchr v2.7.4".to_owned(), 1)].into(), "{run}");
}

/// The service's crate needs others for Windows, and for a feature that is off.
#[test]
fn a_moved_crate_that_no_build_reaches_is_fetched_and_runs_nothing_else() {
    let turn = Turn::share();
    let member = Member::binary(
        "a",
        "fn main() { println!(\"{:?}\", socket2::Domain::IPV4) }\n",
    )
    .depends("socket2 = \"=0.6.5\"")
    .depends("serde_json = { version = \"1\", optional = true }");
    let workspace = Workspace::of(&[member], "registry = \"tiny\"\n[services.a]\n");
    let moved = |name: &str, version: &str| {
        let _ = workspace.cargo(["update", "--quiet", "--package", name, "--precise", version]);
        workspace.generate();
    };
    workspace.lock();
    workspace.make_cold(&unique::unique());
    moved("windows-sys", "0.60.2");
    moved("libc", "0.2.172");
    moved("serde_json", "1.0.140");
    let cold = workspace.bake([]).run(&turn);
    assert!(cold.ran_stages().contains("deps"), "{cold}");
    let image = workspace.images.digest("a");
    let rows: [(&str, &str, &[&str]); 3] = [
        ("windows-sys", "0.61.2", &["vendor"]),
        ("serde_json", "1.0.141", &[]),
        ("libc", "0.2.174", &["vendor", "deps", "build-a"]),
    ];
    for (name, version, expected) in rows {
        moved(name, version);
        let run = workspace.bake([]).run(&turn);
        let expected = stages(expected.iter().copied());
        assert_eq!(run.ran_stages(), expected, "{name} {version}\n{run}");
        assert_eq!(image == workspace.images.digest("a"), name != "libc");
    }
}

#[test]
fn how_all_is_compiled() {
    check(&[
        Row {
            change: "the profile, which stands in the manifest that vendor reads",
            make: |workspace| workspace.append("Cargo.toml", "\n[profile.release]\ndebug = 1\n"),
            runs: FROM_VENDOR,
        },
        Row {
            change: "a profile that images are not built with",
            make: |workspace| workspace.append("Cargo.toml", "\n[profile.dev]\ndebug = 0\n"),
            runs: &[],
        },
        Row {
            change: "a new service, as all are compiled with one list of packages",
            make: |workspace| {
                workspace.add(&Member::binary("d", "fn main() {}\n").uses("common"));
                workspace.append("bakehouse.toml", "\n[services.d]\npackage = \"d\"\n");
                workspace.lock();
            },
            runs: &[
                "vendor",
                "deps",
                "lib-common",
                "lib-left",
                "lib-right",
                "build-a",
                "build-b",
                "build-c",
                "build-d",
            ],
        },
    ]);
}

#[test]
fn another_builder_compiles_all() {
    let turn = Turn::share();
    let workspace = base(&turn);
    let base = derived(&workspace, "docker.io/library/rust:1.95.0-slim-bookworm");
    let bake = workspace.bake([]).variable("BUILDER_BASE", &base);
    let run = bake.run(&turn);
    let mut expected = stages(FROM_VENDOR.iter().copied());
    expected.extend(stages(["toolchain", "glibc-runtime", "rootfs-runtime"]));
    assert_eq!(run.ran_stages(), expected, "{run}");
}

#[test]
fn another_runtime_compiles_nothing() {
    let turn = Turn::share();
    let workspace = base(&turn);
    let _ = workspace.bake([]).run(&turn);
    let before = workspace.images.digest("a");
    let base = derived(&workspace, "docker.io/library/debian:bookworm-slim");
    let run = workspace
        .bake([])
        .variable("RUNTIME_BASE", &base)
        .run(&turn);
    // The new base is read, and has the same C library and folders.
    let read = stages(["glibc-runtime", "rootfs-runtime"]);
    assert_eq!(run.ran_stages(), read, "{run}");
    assert_ne!(workspace.images.digest("a"), before);
}

/// Creates an image with one file more than `image`. A label would not be enough, because BuildKit compares layers.
fn derived(workspace: &Workspace, image: &str) -> String {
    let name = workspace.images.name("base");
    let dockerfile = format!("FROM {image}\nCOPY Dockerfile /{}\n", unique::unique());
    engine::image(&name, &dockerfile);
    name
}

#[test]
fn a_toolchain_that_the_builder_lacks_fails_with_both_versions() {
    let turn = Turn::share();
    let workspace = base(&turn);
    // There is no such release, so rustup cannot install it anywhere.
    workspace.replace("rust-toolchain.toml", "1.95.0", "1.94.99");
    // Cargo runs with the toolchain of the tests.
    let generated = Ran::of(
        bakehouse_testkit::bakehouse::command(workspace.dir())
            .arg("generate")
            .env("RUSTUP_TOOLCHAIN", "1.95.0"),
    );
    let _ = generated.succeeded();
    let run = workspace.bake(["a"]).attempt(&turn);
    assert!(!run.success, "{run}");
    let said = run.said();
    assert!(
        said.contains("names 1.94.99") && said.contains("rustc 1.95.0"),
        "{said}"
    );
    let failed: Vec<_> = run
        .steps
        .iter()
        .filter(|step| step.error.is_some())
        .collect();
    assert!(failed.iter().any(|step| step.stage == "toolchain"), "{run}");
    assert!(run.compiled().is_empty(), "{run}");
}

#[test]
fn one_service_builds_its_own_libraries_only() {
    let turn = Turn::share();
    let workspace = base(&turn);
    for library in ["common", "left", "right"] {
        tiny::set(&workspace, library, "only");
    }
    workspace.generate();
    let run = workspace.bake(["c"]).run(&turn);
    let mut expected: BTreeSet<String> = stages(LIBRARIES);
    expected.remove("lib-left");
    expected.insert("build-c".to_owned());
    assert_eq!(run.ran_stages(), expected, "{run}");
}
