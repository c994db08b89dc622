//! Construction of the whole skeleton of a workspace.

use std::collections::{BTreeMap, BTreeSet};

use super::cut::{Cut, text};
use super::model::{Packages, Role, Runner, Skeleton};
use crate::graph::parallel::parallel_map;
use crate::graph::{Workspace, patch};
use crate::names::PackageName;

impl Skeleton {
    /// Creates the skeleton of a workspace whose images are built with `profiles`.
    pub fn new(
        workspace: &Workspace,
        profiles: &BTreeSet<String>,
        packages: Packages<'_>,
        runner: &Runner<'_>,
    ) -> Self {
        let Packages {
            compiled,
            path_dependencies,
            cdylibs,
            development,
        } = packages;
        let requesting = &development.requesting;
        let role = |name: &PackageName| {
            if path_dependencies.contains(name) {
                Role::PathDependency
            } else if requesting.contains(name) {
                // A package of another workspace inherits from its own workspace's manifest, which is only there for
                // path dependencies.
                match workspace.members[name].foreign {
                    true => Role::PathDependency,
                    false => Role::Requesting,
                }
            } else if compiled.contains(name) {
                Role::Masked
            } else {
                Role::Hollow
            }
        };
        let counting = || compiled.iter().chain(requesting);
        let loaded = counting()
            .flat_map(|name| workspace.members[name].loaded())
            .filter(|name| workspace.members.contains_key(*name));
        let mut kept: BTreeMap<PackageName, Role> = counting()
            .cloned()
            .chain(loaded.map(PackageName::new))
            .map(|name| (name.clone(), role(&name)))
            .collect();
        let direct = |kept: &BTreeMap<PackageName, Role>| -> BTreeMap<String, BTreeSet<String>> {
            let direct = kept.iter().map(|(name, role)| match role {
                Role::Hollow => (name.into(), BTreeSet::new()),
                _ => (
                    name.into(),
                    development.dependencies(&workspace.members[name]),
                ),
            });
            direct.collect()
        };
        // These packages replace crates that only tests would need.
        let below = workspace.lock.below_third_party(&direct(&kept)).into_iter();
        let below: Vec<&str> = below
            .filter(|name| workspace.members.contains_key(*name) && !kept.contains_key(*name))
            .collect();
        kept.extend(
            below
                .into_iter()
                .map(|name| (PackageName::new(name), Role::Hollow)),
        );
        let direct = direct(&kept);
        let reachable = workspace.lock.reachable(&direct);
        // Packages that third-party crates ask for by version keep their version.
        let patched = patch::patches(&workspace.manifest);
        let plain: BTreeSet<String> = patched
            .into_iter()
            .map(|patch| patch.package)
            .chain(
                kept.iter()
                    .filter(|(_, role)| **role == Role::PathDependency)
                    .map(|(name, _)| name.into()),
            )
            .collect();
        let mut binaries: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let own = compiled.iter().map(|name| &workspace.members[name]);
        for member in own.filter(|member| !member.foreign) {
            for binary in &member.binaries {
                let owners = binaries.entry(&binary.name).or_default();
                owners.insert(&member.name);
            }
        }
        let cut = Cut {
            workspace,
            profiles,
            binaries,
            kept: &kept,
            reachable: &reachable,
            plain: &plain,
            cdylibs,
            development,
            runner,
        };
        let mut lock = workspace.lock.masked(&reachable, &direct, &plain);
        if !runner.is_empty() {
            lock += &cut.runner_entry();
        }
        Self {
            folder: workspace.folder.clone(),
            masked_root: text(&cut.root(true, false)),
            lock,
            root: text(&cut.root(false, false)),
            root_package: workspace
                .root_package()
                .filter(|member| {
                    let role = kept.get(&member.name);
                    role.is_some_and(|role| !matches!(role, Role::Hollow | Role::Requesting))
                })
                .map(|_| text(&cut.root(false, true))),
            foreign: cut.foreign(),
            ambiguous: kept
                .keys()
                .filter(|name| {
                    reachable
                        .iter()
                        .filter(|entry| entry.name == **name)
                        .count()
                        > 1
                })
                .cloned()
                .collect(),
            runner: (!runner.is_empty()).then(|| text(&cut.runner())),
            members: {
                let names: Vec<&PackageName> = kept.keys().collect();
                let members = parallel_map(&names, |name| cut.member(&workspace.members[*name]));
                names.into_iter().cloned().zip(members).collect()
            },
        }
    }
}
