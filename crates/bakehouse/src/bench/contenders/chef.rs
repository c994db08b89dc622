//! cargo-chef: dependencies are cooked from a recipe in a layer of their own, then all sources are copied.

use std::fmt::Write;

use super::store::{STORE, STORE_MODE, mode_mount};
use super::{features, images, profile};
use crate::bench::subject::Subject;
use crate::documents::dockerfile::profile_folder;
use crate::plan::Plan;

/// Returns the command that makes sccache use the store where the build has one: a Redis or a WebDAV folder.
fn connect() -> String {
    format!(
        r#"if [ -n "${STORE}" ]; then \
        mode=$(cat /run/secrets/{STORE_MODE} 2>/dev/null); if [ "$mode" = ro ]; then mode=READ_ONLY; else mode=READ_WRITE; fi; \
        case ${STORE} in \
        redis*) export SCCACHE_REDIS_ENDPOINT="${STORE}" SCCACHE_REDIS_KEY_PREFIX="$BAKEHOUSE_BENCH" SCCACHE_REDIS_RW_MODE=$mode ;; \
        *) export SCCACHE_WEBDAV_ENDPOINT="${STORE}" SCCACHE_WEBDAV_KEY_PREFIX="$BAKEHOUSE_BENCH" SCCACHE_WEBDAV_RW_MODE=$mode ;; \
        esac; \
    fi"#
    )
}

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
            + &mode_mount()
    });
    // The server is stopped at the end, so that what it is still writing is kept.
    let (before, after) = if salt.is_some() {
        (
            format!("{} && \\\n    ", connect()),
            " && \\\n    sccache --stop-server >/dev/null",
        )
    } else {
        (String::new(), "")
    };
    let argument = if salt.is_some() { "ARG STORE\n" } else { "" };
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
{argument}COPY --from=planner /app/recipe.json recipe.json
RUN {mounts}{before}cargo chef cook {profile} --recipe-path recipe.json{after}
COPY . .
"
    );
    for part in &subject.parts {
        let bin = &part.bin;
        let features = features(plan, &part.package);
        let _ = write!(
            text,
            "\nFROM builder AS build-{}\n{argument}RUN {mounts}{before}cargo build {profile} --bin {bin}{features}{after}\n",
            part.name
        );
    }
    let folder = profile_folder(&plan.config.profile);
    text + &images(plan, subject, |stage, bin| {
        (
            format!("build-{stage}"),
            format!("/app/target/{folder}/{bin}"),
        )
    })
}
