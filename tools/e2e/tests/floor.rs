//! `glibc = "2.28"`: binaries run with an older C library than the builder's, and nothing else changes.

use std::collections::BTreeMap;

use ::bakehouse::packs::glibc::Version;
use ::bakehouse::packs::program::Program;
use bakehouse_e2e::at_once::at_once;
use bakehouse_e2e::native::native;
use bakehouse_e2e::old_base;
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{BakeRun, Member, Turn, Workspace, container, engine, stages, unique};

const BUILDER: &str = "docker.io/library/rust:1.95.0-slim-bookworm";
const FLOOR: Version = Version {
    major: 2,
    minor: 28,
};

/// A configuration in which `old` is the binary of `a` on a base with an older C library than the builder's.
const CONFIG: &str = r#"registry = "floor"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.a]
package = "a"

[services.b]
package = "b"

[services.old]
package = "a"
runtime = "OLD"

[packs.demo]
path = "packs/demo"
binaries = [{ package = "tick", to = "bin/" }, { package = "still", to = "bin/", static = true }]
"#;

/// C code with functions that have other symbols in older versions. Those of bookworm are from 2.33 and 2.34.
const NATIVE: &str = "#include <pthread.h>\n#include <sys/stat.h>\n\
    static void *nothing(void *given) { return given; }\n\
    int native(void) {\n\
        struct stat about;\n\
        pthread_t thread;\n\
        return stat(\"/\", &about) | pthread_create(&thread, 0, nothing, 0) | pthread_join(thread, 0);\n\
    }\n";

fn source(name: &str, value: &str) -> String {
    format!(
        "fn main() {{\n    println!(\"{name}-{value} {{}} {{}}\", common::value(), native::value());\n}}\n"
    )
}

fn workspace(strategy: &str) -> Workspace {
    let program = |name: &str| {
        Member::binary(name, &source(name, "A"))
            .uses("common")
            .uses("native")
    };
    let members = [
        Member::library(
            "common",
            "pub fn value() -> &'static str {\n    \"common-A\"\n}\n",
        )
        .depends("cfg-if = \"=1.0.0\""),
        native(NATIVE, "1.11.3", &[]),
        program("a"),
        program("b"),
        program("tick"),
        program("still"),
    ];
    let workspace = Workspace::of(&members, CONFIG);
    workspace.write(
        "packs/demo/pack.yaml",
        "ref: demo\nname: Demo\nversion: 1.0.0\n",
    );
    workspace.make_cold(&unique::unique());
    let old = old_base::make(&workspace, "base", FLOOR.minor);
    workspace.replace("bakehouse.toml", "OLD", &old);
    workspace.append(
        "bakehouse.toml",
        &format!("\n[cache]\nstrategy = \"{strategy}\"\n"),
    );
    workspace
}

fn set_floor(workspace: &Workspace) {
    let config = workspace.read("bakehouse.toml");
    workspace.write("bakehouse.toml", &format!("glibc = \"{FLOOR}\"\n{config}"));
    workspace.generate();
}

/// Returns the glibc that the binary of a service needs.
#[track_caller]
fn needs(workspace: &Workspace, service: &str, bin: &str) -> Version {
    let image = workspace.images.name(service);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join(bin);
    let container = docker(["create", "--network", "none", &image]);
    let from = format!("{container}:/usr/local/bin/{bin}");
    docker(["cp", &from, file.to_str().expect("its name is UTF-8")]);
    docker(["rm", &container]);
    of_file(file.to_str().expect("its name is UTF-8")).expect("it is dynamic")
}

/// Returns the glibc that a binary needs; none for a static one.
#[track_caller]
fn of_file(path: &str) -> Option<Version> {
    let content = std::fs::read(path).expect("a file can be read");
    match Program::of(&content) {
        Program::Binary(binary) => binary.glibc.map(|needed| needed.version),
        other => panic!("{path} is {other:?}"),
    }
}

#[track_caller]
fn compiled_once(run: &BakeRun) {
    let twice: BTreeMap<_, _> = run
        .compiled()
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .collect();
    assert!(twice.is_empty(), "{twice:?}\n{run}");
}

#[test]
#[ignore = "fetches zig, 100 MB: tools/test --slow"]
fn a_binary_needs_no_newer_glibc_than_is_asked_for() {
    let turn = Turn::take();
    at_once(&["layer", "mount"], |strategy| {
        let workspace = workspace(strategy);
        workspace.generate();
        let run = workspace.bake(["a", "old"]).attempt(&turn);
        let lacks = "error: a needs GLIBC_2.34 (symbol ";
        assert!(!run.success && run.said().contains(lacks), "{run}");

        set_floor(&workspace);
        let run = workspace.bake([]).run(&turn);
        compiled_once(&run);
        for (service, bin) in [("a", "a"), ("b", "b"), ("old", "a")] {
            assert!(needs(&workspace, service, bin) <= FLOOR, "{service}");
        }
        for service in ["a", "b"] {
            let printed = container::prints(&workspace.images.name(service), []);
            assert_eq!(printed, format!("{service}-A common-A 0"));
        }

        let run = workspace.bake([]).run(&turn);
        assert_eq!(run.ran_stages(), stages([]), "{run}");

        workspace.write("crates/a/src/main.rs", &source("a", "B"));
        let run = workspace.bake([]).run(&turn);
        assert_eq!(run.ran_stages(), stages(["build-a"]), "{run}");
        let compiled: Vec<String> = run.compiled().into_keys().collect();
        assert_eq!(compiled, ["a v0.1.0"], "{run}");
        let printed = container::prints(&workspace.images.name("a"), []);
        assert_eq!(printed, "a-B common-A 0");

        // Pack binaries compile nothing but themselves, static ones included.
        let run = workspace.bake(["packs"]).run(&turn);
        let compiled: Vec<String> = run.compiled().into_keys().collect();
        assert_eq!(compiled, ["still v0.1.0", "tick v0.1.0"], "{run}");
        let _ = workspace.bakehouse(["packs", "build"]).succeeded();
        let built = |name: &str| format!("{}/packs/demo/bin/{name}", workspace.dir());
        assert!(of_file(&built("tick")).is_some_and(|needs| needs <= FLOOR));
        assert_eq!(of_file(&built("still")), None);
        for name in ["tick", "still"] {
            assert_eq!(docker_runs(&built(name)), format!("{name}-A common-A 0"));
        }
    });
}

/// Returns the output of a program of this machine in a container.
#[track_caller]
fn docker_runs(file: &str) -> String {
    let mount = format!("{file}:/run-it:ro");
    let base = "docker.io/library/debian:bookworm-slim";
    docker([
        "run",
        "--rm",
        "--network",
        "none",
        "-v",
        &mount,
        base,
        "/run-it",
    ])
}

#[test]
#[ignore = "fetches zig, 100 MB: tools/test --slow"]
fn each_package_by_itself_has_the_same_floor() {
    let turn = Turn::take();
    let workspace = workspace("layer");
    workspace.replace("bakehouse.toml", "registry", "unify = \"each\"\nregistry");
    set_floor(&workspace);
    let _ = workspace.bake(["a", "b", "old"]).run(&turn);
    assert!(needs(&workspace, "a", "a") <= FLOOR);
    assert!(needs(&workspace, "b", "b") <= FLOOR);
}

#[test]
#[ignore = "fetches zig, 100 MB: tools/test --slow"]
fn a_builder_that_has_zig_fetches_none() {
    let turn = Turn::take();
    let workspace = workspace("layer");
    set_floor(&workspace);
    // The generated stage provides one.
    let image = workspace.images.name("fetched");
    let _ = workspace
        .bake(["a"])
        .set("a.target=glibc-zig")
        .set(&format!("a.tags={image}"))
        .run(&turn);
    // The image has a new name each time, so that results of earlier runs are not used.
    let own = workspace.images.name("own");
    engine::image(
        &own,
        &format!(
            "FROM {BUILDER}\n\
             COPY --from={image} /zig/out/ziglang/ /opt/zig/\n\
             COPY --from={image} /zig/out/bin/cargo-zigbuild /usr/local/bin/\n\
             RUN ln -s /opt/zig/zig /usr/local/bin/zig && echo {} >/made\n",
            unique::unique()
        ),
    );
    let run = workspace
        .bake(["a"])
        .variable("BUILDER_BASE", &own)
        .run(&turn);
    let fetch = run
        .steps
        .iter()
        .find(|step| step.stage == "glibc-zig" && step.is_run());
    let fetch = fetch.expect("there is the step that fetches");
    assert!(fetch.log.contains("BUILDER_BASE's own"), "{run}");
    assert!(needs(&workspace, "a", "a") <= FLOOR);
}

#[test]
#[ignore = "fetches zig, 100 MB: tools/test --slow"]
fn where_no_zig_can_be_had_the_build_says_so() {
    let turn = Turn::take();
    let workspace = workspace("layer");
    set_floor(&workspace);
    let run = workspace
        .bake(["a"])
        .set("a.target=glibc-zig")
        .set("*.no-cache=true")
        .set("*.args.http_proxy=http://127.0.0.1:9")
        .set("*.args.https_proxy=http://127.0.0.1:9")
        .attempt(&turn);
    assert!(!run.success, "{run}");
    let said = run.said();
    let error = "error: glibc in bakehouse.toml needs zig, and ";
    assert!(said.contains(error), "{said}");
    assert!(
        said.contains("a BUILDER_BASE that has cargo-zigbuild and zig"),
        "{said}"
    );
}
