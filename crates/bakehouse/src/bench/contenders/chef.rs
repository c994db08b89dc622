//! cargo-chef: dependencies are cooked from a recipe in a layer of their own, then all sources are copied.

use std::fmt::Write;

use super::{features, images, profile};
use crate::bench::subject::Subject;
use crate::documents::dockerfile::profile_folder;
use crate::plan::Plan;

/// Renders the Dockerfile. With `salt`, it uses sccache and mounts with `salt` in their ids.
pub fn dockerfile(plan: &Plan, subject: &Subject, builder: &str, salt: Option<&str>) -> String {
    let profile = profile(plan);
    let mounts = salt.map_or_else(String::new, |salt| {
        let mount = |id: &str, target: &str| {
            format!("--mount=type=cache,id={id}-{salt},target={target},sharing=locked \\\n    ")
        };
        mount("chef-registry", "/usr/local/cargo/registry")
            + &mount("chef-git", "/usr/local/cargo/git")
            + &mount("chef-sccache", "/sccache")
    });
    let wrapper = if salt.is_some() {
        "ENV RUSTC_WRAPPER=sccache SCCACHE_DIR=/sccache\n"
    } else {
        ""
    };
    let mut text = format!(
        r"FROM {builder} AS chef
ENV CARGO_HOME=/usr/local/cargo
{wrapper}WORKDIR /app

FROM chef AS planner
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS builder
COPY --from=planner /app/recipe.json recipe.json
RUN {mounts}cargo chef cook {profile} --recipe-path recipe.json
COPY . .
"
    );
    for part in &subject.parts {
        let bin = &part.bin;
        let features = features(plan, &part.package);
        let _ = write!(
            text,
            "\nFROM builder AS build-{}\nRUN {mounts}cargo build {profile} --bin {bin}{features}\n",
            part.targets[0]
        );
    }
    let folder = profile_folder(plan);
    text + &images(plan, subject, |stage, bin| {
        (
            format!("build-{stage}"),
            format!("/app/target/{folder}/{bin}"),
        )
    })
}
