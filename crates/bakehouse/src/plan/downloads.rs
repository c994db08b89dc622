//! Crates below some packages whose build scripts fetch something, unless the configuration has another way for them.

use std::collections::{BTreeMap, BTreeSet};

use super::config::Config;
use crate::graph::downloads::{Download, downloads};
use crate::graph::{Member, Workspace};
use crate::names::PackageName;

/// Returns the crates that `packages` reach in the lock and whose build scripts fetch something. It leaves out those
/// with a feature that avoids it, and those with a variable in Cargo's configuration.
pub fn downloading(workspace: &Workspace, packages: &BTreeSet<&str>) -> Vec<Download> {
    if downloads(workspace.lock.packages()).is_empty() {
        return Vec::new();
    }
    let direct: BTreeMap<String, BTreeSet<String>> = packages
        .iter()
        .filter_map(|name| {
            let member = workspace.members.get(*name)?;
            Some(((*name).to_owned(), member.dependencies.clone()))
        })
        .collect();
    let mut found = downloads(workspace.lock.reachable(&direct));
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
    if download.features.is_empty() {
        return false;
    }
    let asks = |table: &toml::Table| {
        let of_all = table.get("target").and_then(toml::Value::as_table);
        let of_all = of_all.into_iter().flat_map(toml::Table::values);
        let tables = of_all.filter_map(toml::Value::as_table).chain([table]);
        let mut dependencies = tables.flat_map(|table| {
            ["dependencies", "build-dependencies"]
                .into_iter()
                .filter_map(|kind| table.get(kind)?.as_table())
                .flatten()
        });
        dependencies.any(|(key, dependency)| {
            let of = |field: &str| dependency.get(field);
            let package = of("package").and_then(toml::Value::as_str);
            let features = of("features").and_then(toml::Value::as_array);
            let mut features = features.into_iter().flatten();
            package.unwrap_or(key) == download.name
                && features.any(|feature| {
                    let name = feature.as_str();
                    name.is_some_and(|name| download.features.iter().any(|one| one == name))
                })
        })
    };
    let shared = workspace.manifest.get("workspace");
    let shared = shared.and_then(toml::Value::as_table);
    let inherited =
        |member: &Member| member.dependencies.contains(&download.name) && shared.is_some_and(asks);
    let members = packages.iter();
    let mut members = members.filter_map(|name| workspace.members.get(*name));
    members.any(|member| asks(&member.manifest) || inherited(member))
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
