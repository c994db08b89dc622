//! Builder bases, one for each clean build. Each sets a variable to a unique value, so that BuildKit shares no steps
//! between builds on different bases.

use std::fmt::Write;

use super::contenders::Contender;
use super::sandbox::docker;
use super::tree::unwritable;
use crate::plan::Plan;
use crate::problem::Problem;

/// The version of cargo-chef that is measured.
pub const CHEF: &str = "0.1.78";
/// The version of sccache that is measured.
pub const SCCACHE: &str = "0.19.0";
/// The version of kache that is measured.
pub const KACHE: &str = "2.0.0";

/// Builds the builder base of `contender`, pushes it if the bare runner needs it, and returns its name.
///
/// # Errors
/// `bake-failed`.
pub fn make(
    plan: &Plan,
    contender: Contender,
    salt: &str,
    registry: Option<&str>,
) -> Result<String, Problem> {
    let prefix = registry.map_or_else(String::new, |registry| format!("{registry}/"));
    let name = format!("{prefix}bakehouse-bench/builder:{salt}");
    let folder = tempfile::tempdir().map_err(unwritable)?;
    let path = folder.path().join("Dockerfile");
    fs_err::write(&path, dockerfile(plan, contender, salt)).map_err(unwritable)?;
    let folder = folder.path().to_string_lossy();
    docker(&[
        "buildx",
        "build",
        "--quiet",
        "--load",
        "--provenance=false",
        "--tag",
        &name,
        &folder,
    ])?;
    if registry.is_some() {
        docker(&["push", "--quiet", &name])?;
    }
    Ok(name)
}

fn dockerfile(plan: &Plan, contender: Contender, salt: &str) -> String {
    let mut text = format!("FROM {}\n", plan.config.builder);
    if !plan.config.builder_packages.is_empty() {
        let packages = plan.config.builder_packages.join(" ");
        let _ = writeln!(
            text,
            "RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends {packages}"
        );
    }
    let chef = format!("RUN cargo install --locked --root /usr/local cargo-chef@{CHEF}\n");
    let installed = match contender {
        Contender::Chef => chef,
        Contender::ChefSccache => format!(
            "{chef}RUN cargo install --locked --root /usr/local --no-default-features --features redis,webdav sccache@{SCCACHE}\n"
        ),
        // Its lock names versions that have since been withdrawn.
        Contender::Kache => format!("RUN cargo install --root /usr/local kache@{KACHE}\n"),
        Contender::Host | Contender::Layer | Contender::Mount | Contender::Seed => String::new(),
    };
    text += &installed;
    text + &format!("ENV BAKEHOUSE_BENCH={salt}\n")
}
