//! Packages upon a runtime base: installed once for all services that want the same, in a layer that does not tell when.

use std::process::Command;

use bakehouse_testkit::{Member, Ran, Turn, Workspace, container, unique};

/// A small package without dependencies, which brings `/etc/mime.types`.
const CONFIG: &str = r#"registry = "tiny"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.a]
packages = ["media-types"]

[services.b]
packages = ["media-types"]

[services.plain]
"#;

const LOOK: &str = r#"fn main() {
    let left = ["/var/lib/apt/lists", "/var/log/apt", "/var/cache/apt/archives"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten())
        .filter(|entry| entry.path().is_file() && entry.file_name() != "lock")
        .count();
    println!("{} {left}", std::path::Path::new("/etc/mime.types").exists());
}
"#;

#[test]
fn packages_are_installed_once_and_leave_no_trace_of_the_time() {
    let turn = Turn::take();
    let members = ["a", "b", "plain"].map(|name| Member::binary(name, LOOK));
    let workspace = Workspace::of(&members, CONFIG);
    // Another comment is another step: what an earlier run of the test left is not taken.
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let again = || {
        let run = workspace.bake([]).set("*.no-cache=true").run(&turn);
        let installed = run
            .steps
            .iter()
            .filter(|step| step.executed && step.stage == "runtime-for-a" && step.is_run())
            .count();
        assert_eq!(installed, 1, "{run}");
        // The one upon those of the base.
        let base = layers("debian:bookworm-slim").len();
        layers(&workspace.images.name("a")).remove(base)
    };
    let first = again();
    for (service, prints) in [("a", "true 0"), ("b", "true 0"), ("plain", "false 0")] {
        let printed = container::prints(&workspace.images.name(service), []);
        assert_eq!(printed, prints, "{service}");
    }
    assert_eq!(again(), first);
}

/// Digests of an image's layers, the lowest first.
fn layers(image: &str) -> Vec<String> {
    let mut inspect = Command::new("docker");
    inspect.args([
        "image",
        "inspect",
        "--format",
        "{{join .RootFS.Layers \" \"}}",
        image,
    ]);
    let listed = Ran::of(&mut inspect).succeeded().stdout;
    listed.split_whitespace().map(str::to_owned).collect()
}
