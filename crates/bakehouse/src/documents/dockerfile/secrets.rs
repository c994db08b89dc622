//! `[secrets]` in `bakehouse.toml`: what steps with network have, and leave in no layer, history or cache.

use super::model::Mount;
use crate::plan::Plan;

/// Prefix of rustup's variables.
const RUSTUP: &str = "RUSTUP_";

/// Files, for each step with network: a company's certificates, or how to log in where packages come from.
pub fn files(plan: &Plan) -> Vec<Mount> {
    let files = plan.config.secrets.files.iter();
    let files = files.map(|(id, target)| Mount::SecretFile {
        id: id.clone(),
        target: target.to_string(),
    });
    files.collect()
}

/// What the step has that fetches crates.
pub fn of_vendor(plan: &Plan) -> Vec<Mount> {
    let secrets = &plan.config.secrets;
    let mut mounts = files(plan);
    let variables = secrets.variables.iter();
    let variables = variables.filter(|name| !name.starts_with(RUSTUP)).cloned();
    mounts.extend(variables.map(Mount::SecretVariable));
    mounts.extend(secrets.ssh.then_some(Mount::Ssh));
    mounts
}

/// Returns the mounts of the step in which rustup installs a toolchain: secret files, and the variables that say which
/// server to ask.
pub fn of_rustup(plan: &Plan) -> Vec<Mount> {
    let mut mounts = files(plan);
    let variables = plan.config.secrets.variables.iter();
    let variables = variables.filter(|name| name.starts_with(RUSTUP)).cloned();
    mounts.extend(variables.map(Mount::SecretVariable));
    mounts
}

/// A variable that is not set outside is not set here: Bake gives it all the same, and empty, which Cargo takes for a
/// value.
pub fn only_given(plan: &Plan) -> impl Iterator<Item = String> {
    let variables = plan.config.secrets.variables.iter();
    let variables = variables.filter(|name| !name.starts_with(RUSTUP));
    variables.map(|name| unset_where_empty(name))
}

/// The same for the step in which rustup installs a toolchain.
pub fn only_given_to_rustup(plan: &Plan) -> impl Iterator<Item = String> {
    let variables = plan.config.secrets.variables.iter();
    let variables = variables.filter(|name| name.starts_with(RUSTUP));
    variables.map(|name| unset_where_empty(name))
}

fn unset_where_empty(name: &str) -> String {
    format!("[ -n \"${{{name}-}}\" ] || unset {name}")
}
