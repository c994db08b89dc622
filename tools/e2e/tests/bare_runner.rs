//! Bare runners: on an engine with nothing but the registry cache, unchanged code is not compiled.

use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::{BASES, tiny};
use bakehouse_e2e::wide::{set_library, set_service, wide};
use bakehouse_testkit::{Bake, BakeRun, Runner, Turn, Workspace, runner, unique};

/// The runners of a branch. Each bake is on a new runner, with the registry caches of main and of the branch.
struct Branch<'a> {
    workspace: &'a Workspace,
    turn: &'a Turn,
    runner: &'a Runner,
    cache: String,
}

impl Branch<'_> {
    fn bake(&self, branch: &str, targets: &[&str]) -> BakeRun {
        self.runner.forget();
        cached(self.workspace, targets, &self.cache)
            .variable("CACHE_BRANCH", branch)
            .variable("DOCKER_HOST", self.runner.host())
            .run(self.turn)
    }

    /// Returns the crates that a bake of `targets` compiles, as `crate vVersion`.
    fn compiles(&self, targets: &[&str]) -> Vec<String> {
        let run = self.bake("feature/x", targets);
        let compiled = compiled(&run);
        println!(
            "{targets:?}: {:.1} s, compiled {compiled:?}",
            run.took.as_secs_f32()
        );
        compiled
    }
}

fn compiled(run: &BakeRun) -> Vec<String> {
    run.compiled().into_keys().collect()
}

fn cached(workspace: &Workspace, targets: &[&str], cache: &str) -> Bake {
    workspace
        .bake(targets.iter().copied())
        .variable("CACHE_REF", cache)
}

fn only_the_change(strategy: &Strategy, services_alone: bool) {
    let turn = Turn::take();
    let runner = Runner::start("e2e", &BASES);
    let workspace = wide();
    workspace.make_cold(&unique::unique());
    (strategy.prepare)(&workspace);
    let branch = Branch {
        workspace: &workspace,
        turn: &turn,
        runner: &runner,
        cache: format!("{}/cache-{}", runner::registry(), unique::unique()),
    };
    let nothing: Vec<String> = Vec::new();
    let name = strategy.name;
    assert!(!compiled(&branch.bake("main", &["default"])).is_empty());

    for _ in 0..2 {
        assert_eq!(
            branch.compiles(&["default"]),
            nothing,
            "{name}: nothing changed"
        );
    }
    if !services_alone {
        return;
    }
    set_service(&workspace, 0, "B");
    assert_eq!(
        branch.compiles(&["s0"]),
        ["s0 v0.1.0"],
        "{name}: a service, alone"
    );
    assert_eq!(
        branch.compiles(&["default"]),
        ["s0 v0.1.0"],
        "{name}: a service, all baked"
    );
    set_service(&workspace, 3, "B");
    assert_eq!(
        branch.compiles(&["default"]),
        ["s3 v0.1.0"],
        "{name}: another, on a branch that has a cache of its own"
    );
    set_library(&workspace, 1, "B");
    assert_eq!(
        branch.compiles(&["default"]),
        ["l1 v0.1.0", "s1 v0.1.0", "s5 v0.1.0", "s7 v0.1.0"],
        "{name}: a library"
    );
    set_library(&workspace, 1, "A");
    assert_eq!(
        branch.compiles(&["default"]),
        nothing,
        "{name}: back to what main has"
    );
}

#[test]
fn only_the_change_is_compiled() {
    only_the_change(&STRATEGIES[0], true);
}

/// With this strategy, target folders are in mounts, which a bare runner does not have: each change compiles its whole
/// closure.
#[test]
#[ignore = "starts another engine, a minute: tools/test --slow"]
fn what_did_not_change_is_not_compiled_with_mounts_either() {
    only_the_change(&STRATEGIES[1], false);
}

#[test]
fn a_registry_that_is_down_fails_no_build() {
    let turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    // No registry listens there.
    let run = cached(&workspace, &["default"], "127.0.0.1:9/cache").run(&turn);
    assert!(compiled(&run).contains(&"a v0.1.0".to_owned()), "{run}");
}
