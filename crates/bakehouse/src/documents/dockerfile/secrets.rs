//! `[secrets]` in `bakehouse.toml`: secrets for steps with network, which end up in no layer, history or cache.

use super::model::Mount;
use crate::plan::Plan;

/// The prefix of rustup's variables.
const RUSTUP: &str = "RUSTUP_";

/// Returns the secret files of each step with network, such as a company's certificates or credentials for package
/// mirrors.
pub fn files(plan: &Plan) -> Vec<Mount> {
    let files = plan.config.secrets.files.iter();
    let files = files.map(|(id, target)| Mount::SecretFile {
        id: id.clone(),
        target: target.to_string(),
    });
    files.collect()
}

/// Returns the mounts of the step that fetches crates.
pub fn of_vendor(plan: &Plan) -> Vec<Mount> {
    let secrets = &plan.config.secrets;
    let mut mounts = files(plan);
    let variables = secrets.variables.iter();
    let variables = variables.filter(|name| !name.starts_with(RUSTUP)).cloned();
    mounts.extend(variables.map(Mount::SecretVariable));
    mounts.extend(secrets.ssh.then_some(Mount::Ssh));
    mounts
}

/// Returns the mounts of the step in which rustup installs a toolchain: secret files, and the variables that name the
/// server.
pub fn of_rustup(plan: &Plan) -> Vec<Mount> {
    let mut mounts = files(plan);
    let variables = plan.config.secrets.variables.iter();
    let variables = variables.filter(|name| name.starts_with(RUSTUP)).cloned();
    mounts.extend(variables.map(Mount::SecretVariable));
    mounts
}

/// Returns commands that unset empty secret variables. Bake always passes them, and an unset variable arrives empty,
/// which Cargo would take for a value.
pub fn only_given(plan: &Plan) -> impl Iterator<Item = String> {
    let variables = plan.config.secrets.variables.iter();
    let variables = variables.filter(|name| !name.starts_with(RUSTUP));
    variables.map(|name| unset_where_empty(name))
}

/// Returns the same commands for the step in which rustup installs a toolchain.
pub fn only_given_to_rustup(plan: &Plan) -> impl Iterator<Item = String> {
    let variables = plan.config.secrets.variables.iter();
    let variables = variables.filter(|name| name.starts_with(RUSTUP));
    variables.map(|name| unset_where_empty(name))
}

fn unset_where_empty(name: &str) -> String {
    format!("[ -n \"${{{name}-}}\" ] || unset {name}")
}
