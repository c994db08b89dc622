//! Manifests of workspaces, cut to some of the packages.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use super::manifest::{hollow, inherited, library, masked, own, without_path_version};
use super::model::{MemberSkeleton, RUNNER, Role, Runner};
use crate::graph::context::relative;
use crate::graph::lock::{MASKED_VERSION, Package};
use crate::graph::{Member, Workspace, patch};
use crate::names::PackageName;
use crate::plan::development::Development;
use crate::plan::profile;

/// A workspace cut to some of its packages.
pub(super) struct Cut<'a> {
    pub(super) workspace: &'a Workspace,
    /// The profiles that something is built with.
    pub(super) profiles: &'a BTreeSet<String>,
    /// The packages that are compiled, by the names of their binaries.
    pub(super) binaries: BTreeMap<&'a str, BTreeSet<&'a str>>,
    pub(super) kept: &'a BTreeMap<PackageName, Role>,
    /// The entries of the lock that they reach.
    pub(super) reachable: &'a [&'a Package],
    /// The packages whose version is not masked.
    pub(super) plain: &'a BTreeSet<String>,
    /// The packages whose library goes into an image.
    pub(super) cdylibs: &'a BTreeSet<PackageName>,
    pub(super) development: &'a Development,
    pub(super) runner: &'a Runner<'a>,
}

impl Cut<'_> {
    /// Returns the packages of the workspace in `folder` whose dependencies count.
    fn members_of(&self, folder: &Utf8Path) -> Vec<&Member> {
        let kept = self.kept.iter().filter(|(_, role)| **role != Role::Hollow);
        kept.map(|(name, _)| &self.workspace.members[name])
            .filter(|member| member.workspace == folder)
            .collect()
    }

    pub(super) fn member(&self, member: &Member) -> MemberSkeleton {
        let role = self.kept[&member.name];
        let masked = match role {
            Role::Masked | Role::Requesting => self.masked(member, role),
            Role::PathDependency => self.own(member),
            Role::Hollow => self.hollow(member),
        };
        MemberSkeleton {
            dir: member.dir.clone(),
            role,
            masked: text(&masked),
            own: match role {
                Role::Masked | Role::PathDependency => text(&self.own(member)),
                Role::Requesting | Role::Hollow => String::new(),
            },
            library: self
                .shares_a_name(member)
                .then(|| text(&library(self.own(member)))),
            build_script: member.build_script,
            roots: member.roots.clone(),
            only_named_as_library: member.library.is_none() && self.is_needed(member),
            is_root: member.is_root() && (!member.foreign || role == Role::PathDependency),
        }
    }

    fn own(&self, member: &Member) -> Table {
        own(self.development.manifest(&member.name))
    }

    fn masked(&self, member: &Member, role: Role) -> Table {
        let manifest = self.development.manifest(&member.name);
        let build_script = member.build_script && role != Role::Requesting;
        let own_version = self.plain.contains(member.name.as_str());
        let mut table = masked(member, manifest, build_script, own_version);
        if role == Role::Requesting {
            without_library(&mut table, member);
        }
        table
    }

    fn hollow(&self, member: &Member) -> Table {
        let mut table = hollow(member, self.plain.contains(member.name.as_str()));
        without_library(&mut table, member);
        table
    }

    /// Returns whether another package has it among its dependencies.
    fn is_needed(&self, member: &Member) -> bool {
        let mut others = self.kept.keys().map(|name| &self.workspace.members[name]);
        others.any(|other| other.edges.iter().any(|edge| edge.to == member.name))
    }

    /// Returns whether another package that is compiled has a binary of the same name.
    fn shares_a_name(&self, member: &Member) -> bool {
        let mut others = member.binaries.iter().flat_map(|binary| {
            let owners = self.binaries.get(binary.name.as_str());
            owners.into_iter().flatten()
        });
        member.library.is_some() && others.any(|other| *other != member.name)
    }

    /// Returns the workspace manifest. If masked, it keeps only settings that affect how third-party crates compile.
    pub(super) fn root(&self, mask: bool, with_package: bool) -> Table {
        let workspace = self.workspace;
        let folder = &workspace.folder;
        let package = workspace
            .root_package()
            .and_then(|member| Some((member, *self.kept.get(&member.name)?)));
        let mut table = match package {
            Some((member, Role::Hollow)) => self.hollow(member),
            Some((member, Role::PathDependency)) => self.own(member),
            Some((member, role @ Role::Requesting)) => self.masked(member, role),
            Some((member, Role::Masked)) if with_package => self.own(member),
            Some((member, role @ Role::Masked)) => {
                let mut table = self.masked(member, role);
                // In stages that compile libraries, Cargo must not take it for a library that a service needs.
                let is_output = !member.binaries.is_empty() || self.cdylibs.contains(&member.name);
                if !mask
                    && is_output
                    && let Some(mut library) = table.remove("lib")
                {
                    library
                        .as_table_mut()
                        .and_then(|library| library.remove("proc-macro"));
                    table.insert("bin".into(), Value::Array(vec![library]));
                }
                table
            }
            None => Table::new(),
        };
        if let Some(package) = table.get_mut("package").and_then(Value::as_table_mut) {
            package.remove("resolver");
        }
        let members = self.members_of(folder);
        let grounded = members
            .iter()
            .any(|member| self.kept[&member.name] == Role::PathDependency);
        let mut inner = Table::new();
        inner.insert("resolver".into(), workspace.resolver().into());
        let own = |(name, _): &(&PackageName, &Role)| !workspace.members[*name].foreign;
        let dirs = |foreign: bool| -> BTreeSet<Utf8PathBuf> {
            let kept = self.kept.iter().filter(|package| own(package) != foreign);
            kept.map(|(name, _)| relative(folder, &workspace.members[name].dir))
                .filter(|dir| !dir.as_str().is_empty())
                .collect()
        };
        let list = |dirs: BTreeSet<Utf8PathBuf>| -> Value {
            let values: Vec<Value> = dirs.iter().map(|dir| dir.as_str().into()).collect();
            values.into()
        };
        let mut members = dirs(false);
        if !self.runner.is_empty() {
            members.insert(RUNNER.into());
        }
        inner.insert("members".into(), list(members));
        // Without `exclude`, packages inside the folder would become members.
        let excluded: BTreeSet<Utf8PathBuf> = dirs(true)
            .into_iter()
            .filter(|dir| !dir.starts_with(".."))
            .collect();
        if !excluded.is_empty() {
            inner.insert("exclude".into(), list(excluded));
        }
        inner.extend(self.inherited(&workspace.manifest, folder, mask, mask && !grounded));
        table.insert("workspace".into(), inner.into());
        for key in ["cargo-features", "profile", "patch", "replace"] {
            if let Some(value) = workspace.manifest.get(key) {
                table.insert(key.into(), value.clone());
            }
        }
        if let Some(profiles) = table.get_mut("profile").and_then(Value::as_table_mut) {
            let used: BTreeSet<&str> = self
                .profiles
                .iter()
                .flat_map(|name| profile::chain(&workspace.profiles, name))
                .map(|(name, _)| name)
                .collect();
            profiles.retain(|name, _| used.contains(name));
            if profiles.is_empty() {
                table.remove("profile");
            }
        }
        patch::cut(&mut table, self.reachable);
        table
    }

    pub(super) fn runner(&self) -> Table {
        let mut package = Table::new();
        package.insert("name".into(), RUNNER.into());
        package.insert("version".into(), MASKED_VERSION.into());
        package.insert("edition".into(), "2021".into());
        package.insert("build".into(), "build.rs".into());
        let dependency = |name: &&str| {
            let name = *name;
            let dir = &self.workspace.members[name].dir;
            let mut dependency = Table::new();
            let path = Utf8Path::new("..").join(relative(&self.workspace.folder, dir));
            dependency.insert("path".into(), path.as_str().into());
            dependency.insert("optional".into(), true.into());
            dependency.insert("default-features".into(), false.into());
            (name.to_owned(), Value::Table(dependency))
        };
        let run: Table = self.runner.run.iter().map(dependency).collect();
        let linked: Table = self.runner.linked.iter().map(dependency).collect();
        let mut lib = Table::new();
        lib.insert("path".into(), "src/lib.rs".into());
        let mut table = Table::new();
        table.insert("package".into(), package.into());
        for (key, dependencies) in [("build-dependencies", run), ("dependencies", linked)] {
            if !dependencies.is_empty() {
                table.insert(key.into(), dependencies.into());
            }
        }
        table.insert("lib".into(), lib.into());
        table
    }

    /// Returns the runner's entry in the lock.
    pub(super) fn runner_entry(&self) -> String {
        let mut text = format!(
            "\n[[package]]\nname = {RUNNER:?}\nversion = {MASKED_VERSION:?}\ndependencies = [\n"
        );
        for name in self.runner.all() {
            let namesakes = self
                .reachable
                .iter()
                .filter(|entry| entry.name == name)
                .count();
            let version = match self.plain.contains(name) {
                true => &self.workspace.members[name].version,
                false => MASKED_VERSION,
            };
            text += &match namesakes {
                1 => format!(" {name:?},\n"),
                _ => format!(" \"{name} {version}\",\n"),
            };
        }
        text + "]\n"
    }

    /// Returns the manifests of other workspaces with packages that are compiled with the third-party crates.
    pub(super) fn foreign(&self) -> BTreeMap<Utf8PathBuf, String> {
        let mut manifests = BTreeMap::new();
        for (folder, manifest) in &self.workspace.foreign {
            let members = self.members_of(folder);
            if members.is_empty() {
                continue;
            }
            let package = members.iter().find(|member| member.is_root());
            let mut table = package.map_or_else(Table::new, |member| self.own(member));
            let mut inner = self.inherited(manifest, folder, false, false);
            let members: BTreeSet<Utf8PathBuf> = members
                .iter()
                .filter(|member| !member.is_root())
                .map(|member| relative(folder, &member.dir))
                .collect();
            let members: Vec<Value> = members.iter().map(|dir| dir.as_str().into()).collect();
            if manifest.contains_key("workspace") {
                inner.insert("members".into(), members.into());
                table.insert("workspace".into(), inner.into());
            }
            manifests.insert(folder.clone(), text(&table));
        }
        manifests
    }

    /// Returns the tables of a workspace's `manifest` in `folder` that its members inherit from.
    fn inherited(&self, manifest: &Table, folder: &Utf8Path, mask: bool, bare: bool) -> Table {
        let old = manifest.get("workspace").and_then(Value::as_table);
        let mut new = Table::new();
        let Some(old) = old else { return new };
        if !bare {
            let keys: &[&str] = if mask {
                &["package", "lints"]
            } else {
                &["package", "lints", "metadata"]
            };
            for key in keys {
                if let Some(value) = old.get(*key) {
                    new.insert((*key).into(), value.clone());
                }
            }
        }
        if let Some(dependencies) = old.get("dependencies").and_then(Value::as_table) {
            let inherited: BTreeSet<String> = self
                .members_of(folder)
                .iter()
                .flat_map(|member| inherited(self.development.manifest(&member.name)))
                .collect();
            let mut dependencies: Table = dependencies
                .iter()
                .filter(|(name, _)| inherited.contains(*name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            dependencies
                .iter_mut()
                .for_each(|(_, dependency)| without_path_version(dependency));
            if !dependencies.is_empty() {
                new.insert("dependencies".into(), dependencies.into());
            }
        }
        new
    }
}

/// Turns the library of the manifest into a binary if the package has no library. Cargo compiles no binary for
/// dependents.
fn without_library(table: &mut Table, member: &Member) {
    if member.library.is_none()
        && let Some(library) = table.remove("lib")
    {
        table.insert("bin".into(), Value::Array(vec![library]));
    }
}

pub(super) fn text(table: &Table) -> String {
    toml::to_string_pretty(table).expect("a table read from TOML can be written as TOML")
}
