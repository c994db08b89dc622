//! A workspace with many services for its size: `common`, libraries that use it, and services that each use two of
//! those.

use bakehouse_testkit::{Member, Workspace};

use crate::tiny::library_source;

/// Number of services. It is large enough for BuildKit to mix up their caches if each had its own.
const SERVICES: usize = 8;
const LIBRARIES: usize = 6;

const CONFIG: &str = r#"registry = "wide"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"
"#;

/// Creates the workspace with all values `A` and without generated files.
pub fn wide() -> Workspace {
    let library = |name: &str| Member::library(name, &library_source(name, "A"));
    let mut members = vec![library("common").depends("cfg-if = \"=1.0.0\"")];
    members.extend((0..LIBRARIES).map(|index| library(&format!("l{index}")).uses("common")));
    members.extend((0..SERVICES).map(|index| {
        let [one, other] = libraries_of(index);
        Member::binary(&format!("s{index}"), &source(index, "A"))
            .uses(&one)
            .uses(&other)
    }));
    Workspace::of(&members, CONFIG)
}

/// Sets the value of the service `s<index>`.
#[track_caller]
pub fn set_service(workspace: &Workspace, index: usize, value: &str) {
    let path = format!("crates/s{index}/src/main.rs");
    workspace.write(&path, &source(index, value));
}

/// Sets the value of the library `l<index>`.
#[track_caller]
pub fn set_library(workspace: &Workspace, index: usize, value: &str) {
    let name = format!("l{index}");
    let path = format!("crates/{name}/src/lib.rs");
    workspace.write(&path, &library_source(&name, value));
}

fn libraries_of(service: usize) -> [String; 2] {
    [service, service + 2].map(|index| format!("l{}", index % LIBRARIES))
}

fn source(service: usize, value: &str) -> String {
    let [one, other] = libraries_of(service);
    format!(
        "fn main() {{\n    println!(\"s{service}-{value} {{}} {{}}\", {one}::value(), {other}::value());\n}}\n"
    )
}
