//! On a runner that has nothing but the registry, what did not change is not compiled.

use bakehouse_e2e::tiny::{BASES, set, tiny};
use bakehouse_testkit::{BakeRun, Runner, Turn, Workspace, runner, unique};

/// What a bake on the runner compiled, as `crate vVersion`.
fn compiled(run: &BakeRun) -> Vec<String> {
    run.compiled().into_keys().collect()
}

fn cached(
    workspace: &Workspace,
    targets: &[&str],
    mode: &str,
    cache: &str,
) -> bakehouse_testkit::Bake {
    workspace
        .bake(targets.iter().copied())
        .variable("CACHE_REF", cache)
        .variable("CACHE_MODE", mode)
}

/// In which way CI fills the cache: from a runner too. What a builder with a long history exports can be more than
/// BuildKit reads.
fn fill(workspace: &Workspace, turn: &Turn, mode: &str, cache: &str, runner: &Runner) {
    runner.forget();
    let fill = |target: &str| {
        let _ = cached(workspace, &[target], mode, cache)
            .variable("DOCKER_HOST", runner.host())
            .run(turn);
    };
    if mode == "min" {
        fill("shared");
    }
    fill("default");
}

#[test]
fn only_the_change_is_compiled() {
    let turn = Turn::take();
    let runner = Runner::start("e2e", &BASES);
    for mode in ["max", "min"] {
        let workspace = tiny();
        workspace.make_cold(&unique::unique());
        workspace.generate();
        let cache = format!("{}/cache-{}", runner::registry(), unique::unique());
        fill(&workspace, &turn, mode, &cache, &runner);
        let on_runner = |targets: &[&str]| {
            runner.forget();
            let run = cached(&workspace, targets, mode, &cache)
                .variable("DOCKER_HOST", runner.host())
                .run(&turn);
            println!(
                "{mode} {targets:?}: {:.1} s, compiled {:?}",
                run.took.as_secs_f32(),
                compiled(&run)
            );
            compiled(&run)
        };
        let nothing: Vec<String> = Vec::new();
        assert_eq!(
            on_runner(&["default"]),
            nothing,
            "nothing changed, mode {mode}"
        );

        set(&workspace, "a", "B");
        assert_eq!(
            on_runner(&["a"]),
            ["a v0.1.0"],
            "a service changed, baked alone, mode {mode}"
        );

        set(&workspace, "a", "C");
        assert_eq!(
            on_runner(&["default"]),
            ["a v0.1.0"],
            "a service changed, all baked, mode {mode}"
        );

        set(&workspace, "left", "C");
        assert_eq!(
            on_runner(&["default"]),
            ["a v0.1.0", "b v0.1.0", "left v0.1.0"],
            "a library changed, all baked, mode {mode}"
        );
    }
}

#[test]
fn a_registry_that_is_down_fails_no_build() {
    let turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    // Nothing listens there.
    let run = cached(&workspace, &["default"], "max", "127.0.0.1:9/cache").run(&turn);
    assert!(compiled(&run).contains(&"a v0.1.0".to_owned()), "{run}");
}
