//! kache: a compiler wrapper that keeps compiled crates and binaries. All sources are copied, and one step builds all.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::store::{STORE, STORE_MODE, mode_mount};
use super::{features, images, profile};
use crate::bench::subject::Subject;
use crate::documents::dockerfile::profile_folder;
use crate::plan::Plan;

/// Renders the Dockerfile. `salt` is part of each mount's id.
pub fn dockerfile(plan: &Plan, subject: &Subject, builder: &str, salt: &str) -> String {
    let profile = profile(plan);
    let mount = |id: &str, target: &str| {
        format!("--mount=type=cache,id={id}-{salt},target={target},sharing=locked \\\n    ")
    };
    // Only what is new in the local store is pushed, so the first build with a remote one begins with an empty one.
    let store = format!("kache${{{STORE}:+-and-remote}}");
    let mounts = mount("kache-registry", "/usr/local/cargo/registry")
        + &mount("kache-git", "/usr/local/cargo/git")
        + &mount(&store, "/kache")
        + &mode_mount();
    let mut binaries = String::new();
    for part in &subject.parts {
        let _ = write!(binaries, " --bin {}", part.bin);
    }
    let packages = subject.parts.iter().map(|part| part.package.as_str());
    let packages = packages.collect::<BTreeSet<_>>();
    let mut named = String::new();
    let mut featured = String::new();
    for package in packages {
        let _ = write!(named, " --package {package}");
        featured += &features(plan, package);
    }
    let mut text = format!(
        r#"FROM {builder} AS builder
ARG {STORE}
ENV CARGO_HOME=/usr/local/cargo RUSTC_WRAPPER=kache KACHE_CACHE_DIR=/kache KACHE_RUNTIME_DIR=/tmp/kache KACHE_CONFIG=/etc/kache.toml
WORKDIR /app
COPY . .
RUN {mounts}mkdir -p /tmp/kache && : >/etc/kache.toml && \
    if [ -n "${STORE}" ]; then \
        case ${STORE} in localhost*|127.*) insecure=true ;; *) insecure=false ;; esac; \
        printf '[cache.remote]\ntype = "oci"\nrepository = "%s"\ninsecure = %s\n' "${STORE}" $insecure >/etc/kache.toml; \
        if [ "$(cat /run/secrets/{STORE_MODE} 2>/dev/null)" = ro ]; then export KACHE_REMOTE_READONLY=1; fi; \
    fi && \
    cargo build {profile}{named}{binaries}{featured} && \
    kache daemon stop
"#
    );
    let folder = profile_folder(&plan.config.profile);
    text += &images(plan, subject, |_, bin| {
        ("builder".to_owned(), format!("/app/target/{folder}/{bin}"))
    });
    text
}
