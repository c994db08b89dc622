//! Packages on top of a runtime base: installed once for all services with the same packages, in a layer without
//! timestamps.

use std::process::Command;

use bakehouse_testkit::{Member, Ran, Turn, Workspace, container, engine, unique};

/// A configuration with a small package without dependencies, which contains `/etc/mime.types`.
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
    let turn = Turn::share();
    let members = ["a", "b", "plain"].map(|name| Member::binary(name, LOOK));
    let workspace = Workspace::of(&members, CONFIG);
    // A new comment makes a new step, so that results of earlier runs are not used.
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
        // One layer on top of those of the base.
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

/// A base with busybox tools like Alpine, and with a stand-in for `apk`, because Alpine itself has another C library.
const ALPINE_LIKE: &str = r#"FROM docker.io/library/debian:bookworm-slim
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends busybox
RUN mkdir /busybox && busybox --install -s /busybox && ln -sf /bin/busybox /bin/sh && rm /usr/bin/apt-get
RUN printf '#!/bin/sh\necho "$*" >/etc/mime.types\n' >/busybox/apk && chmod +x /busybox/apk
ENV PATH=/busybox:$PATH
"#;

#[test]
fn packages_are_installed_by_apk_where_there_is_no_apt() {
    let turn = Turn::share();
    let source = r#"fn main() {
        let installed = std::fs::metadata("/etc/mime.types").unwrap();
        let time = installed.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
        print!("{} {}", time.as_secs(), std::fs::read_to_string("/etc/mime.types").unwrap());
    }"#;
    let members = ["a", "b", "plain"].map(|name| Member::binary(name, source));
    let workspace = Workspace::of(&members, CONFIG);
    let base = workspace.images.name("alpine-like");
    engine::image(&base, ALPINE_LIKE);
    workspace.replace(
        "bakehouse.toml",
        "docker.io/library/debian:bookworm-slim",
        &base,
    );
    workspace.generate();
    workspace.bake(["a"]).run(&turn);
    let printed = container::prints(&workspace.images.name("a"), []);
    assert_eq!(printed, "0 add --no-cache --no-progress media-types");
}

/// Returns the digests of an image's layers, the lowest first.
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
