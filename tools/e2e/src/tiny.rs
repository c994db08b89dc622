//! A workspace that compiles in seconds and has every kind of edge: all use `common`, a and b use `left` (which uses
//! `common`), and c uses `right` and has a build script.

use bakehouse_testkit::{Member, Workspace, container};

/// Names of the services.
pub const SERVICES: [&str; 3] = ["a", "b", "c"];

/// The images that the configuration names.
pub const BASES: [&str; 2] = [
    "docker.io/library/rust:1.95.0-slim-bookworm",
    "docker.io/library/debian:bookworm-slim",
];

/// The configuration.
pub const CONFIG: &str = r#"registry = "tiny"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.a]
package = "a"

[services.b]
package = "b"

[services.c]
package = "c"

[packs.demo]
path = "packs/demo"
"#;

/// Creates the workspace with all values `A` and without generated files.
pub fn tiny() -> Workspace {
    let library = |name: &str| Member::library(name, &library_source(name, "A"));
    let service = |name: &str| {
        Member::binary(name, &service_source(name, "A"))
            .uses("common")
            .uses(library_of(name))
    };
    let members = [
        library("common").depends("cfg-if = \"=1.0.0\""),
        library("left").uses("common"),
        library("right").depends("ryu = \"=1.0.17\""),
        service("a").depends("itoa = \"=1.0.9\""),
        service("b"),
        service("c").file("build.rs", BUILD_SCRIPT),
    ];
    let workspace = Workspace::of(&members, CONFIG);
    workspace.write("README.md", "# Tiny\n");
    workspace.write("packs/demo/pack.yaml", "ref: demo\nversion: 1.0.0\n");
    workspace
}

/// Sets the value of a library or a service.
#[track_caller]
pub fn set(workspace: &Workspace, member: &str, value: &str) {
    if SERVICES.contains(&member) {
        let path = format!("crates/{member}/src/main.rs");
        workspace.write(&path, &service_source(member, value));
    } else {
        let path = format!("crates/{member}/src/lib.rs");
        workspace.write(&path, &library_source(member, value));
    }
}

/// Returns the output of the image of `service`.
#[track_caller]
pub fn prints(workspace: &Workspace, service: &str) -> String {
    container::prints(&workspace.images.name(service), [])
}

/// Returns the output that `service` must have if it, `common` and its other library have these values.
pub fn expected(service: &str, own: &str, common: &str, library: &str) -> String {
    let name = library_of(service);
    format!("{service}-{own} common-{common} {name}-{library}")
}

/// Returns the library beside `common` that `service` uses.
pub fn library_of(service: &str) -> &'static str {
    if service == "c" { "right" } else { "left" }
}

/// Returns the source of a library with that value.
pub fn library_source(name: &str, value: &str) -> String {
    format!("pub fn value() -> &'static str {{\n    \"{name}-{value}\"\n}}\n")
}

fn service_source(name: &str, value: &str) -> String {
    let library = library_of(name);
    format!(
        "fn main() {{\n    println!(\"{name}-{value} {{}} {{}}\", common::value(), {library}::value());\n}}\n"
    )
}

/// A build script that sleeps for the seconds in the file `pause`, so that a bake can be killed in the middle.
const BUILD_SCRIPT: &str = r#"fn main() {
    let pause = std::fs::read_to_string("pause").unwrap_or_default();
    if let Ok(seconds) = pause.trim().parse() {
        std::thread::sleep(std::time::Duration::from_secs(seconds));
    }
}
"#;
