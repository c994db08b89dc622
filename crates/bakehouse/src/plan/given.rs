//! Third-party crates that the configuration gives variables or files.

use std::collections::BTreeSet;

use super::config::Config;
use super::stage::{GivenCrate, Selection};
use crate::context_path::ContextPath;
use crate::graph::Workspace;
use crate::graph::inputs::fixed_part;
use crate::names::PackageName;

/// Returns those that a selection compiles, or may compile, sorted by name.
pub fn given_crates(
    workspace: &Workspace,
    config: &Config,
    selection: &Selection,
) -> Vec<GivenCrate> {
    let named = config.inputs.keys().chain(config.variables.keys());
    let mut named: BTreeSet<&PackageName> = named.collect();
    named.retain(|name| !workspace.members.contains_key(*name));
    if named.is_empty() {
        return Vec::new();
    }
    let packages = selection.closures.keys();
    let reached = workspace.reachable(packages.map(PackageName::as_str));
    named.retain(|name| reached.iter().any(|entry| entry.name == name.as_str()));
    let given = named.into_iter().map(|name| {
        let paths = config.inputs.get(name).into_iter().flatten();
        let paths: BTreeSet<ContextPath> = paths
            .map(|path| ContextPath::new(fixed_part(path)))
            .collect();
        GivenCrate {
            name: name.clone(),
            variables: config.variables.get(name).cloned().unwrap_or_default(),
            paths: paths.into_iter().collect(),
        }
    });
    given.collect()
}
