//! Cache mounts by hand: manifests and dummy sources are built first, then the real sources of the closure, with a
//! `target` mount for each service.

use std::collections::BTreeSet;
use std::fmt::Write;

use camino::Utf8PathBuf;

use super::{features, images, profile};
use crate::bench::subject::{Part, Subject};
use crate::documents::dockerfile::profile_folder;
use crate::plan::Plan;

/// Renders the Dockerfile. `salt` is part of each mount's id.
pub fn dockerfile(plan: &Plan, subject: &Subject, builder: &str, salt: &str) -> String {
    let profile = profile(plan);
    let folder = profile_folder(&plan.config.profile);
    let mut text = format!("FROM {builder} AS base\nENV CARGO_HOME=/cargo\nWORKDIR /build\n");
    let manifests = manifests(subject);
    for part in &subject.parts {
        let service = &part.name;
        let bin = &part.bin;
        let features = features(plan, &part.package);
        let mounts = |purpose: &str| {
            format!(
                "--mount=type=cache,id=seed-registry-{salt},target=/cargo/registry,sharing=shared \\\n    --mount=type=cache,id=seed-git-{salt},target=/cargo/git,sharing=shared \\\n    --mount=type=cache,id=seed-{purpose}-{service}-{salt},target=/build/target"
            )
        };
        let _ = write!(
            text,
            r"
FROM base AS planner-{service}
COPY Cargo.toml Cargo.lock ./
{manifests}RUN {} \
    cargo build {profile} --bin {bin}{features}

FROM planner-{service} AS builder-{service}
{}RUN {} \
    cargo build {profile} --bin {bin}{features} && cp target/{folder}/{bin} /build/{bin}
",
            mounts("planner"),
            sources(subject, part),
            mounts("builder"),
        );
    }
    text + &images(plan, subject, |stage, bin| {
        (format!("builder-{stage}"), format!("/build/{bin}"))
    })
}

/// Copies every manifest and writes a dummy for every source file that a manifest names.
fn manifests(subject: &Subject) -> String {
    let mut text = String::new();
    for folder in subject
        .folders
        .values()
        .filter(|folder| !folder.as_str().is_empty())
    {
        let _ = writeln!(text, "COPY {folder}/Cargo.toml {folder}/");
    }
    let files: BTreeSet<&Utf8PathBuf> = subject.targets.values().flatten().collect();
    let folders: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.parent())
        .map(camino::Utf8Path::as_str)
        .filter(|folder| !folder.is_empty())
        .collect();
    let paths: Vec<&str> = files.iter().map(|file| file.as_str()).collect();
    let _ = writeln!(
        text,
        "RUN mkdir -p {} && for file in {}; do echo 'fn main() {{}}' >$file; done",
        folders.into_iter().collect::<Vec<_>>().join(" "),
        paths.join(" ")
    );
    text
}

/// Copies the sources of the closure, the binary's own package last because it changes most.
fn sources(subject: &Subject, part: &Part) -> String {
    let libraries = part
        .closure
        .iter()
        .filter(|package| **package != part.package);
    let mut text = String::new();
    for package in libraries.chain([&part.package]) {
        let folder = &subject.folders[package];
        if folder.as_str().is_empty() {
            text.push_str("COPY . .\n");
        } else {
            let _ = writeln!(text, "COPY {folder}/ {folder}/");
        }
    }
    text
}
