//! Crates below some packages whose build scripts fetch something, unless the configuration has another way for them.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Config;
use crate::graph::Workspace;
use crate::graph::downloads::{Download, downloads};
use crate::graph::member::{EdgeKind, Requirement};
use crate::names::PackageName;

/// Returns the crates that `packages` reach in the lock and whose build scripts fetch something. It leaves out those
/// with a feature that avoids it, and those with a variable in Cargo's configuration.
pub fn downloading(workspace: &Workspace, packages: &BTreeSet<&str>) -> Vec<Download> {
    if downloads(workspace.lock.packages()).is_empty() {
        return Vec::new();
    }
    let mut found = downloads(workspace.reachable(packages.iter().copied()));
    found.retain(|download| {
        let mut variables = download.variables.iter();
        !variables.any(|name| workspace.cargo_config.env.contains(name))
            && !avoids(workspace, packages, download)
    });
    found
}

/// Returns those among `found` for which the configuration neither fetches a file nor has a variable.
pub fn unanswered(config: &Config, mut found: Vec<Download>) -> Vec<Download> {
    found.retain(|download| {
        let fetched = config.fetch.iter().map(|file| &file.variable);
        let given = config.variables.get(download.name.as_str());
        let mut known = fetched.chain(given.into_iter().flatten());
        !known.any(|name| download.variables.contains(name))
    });
    found
}

/// Returns whether one of `packages` asks for a feature of the crate with which it fetches nothing.
fn avoids(workspace: &Workspace, packages: &BTreeSet<&str>, download: &Download) -> bool {
    let asks = |needed: &Requirement| {
        let mut features = needed.features.iter();
        needed.name == download.name
            && needed.kind != EdgeKind::Dev
            && features.any(|feature| download.features.contains(feature))
    };
    let members = packages.iter();
    let mut members = members.filter_map(|name| workspace.members.get(*name));
    members.any(|member| member.requirements.iter().any(asks))
}

/// Returns the packages of each output that compiles one of these crates, by the crate's name.
pub fn holders<'a>(
    workspace: &Workspace,
    outputs: impl Iterator<Item = (&'a str, &'a BTreeSet<PackageName>)>,
    found: &[Download],
) -> BTreeMap<String, Vec<&'a str>> {
    let mut holders: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    if found.is_empty() {
        return holders;
    }
    for (output, closure) in outputs {
        let packages = closure.iter().map(PackageName::as_str).collect();
        for download in downloading(workspace, &packages) {
            holders.entry(download.name).or_default().push(output);
        }
    }
    holders
}
