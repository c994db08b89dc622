//! The ways to build that are held to the same promises, and the usual one, which does not keep them.

use std::fmt::Write;

use bakehouse_testkit::Workspace;

use crate::tiny::{SERVICES, library_of};

/// A way to build.
#[derive(Clone, Copy, Debug)]
pub struct Strategy {
    pub name: &'static str,
    /// Writes what the build needs; called after each edit.
    pub prepare: fn(&Workspace),
}

/// Every strategy of the generator.
pub const STRATEGIES: &[Strategy] = &[
    Strategy {
        name: "layer",
        prepare: Workspace::generate,
    },
    Strategy {
        name: "mount",
        prepare: generate_mount,
    },
];

fn generate_mount(workspace: &Workspace) {
    let chosen = "\n[cache]\nstrategy = \"mount\"\n";
    if !workspace.read("bakehouse.toml").contains(chosen) {
        workspace.append("bakehouse.toml", chosen);
    }
    workspace.generate();
}

/// The Dockerfile that many a Rust project has: a stage for each service that compiles in a mounted target folder
/// what COPY brought. It shows that the scenarios can tell a stale binary.
pub const USUAL: Strategy = Strategy {
    name: "usual",
    prepare: write_usual,
};

fn write_usual(workspace: &Workspace) {
    let mut dockerfile = String::new();
    let mut bake = String::from("variable \"REGISTRY\" {}\n");
    for service in SERVICES {
        let library = library_of(service);
        let _ = write!(
            dockerfile,
            r"FROM docker.io/library/rust:1.95.0-slim-bookworm AS build-{service}
ENV CARGO_HOME=/cargo
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY crates/common crates/common
COPY crates/left crates/left
COPY crates/{library} crates/{library}
COPY crates/{service} crates/{service}
RUN --mount=type=cache,id=usual-registry-{namespace},target=/cargo/registry,sharing=shared \
    --mount=type=cache,id=usual-git-{namespace},target=/cargo/git,sharing=shared \
    --mount=type=cache,id=usual-target-{service}-{namespace},target=/build/target \
    cargo build --release --bin {service} && mkdir -p /out && cp target/release/{service} /out/

FROM docker.io/library/debian:bookworm-slim AS {service}
COPY --from=build-{service} /out/{service} /usr/local/bin/
ENTRYPOINT [{entrypoint:?}]

",
            namespace = workspace.images.namespace(),
            entrypoint = format!("/usr/local/bin/{service}"),
        );
        let _ = write!(
            bake,
            "target \"{service}\" {{\n  target = \"{service}\"\n  tags = [\"${{REGISTRY}}/{service}:latest\"]\n}}\n"
        );
    }
    workspace.write("Dockerfile", &dockerfile);
    workspace.write("docker-bake.hcl", &bake);
}
