//! Changes of Cargo.lock on bare runners: what Cargo on the host would compile is compiled, and nothing else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bakehouse_e2e::locked::{
    Builds, CHANGES, Change, HostCargo, SERVICES, change, compiled, locked,
};
use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_e2e::tiny::{BASES, set, tiny};
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::spoil::{Corrupted, lose_layers};
use bakehouse_testkit::{
    Ran, Reach, ReadOnly, Refusal, Refusing, Runner, Running, Slow, Turn, Workspace, runner, unique,
};

/// Returns the workspace with generated files, and with mounts and layers of its own.
fn cold_locked() -> Workspace {
    let workspace = locked();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    workspace
}

fn only_what_the_host_compiles(strategy: &Strategy, wanted: &[&str]) {
    let _turn = Turn::take();
    let runner = Runner::start("locks", &BASES);
    let workspace = cold_locked();
    (strategy.prepare)(&workspace);
    let host = HostCargo::new();
    let builds = Builds::new(&workspace, &runner);
    let first = builds.build(&[]);
    assert_eq!(compiled(&first), host.build(&workspace), "a clean build");
    let mut wrong = Vec::new();
    let is_wanted = |change: &&Change| wanted.is_empty() || wanted.contains(&change.name);
    for change in CHANGES.iter().filter(is_wanted) {
        (change.make)(&workspace);
        workspace.generate();
        let expected = host.build(&workspace);
        let since = Instant::now();
        let ran = builds.build(&[]);
        let found = compiled(&ran);
        let seconds = since.elapsed().as_secs_f32();
        println!(
            "{}: {}: {seconds:.1} s, compiled {found:?}",
            strategy.name, change.name
        );
        let is_member = |name: &&String| name.ends_with(" v0.1.0");
        let mut more: BTreeSet<_> = found.difference(&expected).collect();
        // With mounts, an edited manifest counts as a change of its package.
        if change.is_return || strategy.name == "mount" {
            more.retain(|name| !is_member(name));
        }
        if !more.is_empty() || !expected.is_subset(&found) {
            let less: BTreeSet<_> = expected.difference(&found).collect();
            wrong.push(format!("{}: more {more:?}, less {less:?}", change.name));
        }
        for service in SERVICES {
            let image = workspace.images.name(service);
            let prints = Ran::of(&mut std::process::Command::new(host.binary(service))).succeeded();
            assert_eq!(
                runner.prints(&image),
                prints.stdout.trim(),
                "{}: {service}",
                change.name
            );
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", strategy.name, wrong.join("\n"));
}

#[test]
fn a_changed_lock_compiles_on_a_bare_runner_what_cargo_on_the_host_compiles() {
    let some = [
        "a leaf moved",
        "nothing that is compiled",
        "a crate in the middle moved",
        "a crate for another platform",
        "several at once, and a source",
    ];
    only_what_the_host_compiles(&STRATEGIES[0], &some);
}

#[test]
#[ignore = "slow: the whole table of changes"]
fn any_change_of_the_lock_compiles_what_cargo_on_the_host_compiles() {
    only_what_the_host_compiles(&STRATEGIES[0], &[]);
}

#[test]
#[ignore = "slow: the same with the strategy `mount`"]
fn a_changed_lock_compiles_that_with_mounts_too() {
    only_what_the_host_compiles(&STRATEGIES[1], &[]);
}

/// Returns what a build after a change compiles and says, on a runner whose seed was spoiled in some way.
fn after_a_change_of_the_lock(spoil: impl FnOnce(&Builds<'_>) -> Option<String>) -> Ran {
    let _turn = Turn::take();
    let runner = Runner::start("locks", &BASES);
    let workspace = cold_locked();
    let mut builds = Builds::new(&workspace, &runner);
    let _ = builds.build(&[]);
    change(&workspace, "a leaf moved");
    workspace.generate();
    if let Some(cache) = spoil(&builds) {
        builds.cache = cache;
    }
    let ran = builds.build(&[]);
    for (service, prints) in SERVICES.iter().zip(["1 1", "7 1", "wrong"]) {
        assert_eq!(
            runner.prints(&workspace.images.name(service)),
            prints,
            "{ran}"
        );
    }
    ran
}

#[test]
fn a_seed_whose_layers_are_lost_costs_time_and_no_build() {
    let ran = after_a_change_of_the_lock(|builds| {
        assert!(lose_layers(builds.repository()) > 0);
        None
    });
    assert!(compiled(&ran).contains("memchr v2.7.1"), "{ran}");
    ran.says("all crates compile, since a seed cannot be used");
}

#[test]
#[ignore = "slow: the same with layers that are damaged"]
fn a_damaged_seed_costs_time_and_no_build() {
    let mut damaged = None;
    let ran = after_a_change_of_the_lock(|builds| {
        damaged = Some(Corrupted::layers([builds.repository()]));
        None
    });
    assert!(compiled(&ran).contains("memchr v2.7.1"), "{ran}");
}

#[test]
#[ignore = "slow: the same with a registry that refuses"]
fn a_registry_that_forbids_seeds_costs_time_and_no_build() {
    let refusing = Refusing::start(Refusal::Status(403));
    let ran = after_a_change_of_the_lock(|_| Some(format!("{}/cache", refusing.address())));
    assert!(compiled(&ran).contains("memchr v2.7.1"), "{ran}");
    ran.says("no seed can be read");
    ran.says("no seed was pushed");
}

#[test]
#[ignore = "slow: the same with a registry that lets nobody write"]
fn a_seed_that_may_only_be_read_is_used_and_stays_as_it_is() {
    let read_only = ReadOnly::start();
    let ran = after_a_change_of_the_lock(|builds| {
        builds.runner.reach(&read_only.address());
        Some(format!("{}/{}", read_only.address(), builds.repository()))
    });
    assert_eq!(
        Vec::from_iter(compiled(&ran)),
        ["a v0.1.0", "itoa v1.0.10"],
        "{ran}"
    );
    assert!(read_only.refused() > 0, "{ran}");
    ran.says("no seed was pushed");
}

#[test]
#[ignore = "slow: the same with a registry that is slow"]
fn a_seed_in_a_slow_registry_is_used() {
    let slow = Slow::start(Duration::from_millis(200));
    let ran = after_a_change_of_the_lock(|builds| {
        builds.runner.reach(&slow.address());
        Some(format!("{}/{}", slow.address(), builds.repository()))
    });
    assert_eq!(
        Vec::from_iter(compiled(&ran)),
        ["a v0.1.0", "itoa v1.0.10"],
        "{ran}"
    );
    assert!(slow.answers() > 0, "{ran}");
}

#[test]
#[ignore = "slow: a build is killed while it pushes its seed"]
fn a_killed_push_leaves_the_seed_before_it() {
    let _turn = Turn::take();
    let runner = Runner::start("locks", &BASES);
    let workspace = cold_locked();
    let builds = Builds::new(&workspace, &runner);
    let _ = builds.build(&[]);
    change(&workspace, "a leaf moved");
    workspace.generate();
    runner.forget();
    let mut build = Running::start(&mut builds.command("main", &[]));
    build.wait_for("pushing layers");
    build.signal("KILL", Reach::Group);
    let killed = build.wait();
    assert_ne!(killed.code, Some(0), "{killed}");
    // Whichever seed is there, the next build compiles what the host does at most.
    let found = compiled(&builds.build(&[]));
    let most = BTreeSet::from(["a v0.1.0", "itoa v1.0.10"].map(str::to_owned));
    assert!(found.is_subset(&most), "{found:?}");
    let none: Vec<String> = Vec::new();
    assert_eq!(Vec::from_iter(compiled(&builds.build(&[]))), none, "again");
}

#[test]
fn a_seed_of_another_builder_base_is_never_used() {
    let turn = Turn::take();
    let runner = Runner::start("locks", &BASES);
    let workspace = cold_locked();
    let builds = Builds::new(&workspace, &runner);
    let all = compiled(&builds.build(&[]));
    // The same toolchain, and so the same mounts, but not the same packages of the system.
    let other = workspace.images.name("base");
    let dockerfile = format!("FROM {}\nRUN dpkg --purge --force-all tzdata\n", BASES[0]);
    runner.image(&other, &dockerfile);
    workspace.replace("bakehouse.toml", BASES[0], &other);
    workspace.generate();
    assert_eq!(compiled(&builds.build(&["compiled"])), all, "by itself");
    runner.forget();
    let seed = format!("{}:deps..main", builds.cache);
    workspace.replace("bakehouse.toml", &other, BASES[0]);
    workspace.generate();
    let fill = workspace
        .bake(["deps-fill"])
        .variable("DEPS_SEED", &seed)
        .variable("DOCKER_HOST", runner.host());
    let _ = fill.run(&turn);
    let without_cache = Builds::new(&workspace, &runner);
    assert_eq!(compiled(&without_cache.again(&[])), all, "by hand");
}

#[test]
#[ignore = "slow: chains have a seed each"]
fn each_chain_has_its_seed() {
    let _turn = Turn::take();
    let runner = Runner::start("locks", &BASES);
    let workspace = cold_locked();
    let config = workspace.read("bakehouse.toml");
    workspace.write("bakehouse.toml", &format!("unify = \"each\"\n{config}"));
    workspace.generate();
    let builds = Builds::new(&workspace, &runner);
    let _ = builds.build(&[]);
    change(&workspace, "a leaf moved");
    workspace.generate();
    let found = compiled(&builds.build(&[]));
    assert_eq!(Vec::from_iter(found), ["a v0.1.0", "itoa v1.0.10"]);
}

#[test]
fn a_lock_that_another_branch_has_built_compiles_nothing() {
    let _turn = Turn::take();
    let runner = Runner::start("locks", &BASES);
    let workspace = cold_locked();
    let builds = Builds::new(&workspace, &runner);
    let _ = builds.build(&[]);
    change(&workspace, "a leaf moved");
    workspace.generate();
    let on_branch = builds.on("update/itoa", &[]);
    assert_eq!(
        Vec::from_iter(compiled(&on_branch)),
        ["a v0.1.0", "itoa v1.0.10"]
    );
    // The branch is merged: main's cache has the old lock, and the branch's seed the new one.
    let none: Vec<String> = Vec::new();
    assert_eq!(Vec::from_iter(compiled(&builds.build(&[]))), none, "merged");
    assert_eq!(Vec::from_iter(compiled(&builds.build(&[]))), none, "again");
}

#[test]
#[ignore = "slow: two builds push the same seed"]
fn two_builds_push_the_same_seed_at_once() {
    let _turn = Turn::take();
    let workspace = cold_locked();
    let runners = [
        Runner::start("locks", &BASES),
        Runner::start("locks2", &BASES),
    ];
    let cache = Builds::new(&workspace, &runners[0]).cache;
    std::thread::scope(|scope| {
        for runner in &runners {
            let mut builds = Builds::new(&workspace, runner);
            builds.cache.clone_from(&cache);
            scope.spawn(move || builds.build(&[]));
        }
    });
    change(&workspace, "a leaf moved");
    workspace.generate();
    let mut builds = Builds::new(&workspace, &runners[0]);
    builds.cache = cache;
    let found = compiled(&builds.build(&[]));
    assert_eq!(Vec::from_iter(found), ["a v0.1.0", "itoa v1.0.10"]);
}

#[test]
fn what_services_share_is_loaded_once_where_the_base_comes_from_a_registry() {
    let _turn = Turn::take();
    let runner = Runner::start("locks", &BASES[1..]);
    let base = format!("{}/base-{}:1", runner::registry(), unique::unique());
    docker(["tag", BASES[0], &base]);
    docker(["push", "--quiet", &base]);
    docker(["rmi", &base]);
    let workspace = tiny();
    workspace.replace("bakehouse.toml", BASES[0], &base);
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let builds = Builds::new(&workspace, &runner);
    let _ = builds.build(&[]);
    let none: Vec<String> = Vec::new();
    for value in ["B", "C"] {
        workspace.append("README.md", "More.\n");
        assert_eq!(
            Vec::from_iter(compiled(&builds.build(&[]))),
            none,
            "nothing"
        );
        set(&workspace, "a", value);
        let found = compiled(&builds.build(&[]));
        assert_eq!(Vec::from_iter(found), ["a v0.1.0"], "a service");
    }
}
