//! A baked binary is made of the sources as they are, whatever happened before.

use std::time::{Duration, SystemTime};

use bakehouse_e2e::strategy::{STRATEGIES, Strategy, USUAL};
use bakehouse_e2e::tiny::{SERVICES, expected, prints, set, tiny};
use bakehouse_testkit::workspace::in_year;
use bakehouse_testkit::{Turn, Workspace, unique};

/// A workspace that is built by one strategy.
struct Trial {
    turn: Turn,
    workspace: Workspace,
    strategy: Strategy,
    /// Another trial's bakes are no part of this one's history.
    name: String,
}

impl Trial {
    fn new(strategy: Strategy) -> Self {
        let turn = Turn::take();
        let workspace = tiny();
        let name = unique::unique();
        workspace.make_cold(&name);
        Self {
            turn,
            workspace,
            strategy,
            name,
        }
    }

    #[track_caller]
    fn bake(&self, services: &[&str]) {
        (self.strategy.prepare)(&self.workspace);
        let _ = self
            .workspace
            .bake(services.iter().copied())
            .run(&self.turn);
    }

    fn set(&self, member: &str, value: &str) {
        set(&self.workspace, member, value);
    }

    /// Sets a value in a file that was last changed in `time`.
    fn set_at(&self, member: &str, value: &str, time: SystemTime) {
        self.set(member, value);
        let file = if SERVICES.contains(&member) {
            "main.rs"
        } else {
            "lib.rs"
        };
        let path = format!("crates/{member}/src/{file}");
        self.workspace.set_mtime(&path, time);
    }

    #[track_caller]
    fn assert_prints(&self, service: &str, own: &str, common: &str, library: &str) {
        assert_eq!(
            prints(&self.workspace, service),
            expected(service, own, common, library),
            "strategy {}",
            self.strategy.name
        );
    }
}

/// Runs a scenario with every strategy.
fn with_every_strategy(scenario: fn(&Trial)) {
    for strategy in STRATEGIES {
        scenario(&Trial::new(*strategy));
    }
}

/// A library goes from A to B and back, then a service that uses it changes: the service is compiled where the
/// library was B last.
fn back_and_forth(trial: &Trial, services: &[&str]) {
    trial.bake(services);
    trial.set("common", "B");
    trial.bake(services);
    trial.set("common", "A");
    trial.bake(services);
    trial.set("a", "B");
    trial.bake(&["a"]);
}

/// Sources as unpacked from an archive: old, and changed to something just as old.
fn old_times(trial: &Trial, services: &[&str]) {
    trial.workspace.set_mtimes(in_year(2001));
    trial.bake(services);
    trial.set_at("common", "B", in_year(2002));
    trial.bake(services);
}

#[test]
fn a_library_changed_and_changed_back() {
    with_every_strategy(|trial| {
        back_and_forth(trial, &SERVICES);
        trial.assert_prints("a", "B", "A", "A");
        trial.assert_prints("b", "A", "A", "A");
        trial.assert_prints("c", "A", "A", "A");
    });
}

#[test]
fn the_usual_dockerfile_is_stale_when_a_library_changed_back() {
    let trial = Trial::new(USUAL);
    back_and_forth(&trial, &["a"]);
    trial.assert_prints("a", "B", "B", "A");
}

#[test]
fn sources_older_than_every_build() {
    with_every_strategy(|trial| {
        old_times(trial, &SERVICES);
        for service in SERVICES {
            trial.assert_prints(service, "A", "B", "A");
        }
        trial.set_at("a", "C", in_year(2002));
        trial.set_at("left", "C", in_year(2002));
        trial.bake(&SERVICES);
        trial.assert_prints("a", "C", "B", "C");
        trial.assert_prints("b", "A", "B", "C");
    });
}

#[test]
fn the_usual_dockerfile_is_stale_when_sources_are_old() {
    let trial = Trial::new(USUAL);
    old_times(&trial, &["a"]);
    trial.assert_prints("a", "A", "A", "A");
}

#[test]
fn branches_switched_between_bakes() {
    with_every_strategy(|trial| {
        let git = |arguments: &[&str]| trial.workspace.git(arguments.iter().copied());
        git(&["init", "--quiet", "--initial-branch", "main"]);
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message", "main"]);
        trial.bake(&SERVICES);
        git(&["checkout", "--quiet", "-b", "feature"]);
        trial.set("common", "B");
        trial.set("left", "B");
        git(&["commit", "--quiet", "--all", "--message", "feature"]);
        trial.bake(&SERVICES);
        trial.assert_prints("a", "A", "B", "B");

        git(&["checkout", "--quiet", "main"]);
        trial.set("b", "C");
        trial.bake(&SERVICES);
        trial.assert_prints("a", "A", "A", "A");
        trial.assert_prints("b", "C", "A", "A");

        git(&["checkout", "--quiet", "--force", "feature"]);
        trial.set("c", "C");
        trial.bake(&SERVICES);
        trial.assert_prints("b", "A", "B", "B");
        trial.assert_prints("c", "C", "B", "A");
    });
}

#[test]
fn a_bake_killed_in_its_middle() {
    with_every_strategy(|trial| {
        trial.bake(&SERVICES);
        trial.workspace.write("crates/c/pause", "6");
        trial.set("common", "B");
        trial.set("c", "B");
        (trial.strategy.prepare)(&trial.workspace);
        let mut baking = trial.workspace.bake(["c"]).start(&trial.turn);
        baking.wait_for("build-c", "Compiling");
        std::thread::sleep(Duration::from_secs(2));
        baking.kill();

        trial.bake(&SERVICES);
        trial.assert_prints("a", "A", "B", "A");
        trial.assert_prints("c", "B", "B", "A");
        trial.workspace.remove("crates/c/pause");
        trial.set("common", "A");
        trial.bake(&SERVICES);
        trial.assert_prints("c", "B", "A", "A");
    });
}

#[test]
fn two_bakes_at_once() {
    with_every_strategy(|trial| {
        trial.bake(&SERVICES);
        trial.set("common", "B");
        trial.set("a", "B");
        (trial.strategy.prepare)(&trial.workspace);
        let one = trial.workspace.bake(["a"]).start(&trial.turn);
        // The second sees other sources than the first, in the same folder of the engine.
        let other = tiny();
        other.make_cold(&trial.name);
        set(&other, "common", "C");
        (trial.strategy.prepare)(&other);
        let two = other.bake(["c"]).start(&trial.turn);
        let three = trial.workspace.bake(["c"]).start(&trial.turn);
        for baking in [one, two, three] {
            let _ = baking.wait().succeeded();
        }
        trial.assert_prints("a", "B", "B", "A");
        trial.assert_prints("c", "A", "B", "A");
        assert_eq!(prints(&other, "c"), expected("c", "A", "C", "A"));
    });
}

#[test]
fn sources_older_and_newer_than_the_stubs() {
    with_every_strategy(|trial| {
        for (value, time) in [
            ("B", in_year(1999)),
            ("C", in_year(2040)),
            ("D", in_year(2039)),
            ("E", SystemTime::now()),
        ] {
            for member in ["common", "left", "right", "a", "b", "c"] {
                trial.set_at(member, value, time);
            }
            trial.bake(&SERVICES);
            for service in SERVICES {
                trial.assert_prints(service, value, value, value);
            }
        }
    });
}
