//! Bases for two platforms: builders of this machine's platform that can install a cross compiler, and bases on which
//! programs of both platforms run.

use bakehouse_testkit::{Workspace, engine};

use crate::tiny;

const DEBIAN: &str = "docker.io/library/debian:trixie-slim";

/// Images that the engine must have; `tools/engine bases` pulls them.
pub const BASES: [&str; 1] = [DEBIAN];

/// The command that makes `apt-get` use a newer Debian than that of the base.
const NEWER: &str = "sed -i -e '/^$/,$d' -e 's/^Suites: .*/Suites: forky/' /etc/apt/sources.list.d/debian.sources && ";

/// Creates a builder with Debian's own Rust, which has a standard library for each of Debian's architectures. It is for
/// the engine's platform only.
#[track_caller]
pub fn builder(workspace: &Workspace) -> String {
    builder_of(workspace, "")
}

/// Creates its runtime base, with its C library and zlib, for both platforms.
#[track_caller]
pub fn runtime(workspace: &Workspace) -> String {
    runtime_of(workspace, "")
}

/// Creates a builder with a Rust that is new enough for the reference platform.
#[track_caller]
pub fn newer_builder(workspace: &Workspace) -> String {
    builder_of(workspace, NEWER)
}

/// Creates its runtime base.
#[track_caller]
pub fn newer_runtime(workspace: &Workspace) -> String {
    runtime_of(workspace, NEWER)
}

#[track_caller]
fn builder_of(workspace: &Workspace, sources: &str) -> String {
    let image = workspace.images.name("builder");
    let packages = "rustc cargo gcc libc6-dev ca-certificates";
    // Certificates that this machine's network requires.
    let certificates = tiny::BASES[0];
    engine::image(
        &image,
        &format!(
            "FROM {DEBIAN}\n\
             RUN {sources}apt-get update -qq && apt-get install -qq -y --no-install-recommends {packages} && \\\n\
             rm -rf /var/lib/apt/lists/*\n\
             COPY --from={certificates} /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/\n"
        ),
    );
    image
}

#[track_caller]
fn runtime_of(workspace: &Workspace, sources: &str) -> String {
    let image = workspace.images.name("runtime");
    engine::image_for(&image, &PLATFORMS, &runtime_dockerfile(sources));
    image
}

/// The platforms of runtime bases.
pub const PLATFORMS: [&str; 2] = ["linux/amd64", "linux/arm64"];

/// Returns the Dockerfile of a runtime base.
pub fn runtime_dockerfile(sources: &str) -> String {
    format!(
        "FROM --platform=$BUILDPLATFORM {DEBIAN} AS files\n\
             ARG TARGETARCH\n\
             RUN {sources}dpkg --add-architecture $TARGETARCH && apt-get update -qq && \\\n\
             mkdir -p /image/usr/lib /image/usr/lib64 /packages && chmod 777 /packages && \\\n\
             ln -s usr/lib /image/lib && ln -s usr/lib64 /image/lib64 && cd /packages && \\\n\
             apt-get download -qq libc6:$TARGETARCH libgcc-s1:$TARGETARCH zlib1g:$TARGETARCH && \\\n\
             for package in *.deb; do dpkg -x $package /image; done\n\
             FROM scratch\n\
             COPY --from=files /image/ /\n"
    )
}
