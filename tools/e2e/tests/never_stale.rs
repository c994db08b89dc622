//! Baked binaries are built from the current sources, whatever happened before. Each scenario is also played with the
//! usual Dockerfile, which has to get it wrong.

use std::time::Duration;

use bakehouse_e2e::scenario::{Scenario, Trial, Wrong};
use bakehouse_e2e::strategy::{USUAL, USUAL_ONE_TARGET, USUAL_STUBS, USUAL_UNLOCKED};
use bakehouse_e2e::tiny::SERVICES;
use bakehouse_testkit::workspace::in_year;

/// A service changes after a library changed from A to B and back. It is compiled in the folder where the library was
/// last B.
#[test]
fn a_library_changed_and_changed_back() {
    Scenario {
        play: |trial| {
            trial.bake(&SERVICES);
            trial.set("common", "B");
            trial.bake(&SERVICES);
            trial.set("common", "A");
            trial.bake(&SERVICES);
            trial.set("a", "B");
            trial.bake(&["a"]);
            trial.expect("a", "B", "A", "A");
            trial.expect("b", "A", "A", "A");
            trial.expect("c", "A", "A", "A");
        },
        usual: USUAL,
        shown_by: &["a"],
        wrong: Wrong::Prints(&["a-B common-B left-A"]),
    }
    .judge();
}

/// Sources are unpacked from an archive: they are old, and change to a text that is just as old.
#[test]
fn sources_older_than_every_build() {
    Scenario {
        play: |trial| {
            trial.workspace.set_mtimes(in_year(2001));
            trial.bake(&SERVICES);
            trial.set_at("common", "B", in_year(2002));
            trial.bake(&SERVICES);
            for service in SERVICES {
                trial.expect(service, "A", "B", "A");
            }
            trial.set_at("a", "C", in_year(2002));
            trial.set_at("left", "C", in_year(2002));
            trial.bake(&SERVICES);
            trial.expect("a", "C", "B", "C");
            trial.expect("b", "A", "B", "C");
        },
        usual: USUAL,
        shown_by: &["a"],
        wrong: Wrong::Prints(&["a-A common-A left-A", "a-A common-A left-A"]),
    }
    .judge();
}

#[test]
fn branches_switched_between_bakes() {
    Scenario {
        play: |trial| {
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
            trial.expect("a", "A", "B", "B");

            git(&["checkout", "--quiet", "main"]);
            trial.set("b", "C");
            trial.bake(&SERVICES);
            trial.expect("a", "A", "A", "A");
            trial.expect("b", "C", "A", "A");

            git(&["checkout", "--quiet", "--force", "feature"]);
            trial.set("c", "C");
            trial.bake(&SERVICES);
            trial.expect("b", "A", "B", "B");
            trial.expect("c", "C", "B", "A");
        },
        usual: USUAL,
        shown_by: &["b"],
        wrong: Wrong::Prints(&["b-C common-B left-B"]),
    }
    .judge();
}

/// A runner gets the layers back from a registry, but not the mounts. Then its own builds meet these layers.
#[test]
#[ignore = "starts another engine, a minute and a half: tools/test --slow"]
fn a_cache_restored_on_another_builder() {
    Scenario {
        play: |trial| {
            trial.fill_registry_cache();
            trial.bake(&["a", "c"]);
            trial.read_registry_cache();
            trial.set("common", "B");
            trial.bake(&["a", "c"]);
            trial.expect("a", "A", "B", "A");
            trial.expect("c", "A", "B", "A");

            trial.set("common", "A");
            trial.set("a", "B");
            trial.set_at("right", "C", in_year(2001));
            trial.bake(&["a", "c"]);
            trial.expect("a", "B", "A", "A");
            trial.expect("c", "A", "A", "C");
        },
        usual: USUAL,
        shown_by: &["a", "c"],
        wrong: Wrong::Prints(&["a-B common-B left-A", "c-A common-B right-A"]),
    }
    .judge();
}

/// A bake is killed after a library is compiled and before its user is. First the edit of that bake is reverted, then
/// the bake of the next edit is repeated.
#[test]
fn a_bake_killed_in_its_middle() {
    Scenario {
        play: |trial| {
            trial.bake(&SERVICES);
            trial.set("common", "B");
            trial.set("c", "B");
            kill_in_the_middle_of_c(trial);
            trial.set("common", "A");
            trial.bake(&SERVICES);
            trial.expect("a", "A", "A", "A");
            trial.expect("c", "B", "A", "A");

            trial.set("common", "C");
            kill_in_the_middle_of_c(trial);
            trial.bake(&SERVICES);
            trial.expect("a", "A", "C", "A");
            trial.expect("c", "B", "C", "A");
        },
        usual: USUAL,
        shown_by: &["c"],
        wrong: Wrong::Prints(&["c-B common-B right-A"]),
    }
    .judge();
}

fn kill_in_the_middle_of_c(trial: &Trial<'_>) {
    trial.workspace.write("crates/c/pause", "20");
    let mut baking = trial.start(&["c"]);
    baking.wait_for("build-c", "Compiling c v");
    // The build script sleeps by then, and the libraries are finished.
    std::thread::sleep(Duration::from_secs(2));
    baking.kill();
    trial.workspace.remove("crates/c/pause");
}

/// Two checkouts with different libraries bake different services on one engine, which has no layers of them.
#[test]
fn two_bakes_at_once() {
    Scenario {
        play: |trial| {
            trial.set("common", "B");
            trial.set("a", "B");
            let other = trial.checkout();
            other.set("common", "C");
            other.workspace.write("crates/c/pause", "3");
            let mut first = other.start(&["c"]);
            first.wait_for("build-c", "Compiling c v");
            let second = trial.start(&["a"]);
            let third = trial.start(&["b"]);
            trial.finish([first, second, third]);
            other.expect("c", "A", "C", "A");
            trial.expect("a", "B", "B", "A");
            trial.expect("b", "A", "B", "A");
            trial.bake(&SERVICES);
            trial.expect("c", "A", "B", "A");
        },
        usual: USUAL_ONE_TARGET,
        shown_by: &SERVICES,
        wrong: Wrong::Prints(&[
            "a-B common-C left-A",
            "b-A common-C left-A",
            "c-A common-C right-A",
        ]),
    }
    .judge();
}

/// The engine has none of the crates yet, and all bakes unpack the same crates into one folder.
#[test]
fn cold_bakes_at_once() {
    Scenario {
        play: |trial| {
            // Each crate is another chance for two bakes to collide.
            for small in SMALL {
                trial
                    .workspace
                    .append("crates/common/Cargo.toml", &format!("{small}\n"));
            }
            trial.workspace.lock();
            trial.finish(SERVICES.map(|service| trial.start(&[service])));
            for service in SERVICES {
                trial.expect(service, "A", "A", "A");
            }
        },
        usual: USUAL_UNLOCKED,
        shown_by: &SERVICES,
        wrong: Wrong::Fails("File exists (os error 17)"),
    }
    .judge();
}

/// Crates that compile quickly.
const SMALL: [&str; 8] = [
    "fnv = \"=1.0.7\"",
    "hex = \"=0.4.3\"",
    "humantime = \"=2.1.0\"",
    "lazy_static = \"=1.4.0\"",
    "once_cell = \"=1.19.0\"",
    "scopeguard = \"=1.2.0\"",
    "static_assertions = \"=1.1.0\"",
    "unicode-xid = \"=0.2.4\"",
];

/// Compiled files are newer than the files that are edited afterwards.
#[test]
fn a_clock_that_was_set_back() {
    Scenario {
        play: |trial| {
            trial.bake(&SERVICES);
            trial.set_clock_back();
            trial.set("common", "B");
            trial.bake(&SERVICES);
            for service in SERVICES {
                trial.expect(service, "A", "B", "A");
            }
            trial.set("a", "C");
            trial.bake(&["a"]);
            trial.expect("a", "C", "B", "A");
        },
        usual: USUAL,
        shown_by: &["a"],
        wrong: Wrong::Prints(&["a-A common-A left-A", "a-A common-A left-A"]),
    }
    .judge();
}

#[test]
fn sources_older_and_newer_than_the_stubs() {
    Scenario {
        play: |trial| {
            for (value, time) in [
                ("B", in_year(1999)),
                ("C", in_year(2040)),
                ("D", in_year(2039)),
            ] {
                for member in ["common", "left", "right", "a", "b", "c"] {
                    trial.set_at(member, value, time);
                }
                trial.bake(&SERVICES);
                for service in SERVICES {
                    trial.expect(service, value, value, value);
                }
            }
        },
        usual: USUAL_STUBS,
        shown_by: &["a"],
        // Files compiled from stubs are newer than sources written in 1999, so the stubs' empty program ships.
        wrong: Wrong::Prints(&[""]),
    }
    .judge();
}
