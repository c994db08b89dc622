//! The targets that Bake reads from the generated file, without a bake.

use std::collections::BTreeMap;
use std::process::Command;

use bakehouse_testkit::{Ran, Workspace};
use serde_json::Value;

/// Returns the groups and targets of a bake of `targets`, with these variables and with further Bake files.
#[track_caller]
pub fn printed(
    workspace: &Workspace,
    targets: &[&str],
    variables: &[(&str, &str)],
    files: &[&str],
) -> Value {
    let printed = print(workspace, targets, variables, files).succeeded();
    serde_json::from_str(&printed.stdout).expect("Bake prints JSON")
}

/// Prints a bake, which may be refused.
#[track_caller]
pub fn print(
    workspace: &Workspace,
    targets: &[&str],
    variables: &[(&str, &str)],
    files: &[&str],
) -> Ran {
    let mut command = Command::new("docker");
    command
        .current_dir(workspace.dir())
        .args(["buildx", "bake", "--print", "--file", "docker-bake.hcl"])
        .args(files.iter().flat_map(|file| ["--file", file]))
        .args(targets)
        .env_remove("REGISTRY")
        .env_remove("TAG")
        .env_remove("PLATFORMS")
        .envs(variables.iter().copied());
    Ran::of(&mut command)
}

/// Returns a list of texts in the printed JSON; none where it is missing.
pub fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.map(|item| item.as_str().expect("a text")).collect()
}

/// Returns an output as it is written: `type=…,dest=…`.
pub fn output(value: &Value) -> String {
    let fields = value.as_object().expect("a table");
    let fields: BTreeMap<&str, &str> = fields
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str().expect("a text")))
        .collect();
    let fields = fields
        .iter()
        .rev()
        .map(|(key, value)| format!("{key}={value}"));
    fields.collect::<Vec<_>>().join(",")
}
