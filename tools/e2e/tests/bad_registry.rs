//! Registries that refuse requests or have lost data: a cache never fails a build, a push fails it with a clear
//! message, and the next build is correct.

use std::time::Duration;

use bakehouse_e2e::at_once::at_once;
use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::{BASES, expected, prints, set, tiny};
use bakehouse_testkit::{
    Ran, Refusal, Refusing, Runner, Slow, Turn, Workspace, bakehouse, engine, runner, spoil, unique,
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

/// The role of the registry.
#[derive(Clone, Copy, Debug)]
enum Use {
    Cache,
    Push,
}

/// A broken cache fails no build. A push to a broken registry fails the build, and the next push to a working one
/// succeeds.
#[test]
fn a_registry_that_refuses() {
    let _turn = Turn::take();
    let name = unique::unique();
    let checkout = || {
        let workspace = tiny();
        workspace.make_cold(&name);
        workspace.generate();
        workspace
    };
    let first = checkout();
    let _ = build(&first, first.images.namespace(), &["a"], &[]).succeeded();
    let all = [Use::Cache, Use::Push].map(|used| REFUSALS.map(|refusal| (used, refusal)));
    // The rows run concurrently, because BuildKit retries for half a minute before it gives up.
    at_once(all.as_flattened(), |(used, refusal)| {
        let workspace = checkout();
        let value = format!("{used:?} {refusal:?}");
        set(&workspace, "a", &value);
        let refusing = Refusing::start(*refusal);
        match used {
            Use::Cache => as_a_cache(&workspace, &refusing),
            Use::Push => as_the_place_to_push_to(&workspace, &refusing),
        }
        assert!(refusing.requests() > 0, "{value}");
        let printed = prints(&workspace, "a");
        assert_eq!(printed, expected("a", &value, "A", "A"));
    });
}

/// Half a second for each answer: cache and push take longer, and are still correct.
#[test]
#[ignore = "waits for each answer, two minutes: tools/test --slow"]
fn a_registry_that_is_slow() {
    let _turn = Turn::take();
    let slow = Slow::start(Duration::from_millis(500));
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let images = workspace.images.namespace();
    let registry = format!("{}/{images}", slow.address());
    let cache = format!("{registry}/cache");
    for value in ["A", "B"] {
        set(&workspace, "a", value);
        let before = slow.answers();
        let ran = build(&workspace, &registry, &["--push"], &[("CACHE_REF", &cache)]).succeeded();
        assert!(!ran.said().contains("baking without it"), "{ran}");
        assert!(slow.answers() > before + 10, "{ran}");
        fetch(&workspace);
        assert_eq!(prints(&workspace, "a"), expected("a", value, "A", "A"));
    }
}

fn as_a_cache(workspace: &Workspace, refusing: &Refusing) {
    let cache = format!("{}/cache", refusing.address());
    let images = workspace.images.namespace();
    // All targets are baked, because a single service writes no cache.
    let ran = build(workspace, images, &[], &[("CACHE_REF", &cache)]).succeeded();
    assert!(!ran.stderr.contains("bake-failed"), "{ran}");
    // The registry was asked, and refused to store something.
    assert!(refusing.requests() >= 2, "{ran}");
    ran.says("exporting cache to registry");
}

fn as_the_place_to_push_to(workspace: &Workspace, refusing: &Refusing) {
    let images = workspace.images.namespace();
    let registry = format!("{}/{images}", refusing.address());
    let ran = build(workspace, &registry, &["a", "--", "--push"], &[]);
    // An image that could not be pushed stays in the engine under its name.
    engine::docker(["image", "rm", "--force", &format!("{registry}/a:latest")]);
    ran.exited(1)
        .says(&format!("failed to push {registry}/a:latest"))
        .says("bake-failed")
        .says("docker buildx bake a failed: the registry refused an image")
        .says("help: its answer is above");

    // This registry accepts the push.
    let registry = format!("{}/{images}", runner::registry());
    let _ = build(workspace, &registry, &["a", "--", "--push"], &[]).succeeded();
    fetch(workspace);
}

/// Pulls the image of `a` from the registry, whatever the engine has under that name.
fn fetch(workspace: &Workspace) {
    let image = format!(
        "{}/{}/a:latest",
        runner::registry(),
        workspace.images.namespace()
    );
    engine::docker(["image", "rm", "--force", &image]);
    engine::docker(["pull", "--quiet", &image]);
    workspace.images.adopt(&image, "a");
    engine::docker(["image", "rm", "--force", &image]);
}

/// Registries delete layers that seem unused, and disks fail: the cache's manifest exists, but its layers are missing
/// or different.
#[test]
#[ignore = "starts a second engine, three minutes: tools/test --slow"]
fn a_cache_whose_layers_are_lost_or_corrupted_fails_no_build() {
    let turn = Turn::take();
    let runner = Runner::start("lost", &BASES);
    let trials: Vec<Lost> = STRATEGIES.iter().copied().map(Lost::new).collect();
    at_once(&trials, |trial| {
        // The shared engine is not used here: after its long history, BuildKit refuses to read the caches that it
        // writes.
        let _ = trial
            .workspace
            .bake(["default"])
            .variable("CACHE_REF", &trial.cache())
            .variable("DOCKER_HOST", runner.host())
            .run(&turn);
        assert!(spoil::lose_layers(&trial.repository) > 0);
    });
    runner.forget();
    at_once(&trials, |trial| {
        set(&trial.workspace, "common", "B");
        let ran = trial.build(&runner);
        ran.says("the registry cache cannot be read: baking without it");
        assert_eq!(trial.prints(&runner), expected("a", "A", "B", "A"));
    });
    // The new cache that replaced it is good.
    runner.forget();
    at_once(&trials, |trial| {
        set(&trial.workspace, "a", "C");
        let ran = trial.build(&runner);
        assert!(!ran.said().contains("baking without it"), "{ran}");
        assert_eq!(trial.prints(&runner), expected("a", "C", "B", "A"));
    });
    runner.forget();
    let corrupted = spoil::Corrupted::layers(trials.iter().map(|trial| trial.repository.as_str()));
    at_once(&trials, |trial| {
        set(&trial.workspace, "common", "E");
        let ran = trial.build(&runner);
        ran.says("the registry cache cannot be read: baking without it");
        assert_eq!(trial.prints(&runner), expected("a", "C", "E", "A"));
    });
    drop(corrupted);
    for trial in &trials {
        a_cache_of_another_base(trial, &runner);
    }
    a_cache_that_is_too_large(&trials[0], &runner);
}

/// A cache from another builder base is not used, because its compiler may be different.
fn a_cache_of_another_base(trial: &Lost, runner: &Runner) {
    let workspace = &trial.workspace;
    let library = "pub fn value() -> &'static str {\n    env!(\"COMPILED_BY\")\n}\n";
    workspace.write("crates/common/src/lib.rs", library);
    let mut builder = BASES[0].to_owned();
    for base in ["one", "other"] {
        let name = format!("bakehouse-e2e/{base}:{}", trial.repository);
        let context = workspace.dir().join(base);
        workspace.write(
            &format!("{base}/Dockerfile"),
            &format!("FROM {}\nENV COMPILED_BY={base}\n", BASES[0]),
        );
        runner.docker(["build", "--quiet", "--tag", &name, context.as_str()]);
        workspace.replace("bakehouse.toml", &builder, &name);
        builder = name;
        (trial.strategy.prepare)(workspace);
        runner.forget();
        let ran = trial.build(runner);
        let expected = format!("a-C {base} left-A");
        assert_eq!(trial.prints(runner), expected, "{ran}");
    }
    set(workspace, "common", "B");
}

/// BuildKit continues without the cache and reports success.
fn a_cache_that_is_too_large(trial: &Lost, runner: &Runner) {
    spoil::make_too_large(&trial.repository);
    set(&trial.workspace, "a", "D");
    let cache = format!("{}:main", trial.cache());
    trial
        .build(runner)
        .says(&cache)
        .says("this registry cache was not used, because BuildKit reads no description of more than 1 MiB")
        .says("`docker buildx prune` there makes it forget them");
    assert_eq!(trial.prints(runner), expected("a", "D", "B", "A"));
}

/// A workspace with a cache that loses its layers.
struct Lost {
    strategy: Strategy,
    workspace: Workspace,
    repository: String,
}

impl Lost {
    fn new(strategy: Strategy) -> Self {
        let workspace = tiny();
        workspace.make_cold(&unique::unique());
        (strategy.prepare)(&workspace);
        Self {
            strategy,
            workspace,
            repository: format!("lost-{}", unique::unique()),
        }
    }

    fn cache(&self) -> String {
        format!("{}/{}", runner::registry(), self.repository)
    }

    #[track_caller]
    fn build(&self, runner: &Runner) -> Ran {
        let variables = [
            ("CACHE_REF", &*self.cache()),
            ("DOCKER_HOST", runner.host()),
        ];
        build(
            &self.workspace,
            self.workspace.images.namespace(),
            &[],
            &variables,
        )
        .succeeded()
    }

    #[track_caller]
    fn prints(&self, runner: &Runner) -> String {
        runner.prints(&self.workspace.images.name("a"))
    }
}
