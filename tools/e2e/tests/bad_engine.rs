//! The disk is full, the engine vanishes, the build is killed: what happened is said clearly, nothing is half done,
//! and the next build is right.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bakehouse_e2e::at_once::at_once;
use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::{BASES, SERVICES, expected, set, tiny};
use bakehouse_testkit::{
    Disk, Ran, Reach, Runner, Running, Turn, Workspace, bakehouse, engine, mounts, unique,
};

/// Enough for the bases and what the tests build.
const MEGABYTES: u64 = 6 * 1024;

/// How an image is listed.
const IMAGE: &str = "{{.Repository}}:{{.Tag}} {{.ID}}";

/// The lines of a listing: images that are of one age come in any order.
fn sorted(listing: &str) -> BTreeSet<String> {
    listing.lines().map(str::to_owned).collect()
}

fn cold(strategy: Strategy) -> Workspace {
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    (strategy.prepare)(&workspace);
    workspace
}

/// `bakehouse build` with the images of `workspace`, on the engine of `host` if there is one.
fn build(workspace: &Workspace, services: &[&str], host: Option<&str>) -> Command {
    let mut command = bakehouse::command(workspace.dir());
    command
        .arg("build")
        .args(services)
        .env("REGISTRY", workspace.images.namespace());
    if let Some(host) = host {
        command.env("DOCKER_HOST", host);
    }
    command
}

/// Makes the build of `c` sleep.
fn pause(workspace: &Workspace, seconds: u32) {
    workspace.write("crates/c/pause", &seconds.to_string());
}

/// Waits until the libraries are compiled and the build script of `c` sleeps.
fn wait_for_the_middle(building: &mut Running) {
    building.wait_for("Compiling c v0.1.0");
    std::thread::sleep(Duration::from_secs(2));
}

/// A workspace that a strategy builds on a runner.
struct Trial<'a> {
    strategy: Strategy,
    workspace: Workspace,
    runner: &'a Runner,
}

impl<'a> Trial<'a> {
    fn new(strategy: Strategy, runner: &'a Runner) -> Self {
        Self {
            strategy,
            workspace: cold(strategy),
            runner,
        }
    }

    fn build(&self, services: &[&str]) -> Command {
        build(&self.workspace, services, Some(self.runner.host()))
    }

    /// All services have to print `common` of this value.
    #[track_caller]
    fn expect(&self, common: &str) {
        for service in SERVICES {
            let printed = self.runner.prints(&self.workspace.images.name(service));
            let expected = expected(service, "A", common, "A");
            assert_eq!(printed, expected, "strategy {}", self.strategy.name);
        }
    }
}

/// On one engine, since it takes long to start: first its disk is full, then it vanishes.
#[test]
#[ignore = "starts an engine on a small disk: tools/test --slow"]
fn a_full_disk_and_an_engine_that_vanishes() {
    let _turn = Turn::take();
    let runner = Runner::start_on(Disk::new(MEGABYTES), "bad", &BASES);
    let trials: Vec<_> = STRATEGIES
        .iter()
        .map(|strategy| Trial::new(*strategy, &runner))
        .collect();
    at_once(&trials, |trial| {
        let _ = Ran::of(&mut trial.build(&[])).succeeded();
    });
    a_full_disk(&runner, &trials);
    an_engine_that_vanishes(&runner, &trials);
}

/// All values are `A`, and then `B`.
fn a_full_disk(runner: &Runner, trials: &[Trial<'_>]) {
    let images = || sorted(&runner.docker(["image", "ls", "--format", IMAGE]));
    let before = images();
    let script = trials[0].workspace.read("crates/c/build.rs");
    // One after the other: the linker of one dies in another way while the other fills the disk.
    for trial in trials {
        set(&trial.workspace, "common", "B");
        trial.workspace.write("crates/c/build.rs", FILL);
        runner.disk().leave(24);
        let before = trial.workspace.tree();
        Ran::of(&mut trial.build(&["c"]))
            .exited(1)
            .says("bake-failed")
            .says("docker buildx bake c failed: the engine's disk is full")
            .says("help: `docker system df` shows what fills it");
        assert_eq!(trial.workspace.tree(), before, "{}", trial.strategy.name);
    }
    assert_eq!(images(), before);

    runner.disk().leave(MEGABYTES / 2);
    at_once(trials, |trial| {
        trial.expect("A");
        // There is room for what it fills.
        let _ = Ran::of(&mut trial.build(&["c"])).succeeded();
        trial.workspace.write("crates/c/build.rs", &script);
        let _ = Ran::of(&mut trial.build(&[])).succeeded();
        trial.expect("B");
    });
}

/// A build script that writes more than there is room for.
const FILL: &str = r#"fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/fill"), vec![7; 96 << 20]).unwrap();
}
"#;

/// Its daemons crash when the libraries are `C` and their user is not compiled. What ran in a container goes on for
/// a while, and meets the next build, which is killed too, in the same mounts.
fn an_engine_that_vanishes(runner: &Runner, trials: &[Trial<'_>]) {
    let mut builds = at_once(trials, |trial| {
        set(&trial.workspace, "common", "C");
        pause(&trial.workspace, 10);
        let before = trial.workspace.tree();
        let mut building = Running::start(&mut trial.build(&["c"]));
        wait_for_the_middle(&mut building);
        (building, before)
    });
    let left_running = Instant::now() + Duration::from_secs(10);
    runner.crash();
    for (trial, (building, before)) in trials.iter().zip(builds.drain(..)) {
        building
            .wait()
            .exited(1)
            .says("bake-failed")
            .says("docker buildx bake c failed: the engine is gone")
            .says("help: start it again and repeat");
        assert_eq!(trial.workspace.tree(), before);
    }
    // As long as it is not back.
    Ran::of(&mut trials[0].build(&["c"]))
        .exited(1)
        .says("engine-missing");

    runner.restart();
    at_once(trials, |trial| {
        trial.expect("B");
        set(&trial.workspace, "common", "D");
        let mut building = Running::start(&mut trial.build(&["c"]));
        wait_for_the_middle(&mut building);
        building.signal("KILL", Reach::Group);
        let _ = building.wait();
    });
    // If the build did not wait for what was left running, that has ended by now.
    std::thread::sleep(left_running.saturating_duration_since(Instant::now()));
    at_once(trials, |trial| {
        set(&trial.workspace, "common", "C");
        pause(&trial.workspace, 0);
        let _ = Ran::of(&mut trial.build(&[])).succeeded();
        trial.expect("C");
    });
}

/// BuildKit deletes mounts when it wants their room: between two bakes, while steps run that have others, and after a bake that
/// was killed.
#[test]
#[ignore = "bakes six times, a minute and a half: tools/test --slow"]
fn mounts_that_are_collected_between_two_steps() {
    let _turn = Turn::take();
    at_once(STRATEGIES, |strategy| {
        let name = unique::unique();
        let workspace = tiny();
        workspace.make_cold(&name);
        (strategy.prepare)(&workspace);
        let collect = || mounts::collect(&format!("e2e-{name}"));
        let expect = |common| {
            for service in SERVICES {
                let printed = bakehouse_e2e::tiny::prints(&workspace, service);
                let expected = expected(service, "A", common, "A");
                assert_eq!(printed, expected, "strategy {}", strategy.name);
            }
        };
        let _ = Ran::of(&mut build(&workspace, &["a"], None)).succeeded();
        assert!(collect() > 0, "strategy {}", strategy.name);
        let _ = Ran::of(&mut build(&workspace, &[], None)).succeeded();
        expect("A");

        set(&workspace, "common", "B");
        pause(&workspace, 6);
        let mut building = Running::start(&mut build(&workspace, &["c"], None));
        wait_for_the_middle(&mut building);
        building.signal("KILL", Reach::Group);
        let _ = building.wait();
        collect();
        pause(&workspace, 0);
        let _ = Ran::of(&mut build(&workspace, &[], None)).succeeded();
        expect("B");

        set(&workspace, "common", "C");
        workspace.append("crates/common/Cargo.toml", "fnv = \"=1.0.7\"\n");
        workspace.lock();
        (strategy.prepare)(&workspace);
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    collect();
                    std::thread::sleep(Duration::from_millis(200));
                }
            });
            let built = Ran::of(&mut build(&workspace, &[], None));
            ended.store(true, Ordering::Relaxed);
            let _ = built.succeeded();
        });
        expect("C");
    });
}

#[test]
fn a_killed_build() {
    let _turn = Turn::take();
    at_once(STRATEGIES, |strategy| {
        let workspace = cold(*strategy);
        let prints = |service| bakehouse_e2e::tiny::prints(&workspace, service);
        let images = || {
            let ours = format!("reference={}/*", workspace.images.namespace());
            sorted(&engine::docker([
                "image", "ls", "--filter", &ours, "--format", IMAGE,
            ]))
        };
        let _ = Ran::of(&mut build(&workspace, &[], None)).succeeded();
        let mut common = "A";
        // Ctrl-C; a kill of bakehouse alone.
        for (signal, reach, next) in [("INT", Reach::Group, "B"), ("TERM", Reach::Process, "C")] {
            set(&workspace, "common", next);
            pause(&workspace, 6);
            let before = (images(), workspace.tree());
            let mut building = Running::start(&mut build(&workspace, &["c"], None));
            wait_for_the_middle(&mut building);
            building.signal(signal, reach);
            let killed = building.wait();
            assert_ne!(killed.code, Some(0), "{killed}");
            assert!(!killed.stderr.contains("panicked"), "{killed}");
            assert_eq!((images(), workspace.tree()), before, "{signal}");
            assert_eq!(prints("c"), expected("c", "A", common, "A"), "{signal}");

            // The same again.
            pause(&workspace, 0);
            let _ = Ran::of(&mut build(&workspace, &["a", "c"], None)).succeeded();
            for service in ["a", "c"] {
                assert_eq!(
                    prints(service),
                    expected(service, "A", next, "A"),
                    "{signal}, strategy {}",
                    strategy.name
                );
            }
            common = next;
        }
    });
}
