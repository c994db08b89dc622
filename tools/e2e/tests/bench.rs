//! `bakehouse bench`: it measures as documented, and detects stale binaries.

use std::process::Command;

use bakehouse_e2e::tiny::{BASES, set, tiny};
use bakehouse_testkit::{Runner, Turn, runner, unique};
use serde_json::Value;

#[test]
#[ignore = "measures: tools/test --slow"]
fn a_stale_binary_is_seen() {
    let _turn = Turn::take();
    let workspace = tiny();
    let out = workspace.dir().join("out");
    let ran = workspace.bakehouse([
        "bench",
        "--quiet",
        "--rounds=1",
        "--way=host,layer,mount,seed",
        "--scenario=cold,nothing,build-nothing,service,common,back-and-forth",
        "--out",
        out.as_str(),
    ]);
    let _ = ran.succeeded();
    let results: Value = serde_json::from_str(&workspace.read("out/bench.json")).unwrap();
    let run = |scenario: &str, way: &str| -> Value {
        let rows = results["scenarios"].as_array().unwrap();
        let row = rows.iter().find(|row| row["scenario"] == scenario).unwrap();
        row["cells"][way]["runs"][0].clone()
    };
    for way in ["host", "layer", "mount"] {
        for scenario in ["cold", "service", "common", "back-and-forth"] {
            assert_eq!(run(scenario, way)["outcome"], "right", "{scenario} {way}");
        }
        assert_eq!(run("service", way)["compiled_own"], 1, "{way}");
        assert_eq!(run("nothing", way)["compiled_own"], 0, "{way}");
    }
    assert_eq!(run("back-and-forth", "seed")["outcome"], "stale");
    assert!(run("build-nothing", "layer")["seconds"].as_f64().unwrap() > 0.0);
    assert!(run("cold", "layer")["context_bytes"].as_u64().unwrap() > 1000);
    assert!(workspace.read("out/bench.md").contains("**stale binary**"));
    assert!(workspace.read("out/bench.svg").contains("stale binary"));
}

/// A docker context, removed at the end.
struct Context(String);

impl Context {
    fn of(host: &str) -> Self {
        let name = unique::unique();
        let endpoint = format!("host={host}");
        let created = Command::new("docker")
            .args(["context", "create", &name, "--docker", &endpoint])
            .output()
            .expect("docker runs");
        assert!(created.status.success(), "{created:?}");
        Self(name)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["context", "rm", "--force", &self.0])
            .output();
    }
}

#[test]
#[ignore = "measures: tools/test --slow"]
fn commits_are_replayed_as_a_pipeline_builds_them() {
    let _turn = Turn::take();
    let runner = Runner::start("e2e", &BASES);
    let context = Context::of(runner.host());
    let workspace = tiny();
    workspace.git(["init", "--quiet", "--initial-branch", "main"]);
    let commit = |subject: &str| {
        workspace.git(["add", "--all"]);
        workspace.git(["commit", "--quiet", "--message", subject]);
    };
    commit("first");
    workspace.write("README.md", "# Tiny, edited\n");
    commit("other");
    set(&workspace, "a", "B");
    commit("sources");
    workspace.write("crates/a/src/main.rs", "fn main() { missing() }\n");
    commit("broken");
    set(&workspace, "a", "C");
    let manifest = workspace.read("crates/a/Cargo.toml");
    workspace.write(
        "crates/a/Cargo.toml",
        &manifest.replace("=1.0.9", "=1.0.10"),
    );
    workspace.cargo(["update", "--package", "itoa", "--precise", "1.0.10"]);
    commit("lock");
    let out = workspace.dir().join("out");
    let ran = workspace.bakehouse([
        "bench",
        "--quiet",
        "--replay=main~4..main",
        "--kept",
        "--way=host,layer",
        "--runner",
        &context.0,
        "--registry",
        &runner::registry(),
        "--out",
        out.as_str(),
    ]);
    let _ = ran.succeeded();
    let replayed: Value = serde_json::from_str(&workspace.read("out/replay.json")).unwrap();
    let commits = replayed["commits"].as_array().unwrap();
    let told = |commit: &Value| {
        let compiled = |place: &str| {
            let builds = commit["builds"].as_array().unwrap();
            let mut builds = builds.iter();
            let build = builds.find(|build| build["way"] == "layer" && build["place"] == place);
            let build = build.unwrap();
            assert_eq!(build["outcome"], "right", "{commit}");
            (
                build["compiled_own"].clone(),
                build["compiled_third_party"].clone(),
            )
        };
        assert_eq!(commit["left_out"], Value::Null);
        (commit["kind"].clone(), compiled("bare"), compiled("kept"))
    };
    assert_eq!(
        told(&commits[0]),
        ("other".into(), (0.into(), 0.into()), (0.into(), 0.into()))
    );
    assert_eq!(
        told(&commits[1]),
        ("sources".into(), (1.into(), 0.into()), (1.into(), 0.into()))
    );
    let why = commits[2]["left_out"].as_str().unwrap();
    assert!(why.contains("the host cannot build"), "{why}");
    let (kind, _, kept) = told(&commits[3]);
    assert_eq!((kind, kept.1), ("lock".into(), 1.into()));
    for sum in replayed["sums"].as_array().unwrap() {
        assert_eq!((&sum["commits"], &sum["stale"]), (&3.into(), &0.into()));
    }
    assert!(workspace.read("out/replay.md").contains("in no sum"));
    assert!(workspace.read("out/replay.svg").contains("▲"));
}
