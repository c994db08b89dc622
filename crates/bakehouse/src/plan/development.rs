//! Packages that affect features without being built: local packages whose requests Cargo takes into account although
//! nothing needs them compiled, and dev-dependencies, which count under Cargo's first resolver.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::stage::Selection;
use crate::graph::lock::Package;
use crate::graph::member::EdgeKind;
use crate::graph::{Member, Workspace};
use crate::names::PackageName;

/// Tables of a manifest with dev-dependencies.
const TABLES: [&str; 2] = ["dev-dependencies", "dev_dependencies"];

/// Packages and dev-dependencies that count beside the packages that are compiled.
#[derive(Clone, Debug, Default)]
pub struct Development {
    /// Local packages that are not compiled, but affect the features of those that are.
    pub requesting: BTreeSet<PackageName>,
    /// Names of the packages behind the dev-dependencies that count, by package.
    names: BTreeMap<PackageName, BTreeSet<String>>,
    /// The manifests of the packages that count, without other dev-dependencies.
    manifests: BTreeMap<PackageName, Table>,
}

/// Returns the packages whose dev-dependencies count when Cargo is told to build `named`: none, except under the first
/// resolver, which adds the package of the workspace's folder to them.
pub fn dev_dependents<'a>(
    workspace: &'a Workspace,
    named: impl IntoIterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    if workspace.resolver() != "1" {
        return BTreeSet::new();
    }
    let root = workspace.root_package().map(|member| member.name.as_str());
    named.into_iter().chain(root).collect()
}

impl Development {
    pub fn new<'a>(
        workspace: &'a Workspace,
        selections: &'a [Selection],
        compiled: &BTreeSet<PackageName>,
    ) -> Self {
        let named = selections.iter().flat_map(|selection| &selection.packages);
        let dev_dependents = dev_dependents(workspace, named.map(PackageName::as_str));
        let requesting = selections
            .iter()
            .flat_map(|selection| selection.activation.requesting())
            .filter(|package| !compiled.contains(*package));
        let mut found = Self::default();
        found.find(workspace, compiled, requesting.collect(), &dev_dependents);
        let all = compiled.iter().chain(&found.requesting);
        let manifests = all.map(|name| {
            let member = &workspace.members[name];
            let keys = found.keys(member);
            (
                name.clone(),
                with_development(&member.manifest, |key| keys.contains(key)),
            )
        });
        found.manifests = manifests.collect();
        found
    }

    /// Keeps of the `requesting` packages, and of the dev-dependencies of the `dev_dependents`, what reaches something that is
    /// compiled: others can ask nothing of it.
    fn find(
        &mut self,
        workspace: &Workspace,
        compiled: &BTreeSet<PackageName>,
        requesting: BTreeSet<&str>,
        dev_dependents: &BTreeSet<&str>,
    ) {
        if requesting.is_empty() && dev_dependents.is_empty() {
            return;
        }
        let lock = &workspace.lock;
        let all: BTreeMap<String, BTreeSet<String>> = workspace
            .members
            .values()
            .map(|member| ((&member.name).into(), member.dependencies.clone()))
            .collect();
        let own = compiled.iter();
        let own = own
            .map(|name| (name.into(), all[name.as_str()].clone()))
            .collect();
        let local = |entry: &Package| entry.source.is_none() && all.contains_key(&entry.name);
        let built: BTreeSet<&Package> = lock
            .reachable(&own)
            .into_iter()
            .filter(|entry| !local(entry) || compiled.contains(&entry.name))
            .collect();
        let counts = |reached: Vec<&Package>| reached.iter().any(|entry| built.contains(entry));
        for name in dev_dependents {
            let member = &workspace.members[*name];
            let development = member.requirements.iter();
            let development = development.filter(|needed| needed.kind == EdgeKind::Dev);
            let names: BTreeSet<&String> = development.map(|needed| &needed.name).collect();
            let names = names
                .into_iter()
                .filter(|needed| *needed == *name || counts(lock.reached_by(name, needed, &all)));
            let names: BTreeSet<String> = names.cloned().collect();
            if !names.is_empty() {
                self.names.insert(PackageName::new(*name), names);
            }
        }
        let requesting = requesting.into_iter().filter(|name| {
            self.names.contains_key(*name) || counts(lock.reached_from_local(name, &all))
        });
        self.requesting = requesting.map(PackageName::new).collect();
    }

    /// Returns the keys of the dev-dependencies of `member` that count.
    fn keys<'a>(&self, member: &'a Member) -> BTreeSet<&'a str> {
        let Some(names) = self.names.get(&member.name) else {
            return BTreeSet::new();
        };
        let development = member.requirements.iter();
        let development = development
            .filter(|needed| needed.kind == EdgeKind::Dev && names.contains(&needed.name));
        development.map(|needed| needed.key.as_str()).collect()
    }

    /// The names of the packages that the dev-dependencies of `package` mean which count.
    pub fn names(&self, package: &str) -> impl Iterator<Item = &String> {
        self.names.get(package).into_iter().flatten()
    }

    /// Returns whether a package is compiled for any output, or affects features.
    pub fn counts(&self, package: &str) -> bool {
        self.manifests.contains_key(package)
    }

    /// The manifest of a package that is compiled, or asks, without the dev-dependencies that do not count.
    pub fn manifest(&self, package: &str) -> &Table {
        &self.manifests[package]
    }

    /// The packages that `member` needs, and those that it asks.
    pub fn dependencies(&self, member: &Member) -> BTreeSet<String> {
        let names = self.names(&member.name);
        member.dependencies.iter().chain(names).cloned().collect()
    }
}

/// `manifest` with no other dev-dependencies than `kept` names.
pub fn with_development(manifest: &Table, kept: impl Fn(&str) -> bool + Copy) -> Table {
    let mut table = manifest.clone();
    keep(&mut table, kept);
    if let Some(targets) = table.get_mut("target").and_then(Value::as_table_mut) {
        for (_, target) in targets.iter_mut() {
            if let Some(target) = target.as_table_mut() {
                keep(target, kept);
            }
        }
    }
    table
}

fn keep(table: &mut Table, kept: impl Fn(&str) -> bool) {
    let mut all = Table::new();
    for key in TABLES {
        if let Some(Value::Table(dependencies)) = table.remove(key) {
            all.extend(dependencies.into_iter().filter(|(key, _)| kept(key)));
        }
    }
    if !all.is_empty() {
        table.insert(TABLES[0].to_owned(), all.into());
    }
}
