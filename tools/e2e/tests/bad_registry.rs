//! A registry that refuses or has lost something: as a cache it fails no build, as the place to push to it fails it
//! clearly, and the next build is right.

use bakehouse_e2e::strategy::STRATEGIES;
use bakehouse_e2e::tiny::{BASES, expected, prints, set, tiny};
use bakehouse_testkit::{
    Ran, Refusal, Refusing, Runner, Turn, Workspace, bakehouse, engine, runner, unique,
};

const REFUSALS: [Refusal; 4] = [
    Refusal::Status(401),
    Refusal::Status(429),
    Refusal::Status(500),
    Refusal::Cut,
];

fn build(workspace: &Workspace, registry: &str, more: &[&str], variables: &[(&str, &str)]) -> Ran {
    Ran::of(
        bakehouse::command(workspace.dir())
            .arg("build")
            .args(more)
            .env("REGISTRY", registry)
            .envs(variables.iter().copied()),
    )
}

#[test]
fn a_cache_that_refuses_fails_no_build() {
    let _turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    for (number, refusal) in REFUSALS.into_iter().enumerate() {
        let registry = Refusing::start(refusal);
        let value = number.to_string();
        set(&workspace, "a", &value);
        let cache = format!("{}/cache", registry.address());
        let images = workspace.images.namespace();
        let ran = build(&workspace, images, &["a"], &[("CACHE_REF", &cache)]).succeeded();
        assert!(!ran.stderr.contains("bake-failed"), "{ran}");
        // It was asked, and it was told that something could not be written there.
        assert!(registry.requests() >= 2, "{refusal:?}");
        ran.says("exporting cache to registry");
        assert_eq!(
            prints(&workspace, "a"),
            expected("a", &value, "A", "A"),
            "{refusal:?}"
        );
    }
}

#[test]
fn a_push_that_is_refused_fails_the_build() {
    let _turn = Turn::take();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    for (number, refusal) in REFUSALS.into_iter().enumerate() {
        let refusing = Refusing::start(refusal);
        let value = number.to_string();
        set(&workspace, "a", &value);
        let registry = format!("{}/{}", refusing.address(), workspace.images.namespace());
        let ran = build(&workspace, &registry, &["a", "--", "--push"], &[]);
        // What could not be pushed stays in the engine, under its name.
        engine::docker(["image", "rm", "--force", &format!("{registry}/a:latest")]);
        ran.exited(1)
            .says(&format!("failed to push {registry}/a:latest"))
            .says("bake-failed")
            .says("docker buildx bake a failed: the registry did not take an image")
            .says("help: its answer stands above");
        assert!(refusing.requests() > 0, "{refusal:?}");

        // To one that takes it.
        let registry = format!("{}/{}", runner::registry(), workspace.images.namespace());
        let _ = build(&workspace, &registry, &["a", "--", "--push"], &[]).succeeded();
        let image = format!("{registry}/a:latest");
        engine::docker(["image", "rm", "--force", &image]);
        let printed = engine::docker(["run", "--rm", "--pull", "always", "--quiet", &image]);
        engine::docker(["image", "rm", "--force", &image]);
        assert_eq!(printed, expected("a", &value, "A", "A"), "{refusal:?}");
    }
}

/// Registries delete what they think nobody needs: the cache's manifest is there, and its layers are not.
#[test]
fn a_cache_that_has_lost_its_layers_fails_no_build() {
    let turn = Turn::take();
    let runner = Runner::start("lost", &BASES);
    for strategy in STRATEGIES {
        let workspace = tiny();
        workspace.make_cold(&unique::unique());
        (strategy.prepare)(&workspace);
        let repository = format!("lost-{}", unique::unique());
        let cache = format!("{}/{repository}", runner::registry());
        // Not on the shared engine: its long history makes caches that BuildKit refuses to read.
        runner.forget();
        let _ = workspace
            .bake([])
            .variable("CACHE_REF", &cache)
            .variable("DOCKER_HOST", runner.host())
            .run(&turn);
        let layers = runner::lose_layers(&repository);
        assert!(layers > 0);

        let images = workspace.images.namespace();
        let on_runner = || {
            let variables = [("CACHE_REF", &*cache), ("DOCKER_HOST", runner.host())];
            build(&workspace, images, &[], &variables)
        };
        runner.forget();
        set(&workspace, "common", "B");
        let ran = on_runner().succeeded();
        ran.says("the registry cache cannot be read: baking without it");
        for service in ["a", "c"] {
            let image = workspace.images.name(service);
            assert_eq!(runner.prints(&image), expected(service, "A", "B", "A"));
        }

        // What was written instead of it is good.
        runner.forget();
        set(&workspace, "a", "C");
        let ran = on_runner().succeeded();
        assert!(!ran.said().contains("baking without it"), "{ran}");
        let image = workspace.images.name("a");
        assert_eq!(runner.prints(&image), expected("a", "C", "B", "A"));
    }
}
