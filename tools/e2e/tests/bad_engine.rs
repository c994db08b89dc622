//! The disk is full, the engine vanishes, the build is killed: what happened is said clearly, nothing is half done,
//! and the next build is right.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::{BASES, SERVICES, expected, set, tiny};
use bakehouse_testkit::{
    Disk, Ran, Reach, Runner, Running, Turn, Workspace, bakehouse, engine, unique,
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

#[test]
fn a_full_disk() {
    let _turn = Turn::take();
    let runner = Runner::start_on(Disk::new(MEGABYTES), "full", &BASES);
    for strategy in STRATEGIES {
        let workspace = cold(*strategy);
        let build =
            |services: &[&str]| Ran::of(&mut build(&workspace, services, Some(runner.host())));
        let images = || sorted(&runner.docker(["image", "ls", "--format", IMAGE]));
        let prints = |service| runner.prints(&workspace.images.name(service));
        let _ = build(&[]).succeeded();

        set(&workspace, "common", "B");
        let script = workspace.read("crates/c/build.rs");
        workspace.write("crates/c/build.rs", FILL);
        let before = (images(), workspace.tree());
        runner.disk().leave(24);
        build(&["c"])
            .exited(1)
            .says("bake-failed")
            .says("docker buildx bake c failed: the engine's disk is full")
            .says("help: `docker system df` shows what fills it");
        assert_eq!((images(), workspace.tree()), before, "{}", strategy.name);

        runner.disk().leave(MEGABYTES / 2);
        assert_eq!(prints("c"), expected("c", "A", "A", "A"));
        let _ = build(&[]).succeeded();
        for service in SERVICES {
            assert_eq!(
                prints(service),
                expected(service, "A", "B", "A"),
                "with room again, strategy {}",
                strategy.name
            );
        }
        workspace.write("crates/c/build.rs", &script);
        set(&workspace, "common", "A");
        let _ = build(&[]).succeeded();
        assert_eq!(prints("c"), expected("c", "A", "A", "A"));
    }
}

/// A build script that writes more than there is room for.
const FILL: &str = r#"fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    std::fs::write(format!("{out}/fill"), vec![7; 48 << 20]).unwrap();
}
"#;

/// Its daemons crash; what ran in a container goes on for a while, and meets the next build in the same mounts.
#[test]
fn an_engine_that_vanishes() {
    let _turn = Turn::take();
    let mut runner = Runner::start_on(Disk::new(MEGABYTES), "gone", &BASES);
    for strategy in STRATEGIES {
        let workspace = cold(*strategy);
        let host = runner.host().to_owned();
        let build = |services: &[&str]| build(&workspace, services, Some(&host));
        let _ = Ran::of(&mut build(&[])).succeeded();

        set(&workspace, "common", "B");
        pause(&workspace, 10);
        let before = workspace.tree();
        let mut building = Running::start(&mut build(&["c"]));
        wait_for_the_middle(&mut building);
        runner.crash();
        building
            .wait()
            .exited(1)
            .says("bake-failed")
            .says("docker buildx bake c failed: the engine is gone")
            .says("help: start it again and repeat");
        assert_eq!(workspace.tree(), before);
        // As long as it is not back.
        Ran::of(&mut build(&["c"])).exited(1).says("engine-missing");

        runner.up();
        let prints = |service| runner.prints(&workspace.images.name(service));
        assert_eq!(prints("c"), expected("c", "A", "A", "A"));
        set(&workspace, "common", "C");
        pause(&workspace, 0);
        let _ = Ran::of(&mut build(&[])).succeeded();
        for service in SERVICES {
            assert_eq!(
                prints(service),
                expected(service, "A", "C", "A"),
                "with an engine again, strategy {}",
                strategy.name
            );
        }
    }
}

#[test]
fn a_killed_build() {
    let _turn = Turn::take();
    for strategy in STRATEGIES {
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
        // Ctrl-C; a time limit of CI; a kill of bakehouse alone.
        for (signal, reach, next) in [
            ("INT", Reach::Group, "B"),
            ("KILL", Reach::Group, "C"),
            ("TERM", Reach::Process, "D"),
        ] {
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
    }
}
