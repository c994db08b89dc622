//! Tests that a synthetic workspace is reproducible, and that Cargo and bakehouse accept it.

use bakehouse_testkit::workspace::Tree;
use bakehouse_testkit::{Synthetic, Workspace, synthetic};
use serde_json::Value;

const SMALL: Synthetic = Synthetic {
    services: 2,
    libraries: 4,
    seed: 3,
};

const MIDDLE: Synthetic = Synthetic {
    services: 12,
    libraries: 25,
    seed: 1,
};

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let again = MIDDLE;
    assert_eq!(MIDDLE.files(), again.files());
    assert_ne!(MIDDLE.files(), Synthetic { seed: 2, ..MIDDLE }.files());
}

#[test]
fn a_library_is_the_same_in_a_larger_workspace() {
    let larger = Synthetic {
        services: 100,
        libraries: 300,
        ..MIDDLE
    };
    let models = synthetic::folder("leaf-007").join("src/models.rs");
    assert_eq!(MIDDLE.files()[&models], larger.files()[&models]);
}

#[test]
#[ignore = "fetches a hundred crates, a minute: tools/test --slow"]
fn cargo_and_bakehouse_accept_it() {
    let workspace = Workspace::empty();
    MIDDLE.write(workspace.dir());

    let metadata = workspace
        .cargo(["metadata", "--locked", "--no-deps", "--format-version", "1"])
        .succeeded();
    let metadata: Value = serde_json::from_str(&metadata.stdout).expect("it is JSON");
    assert_eq!(metadata["packages"].as_array().map(Vec::len), Some(37));
    let locked = workspace
        .read("Cargo.lock")
        .matches("\n[[package]]\n")
        .count()
        - 37;
    assert!((30..=60).contains(&locked), "{locked} third-party crates");
    // The manifests match the lock, including third-party features.
    let _ = workspace.cargo(["tree", "--locked", "--quiet"]).succeeded();

    workspace.generate();
    let _ = workspace.bakehouse(["generate", "--check"]).succeeded();
    let plan = workspace
        .bakehouse(["plan", "--format", "json"])
        .succeeded();
    let plan: Value = serde_json::from_str(&plan.stdout).expect("it is JSON");
    let layout = MIDDLE.layout();
    for service in plan["services"].as_array().expect("it has services") {
        let name = service["name"].as_str().expect("a service has a name");
        let closure: Vec<String> = layout.closure(name).into_iter().collect();
        assert_eq!(service["closure"], Value::from(closure), "{name}");
    }
}

#[test]
#[ignore = "compiles, a minute: tools/test --slow"]
fn services_print_the_values_of_their_closure() {
    let workspace = Workspace::empty();
    SMALL.write(workspace.dir());
    let service = "service-001";
    let run = || {
        let arguments = ["run", "--quiet", "--locked", "--package", service];
        workspace.cargo(arguments).succeeded()
    };
    let first = run();
    assert_eq!(
        first.stdout.trim(),
        SMALL.prints(service, |_| "A".to_owned())
    );
    assert_eq!(first.stderr, "", "no warning");

    let before = Tree::read(&workspace.dir().join("libraries"));
    synthetic::set_value(workspace.dir(), "common", "B");
    let after = Tree::read(&workspace.dir().join("libraries"));
    assert_eq!(before.differences(&after), ["common/src/lib.rs"]);
    let value = |member: &str| if member == "common" { "B" } else { "A" }.to_owned();
    assert_eq!(run().stdout.trim(), SMALL.prints(service, value));
}
