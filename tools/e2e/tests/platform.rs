//! The reference platform: it is baked and run.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use bakehouse_testkit::container::{self, Container, Entry};
use bakehouse_testkit::{BakeRun, Ran, Turn, Workspace, bakehouse, stages, unique};

const SERVICES: [&str; 4] = ["api", "executor", "notifier", "sensor"];
const WORKERS: [&str; 4] = [
    "worker-full",
    "worker-node",
    "worker-python",
    "worker-shell",
];
const PACK_BINARY: &str = "pack-core-attune-core-timer-sensor";

/// Creates a checkout of the platform, which shares no caches with earlier processes. It is built without optimisation,
/// which takes half the time, because these tests do not depend on its speed.
pub fn checkout() -> Workspace {
    let workspace = Workspace::platform();
    workspace.make_cold(unique::of_process());
    workspace.replace(
        "Cargo.toml",
        "[profile.release]\n",
        "[profile.release]\nopt-level = 0\n",
    );
    workspace.generate();
    workspace
}

/// Bakes everything once per process, without any cache.
pub fn cold(turn: &Turn) -> &'static BakeRun {
    static COLD: OnceLock<BakeRun> = OnceLock::new();
    COLD.get_or_init(|| checkout().bake(["default", "packs"]).run(turn))
}

/// Creates a baked checkout.
fn baked(turn: &Turn) -> Workspace {
    cold(turn);
    let workspace = checkout();
    let _ = workspace.bake([]).run(turn);
    workspace
}

/// Changes the description that api has of itself.
fn change_api(workspace: &Workspace) -> String {
    let version = format!("0.1.0-{}", unique::unique());
    let new = format!("version: \"{version}\"");
    let old = "version: env!(\"CARGO_PKG_VERSION\")";
    workspace.replace("crates/attune/api/src/config.rs", old, &new);
    version
}

#[test]
fn api_answers_and_is_not_root() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    let api = Container::start(&workspace.images.name("api"), 8080);
    assert_eq!(api.get(8080, "/health", Duration::from_secs(20)), "ok");
    assert_eq!(api.users(), ["10001:10001"]);
    assert_eq!(api.inspect("{{.Config.User}}"), "10001:10001");
}

#[test]
fn images_hold_no_compiler_no_sources_and_no_packs() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    for service in SERVICES.into_iter().chain(WORKERS) {
        let entries = container::entries(&workspace.images.name(service));
        let unwanted: Vec<&str> = entries
            .iter()
            .map(|entry| entry.path.as_str())
            .filter(|path| is_compiler(path) || is_source(path))
            .collect();
        assert!(unwanted.is_empty(), "{service} holds {unwanted:?}");
        assert_packs_empty(service, &entries);
        let binaries = entries.iter().filter(|entry| {
            entry.path.starts_with("usr/local/bin/attune-") && entry.mode == "-rwxr-xr-x"
        });
        assert_eq!(binaries.count(), 1, "{service} holds one binary of ours");
    }
}

fn is_compiler(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let compilers = ["cargo", "rustc", "rustup", "gcc", "cc", "ld"];
    let in_bin = path.split('/').rev().nth(1) == Some("bin");
    in_bin && (compilers.contains(&name) || name.starts_with("gcc-"))
}

fn is_source(path: &str) -> bool {
    let rust = ["Cargo.toml", "Cargo.lock"]
        .iter()
        .any(|name| path.ends_with(name));
    let built = ["build/", "vendor/", "delta/", "dist/", "skeleton/"]
        .iter()
        .any(|folder| path.starts_with(folder));
    rust || built || path.rsplit('.').next() == Some("rs")
}

fn assert_packs_empty(service: &str, entries: &[Entry]) {
    let packs: Vec<&str> = entries
        .iter()
        .map(|entry| entry.path.as_str())
        .filter(|path| path.starts_with("opt/attune/packs"))
        .collect();
    assert_eq!(packs, ["opt/attune/packs/"], "{service}'s packs folder");
}

#[test]
fn nothing_changed_runs_nothing() {
    let turn = Turn::take();
    cold(&turn);
    // Another checkout has other paths and times.
    let workspace = checkout();
    let first = workspace.bake(["default", "packs"]).run(&turn);
    assert_eq!(first.ran_stages(), stages([]), "{first}");
    let digests = workspace.images.digests();
    let second = workspace.bake(["default", "packs"]).run(&turn);
    assert_eq!(second.ran_stages(), stages([]), "{second}");
    assert_eq!(workspace.images.digests(), digests);
}

#[test]
fn one_service_changed_compiles_that_service_alone() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    let mut before = workspace.images.digests();
    let version = change_api(&workspace);
    let run = workspace.bake([]).run(&turn);
    assert_eq!(run.ran_stages(), stages(["build-api"]), "{run}");
    assert_eq!(
        run.compiled(),
        BTreeMap::from([("attune-api v0.1.0".to_owned(), 1)])
    );
    let mut after = workspace.images.digests();
    assert_ne!(before.remove("api"), after.remove("api"));
    assert_eq!(before, after);
    assert_eq!(before.len(), SERVICES.len() - 1 + WORKERS.len());
    assert_eq!(
        container::prints(&workspace.images.name("api"), ["--version"]),
        format!("attune-api {version}")
    );
}

#[test]
fn no_crate_compiles_twice_in_a_cold_bake() {
    let turn = Turn::take();
    let compiled = cold(&turn).compiled();
    let twice: Vec<_> = compiled.iter().filter(|(_, count)| **count != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    for member in ["api", "executor", "notifier", "sensor", "worker", "common"] {
        // The stub of a member has a masked version.
        let name = format!("attune-{member} v0.1.0");
        assert_eq!(compiled.get(&name), Some(&1), "{name} in {compiled:?}");
    }
    for third_party in ["tokio", "serde", "axum"] {
        let versions = compiled
            .keys()
            .filter(|name| name.split(' ').next() == Some(third_party));
        assert_eq!(versions.count(), 1, "{third_party} in {compiled:?}");
    }
}

#[test]
fn all_variants_of_the_worker_run() {
    let turn = Turn::take();
    let workspace = baked(&turn);
    for variant in WORKERS {
        let image = workspace.images.name(variant);
        assert_eq!(
            container::prints(&image, ["--version"]),
            "attune-worker 0.1.0",
            "{variant}"
        );
    }
}

#[test]
fn the_pack_binary_is_put_into_its_pack_and_runs() {
    let turn = Turn::take();
    cold(&turn);
    let workspace = checkout();
    let before = workspace.tree();
    let _ = workspace.bake([PACK_BINARY]).run(&turn);
    let path = "packs/core/sensors/attune-core-timer-sensor";
    assert_eq!(before.differences(&workspace.tree()), [path]);
    let version = Ran::of(Command::new(workspace.dir().join(path)).arg("--version"));
    assert_eq!(
        version.succeeded().stdout.trim(),
        "attune-core-timer-sensor 0.1.0"
    );
}

#[test]
fn build_skips_what_the_engine_has() {
    let turn = Turn::take();
    cold(&turn);
    let workspace = checkout();
    let build = || {
        let mut command = bakehouse::command(workspace.dir());
        command.env("REGISTRY", workspace.images.namespace());
        Ran::of(command.arg("build")).succeeded()
    };

    let first = build();
    let results = bakehouse::results(&first);
    assert_eq!(results.len(), SERVICES.len() + WORKERS.len() + 1, "{first}");
    assert_eq!(baked_in(&first).len(), results.len(), "{first}");
    let second = build();
    assert_eq!(baked_in(&second), [""; 0], "{second}");
    let version = change_api(&workspace);
    let third = build();
    assert_eq!(baked_in(&third), ["api"], "{third}");
    assert_eq!(
        container::prints(&workspace.images.name("api"), ["--version"]),
        format!("attune-api {version}")
    );
    drop(turn);
}

/// Returns the services that `build` did not skip.
fn baked_in(build: &Ran) -> Vec<&str> {
    let results = bakehouse::results(build).into_iter();
    let baked = results.filter(|(_, result)| *result != "skipped");
    baked.map(|(name, _)| name).collect()
}
