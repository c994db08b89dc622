//! `bakehouse pin` with a real registry: bases get the digests in the registry, and images are built on them.

use bakehouse_e2e::tiny::{BASES, tiny};
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Turn, runner, unique};

/// Pushes `image` to the registry as `name`, and returns the digest that the registry reports.
fn push(image: &str, name: &str) -> String {
    docker(["tag", image, name]);
    let said = docker(["push", name]);
    docker(["rmi", name]);
    let (_, digest) = said
        .rsplit_once("digest: ")
        .expect("docker says the digest");
    digest.split(' ').next().expect("a word").to_owned()
}

#[test]
fn bases_are_pinned_by_the_digests_that_their_registry_has_and_bake() {
    let turn = Turn::share();
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    let runtime = format!("{}/pin-{}/debian:12", runner::registry(), unique::unique());
    let digest = push(BASES[1], &runtime);
    let named = format!("runtime = \"{}\"", BASES[1]);
    workspace.replace(
        "bakehouse.toml",
        &named,
        &format!("runtime = \"{runtime}\" # ours"),
    );

    let ran = workspace.bakehouse(["pin", "--check"]).exited(3);
    ran.says("pin-stale").says("+runtime =");
    let ran = workspace.bakehouse(["pin"]).succeeded();
    // The builder exists only on this engine, or in the registry that it is from.
    let pinned = format!("runtime = \"{runtime}@{digest}\" # ours");
    let config = workspace.read("bakehouse.toml");
    assert!(config.contains(&pinned), "{config}\n{}", ran.said());
    let _ = workspace.bakehouse(["pin", "--check"]).succeeded();
    workspace.generate();
    let run = workspace.bake(["a"]).attempt(&turn);
    assert!(run.success, "{run}");

    // The tag now refers to another image.
    let moved = push(BASES[0], &runtime);
    assert_ne!(moved, digest);
    let _ = workspace.bakehouse(["pin", "--check"]).exited(3);
    let _ = workspace.bakehouse(["pin"]).succeeded();
    assert!(workspace.read("bakehouse.toml").contains(&moved));
}

#[test]
fn a_base_that_no_registry_has_stays_and_is_named() {
    let _turn = Turn::share();
    let workspace = tiny();
    let local = format!("127.0.0.1:1/own-{}/base:1", unique::unique());
    docker(["tag", BASES[1], &local]);
    workspace.replace("bakehouse.toml", BASES[1], &local);
    let ran = workspace.bakehouse(["pin", "--only", "bases"]).succeeded();
    ran.says(&format!("{local} stays as it is: this engine has it"));
    docker(["rmi", &local]);
    assert!(
        workspace
            .read("bakehouse.toml")
            .contains(&format!("runtime = \"{local}\""))
    );
    let ran = workspace.bakehouse(["pin", "--only", "bases"]).exited(1);
    ran.says("base-unknown").says(&local).says("help:");
}
