//! Packages that affect features without being built. These are local packages whose feature requests Cargo takes into
//! account although nothing needs them compiled, and dev-dependencies, which count under Cargo's first resolver.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::stage::Selection;
use super::tables::change_each;
use crate::graph::lock::Package;
use crate::graph::member::EdgeKind;
use crate::graph::{Member, Workspace};
use crate::names::PackageName;

/// The tables of a manifest with dev-dependencies.
const TABLES: [&str; 2] = ["dev-dependencies", "dev_dependencies"];

/// Packages and dev-dependencies that affect features without being compiled.
#[derive(Clone, Debug, Default)]
pub struct Development {
    /// The local packages that are not compiled, but affect the features of those that are.
    pub requesting: BTreeSet<PackageName>,
    /// The names of the packages behind the dev-dependencies that count, by package.
    names: BTreeMap<PackageName, BTreeSet<String>>,
    /// The manifests of the packages that count, without other dev-dependencies.
    manifests: BTreeMap<PackageName, Table>,
}

/// Returns the packages whose dev-dependencies count in a build of `named`. Only the first resolver takes
/// dev-dependencies into account: those of `named` and of the root package.
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

    /// Keeps those `requesting` packages, and those dev-dependencies of the `dev_dependents`, that reach a compiled
    /// package. Others cannot affect its features.
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

    /// Returns the names of the packages behind the dev-dependencies of `package` that count.
    pub fn names(&self, package: &str) -> impl Iterator<Item = &String> {
        self.names.get(package).into_iter().flatten()
    }

    /// Returns whether a package is compiled for any output, or affects features.
    pub fn counts(&self, package: &str) -> bool {
        self.manifests.contains_key(package)
    }

    /// Returns the manifest of a package that counts, without the dev-dependencies that do not count.
    pub fn manifest(&self, package: &str) -> &Table {
        &self.manifests[package]
    }

    /// Returns the packages that `member` needs, and those that it requests features of.
    pub fn dependencies(&self, member: &Member) -> BTreeSet<String> {
        let names = self.names(&member.name);
        member.dependencies.iter().chain(names).cloned().collect()
    }
}

/// Returns `manifest` with only those dev-dependencies that `kept` accepts.
pub fn with_development(manifest: &Table, kept: impl Fn(&str) -> bool + Copy) -> Table {
    let mut table = manifest.clone();
    change_each(&mut table, |table| keep(table, kept));
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
