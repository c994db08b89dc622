//! Failing engines: the disk is full, the engine vanishes, the build is killed. The message is clear, no file is
//! partial, and the next build is correct.

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

/// Size of the disk, enough for the bases and the tests' builds.
const MEGABYTES: u64 = 6 * 1024;

/// Format of a listing of images.
const IMAGE: &str = "{{.Repository}}:{{.Tag}} {{.ID}}";

/// Returns the lines of a listing, sorted, because images of the same age come in any order.
fn sorted(listing: &str) -> BTreeSet<String> {
    listing.lines().map(str::to_owned).collect()
}

fn cold(strategy: Strategy) -> Workspace {
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    (strategy.prepare)(&workspace);
    workspace
}

/// Runs `bakehouse build` with the images of `workspace`, on the engine of `host` if given.
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

/// Makes the build script of `c` sleep.
fn pause(workspace: &Workspace, seconds: u32) {
    workspace.write("crates/c/pause", &seconds.to_string());
}

/// Waits until the libraries are compiled and the build script of `c` sleeps.
fn wait_for_the_middle(building: &mut Running) {
    building.wait_for("Compiling c v0.1.0");
    std::thread::sleep(Duration::from_secs(2));
}

/// A workspace that one strategy builds on a runner.
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

    /// Checks that all services print this value of `common`.
    #[track_caller]
    fn expect(&self, common: &str) {
        for service in SERVICES {
            let printed = self.runner.prints(&self.workspace.images.name(service));
            let expected = expected(service, "A", common, "A");
            assert_eq!(printed, expected, "strategy {}", self.strategy.name);
        }
    }
}

/// Both tests use one engine, because it takes long to start: first its disk is full, then it vanishes.
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

/// Starts with all values `A`, which become `B`.
fn a_full_disk(runner: &Runner, trials: &[Trial<'_>]) {
    let images = || sorted(&runner.docker(["image", "ls", "--format", IMAGE]));
    let before = images();
    let script = trials[0].workspace.read("crates/c/build.rs");
    // The builds run one after the other, because a linker dies in another way while another build fills the disk.
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
        // There is room for the files that it fills the disk with.
        let _ = Ran::of(&mut trial.build(&["c"])).succeeded();
        trial.workspace.write("crates/c/build.rs", &script);
        let _ = Ran::of(&mut trial.build(&[])).succeeded();
        trial.expect("B");
    });
}

/// A build script that writes more than the disk has room for.
const FILL: &str = r#"fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/fill"), vec![7; 96 << 20]).unwrap();
}
"#;

/// Kills the engine's daemons when the libraries with `C` are compiled and their user is not. Processes in a container
/// go on for a while, and meet the next build, which is killed too, in the same mounts.
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
    // The engine is not back yet.
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
    // If the build did not wait for processes that were left running, they have ended by now.
    std::thread::sleep(left_running.saturating_duration_since(Instant::now()));
    at_once(trials, |trial| {
        set(&trial.workspace, "common", "C");
        pause(&trial.workspace, 0);
        let _ = Ran::of(&mut trial.build(&[])).succeeded();
        trial.expect("C");
    });
}

/// BuildKit deletes mounts to free space: between two bakes, while steps with other mounts run, and after a bake that
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
        // Ctrl-C, and a kill of bakehouse alone.
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

            // The same build again.
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
