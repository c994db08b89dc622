//! `[groups]`.

use std::collections::{BTreeMap, BTreeSet};

use super::check::Check;
use super::raw::RawConfig;
use crate::graph::member::EdgeKind;
use crate::names::PackageName;
use crate::problem::{Code, did_you_mean};

impl Check<'_> {
    /// Returns the group of each library that is in one, by package.
    pub(super) fn groups(&mut self, raw: &RawConfig) -> BTreeMap<PackageName, String> {
        let mut groups: BTreeMap<PackageName, String> = BTreeMap::new();
        for (group, packages) in &raw.groups {
            self.target_name(group);
            for package in packages {
                let name = package.as_ref();
                match self.workspace.members.get(name) {
                    Some(member) if member.library.is_some() => {}
                    Some(_) => self.problem(
                        Code::ConfigValue,
                        format!("`{name}` is not a library"),
                        package.span(),
                        "only libraries share a stage: each binary has one of its own",
                    ),
                    None => {
                        let names = self.workspace.members.keys().map(PackageName::as_str);
                        let hint = did_you_mean(name, names).unwrap_or_else(|| {
                            "`cargo metadata --no-deps` lists the members".to_owned()
                        });
                        self.problem(
                            Code::PackageUnknown,
                            format!("the workspace has no package `{name}`"),
                            package.span(),
                            hint,
                        );
                    }
                }
                if let Some(other) = groups.insert(PackageName::new(name), group.as_ref().clone()) {
                    self.problem(
                        Code::ConfigValue,
                        format!("`{name}` is in the group `{other}`, too"),
                        package.span(),
                        "a library is in one group at most",
                    );
                }
            }
        }
        for group in raw.groups.keys() {
            if let Some(between) = self.between(&groups, group.as_ref()) {
                self.problem(
                    Code::ConfigValue,
                    format!(
                        "`{between}` needs a library of the group `{}`, and another library of that group needs `{between}`",
                        group.as_ref()
                    ),
                    group.span(),
                    format!("add `{between}` to the group, or remove one of these libraries from it"),
                );
            }
        }
        groups
    }

    /// Returns a package outside of `group` that needs it and is needed by it, directly or through other groups. A
    /// stage cannot come both before and after another.
    fn between(&self, groups: &BTreeMap<PackageName, String>, group: &str) -> Option<String> {
        let members = &self.workspace.members;
        let of = |package: &str| groups.get(package).map(String::as_str);
        // Collects all packages that the stage of these packages needs. A group counts as a whole.
        let needed_by = |start: &dyn Fn(&str) -> bool| {
            let mut open: Vec<&str> = members
                .keys()
                .map(PackageName::as_str)
                .filter(|name| start(name))
                .collect();
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            while let Some(package) = open.pop() {
                let Some(member) = members.get(package) else {
                    continue;
                };
                let edges = member
                    .edges
                    .iter()
                    .filter(|edge| edge.kind != EdgeKind::Dev);
                for edge in edges {
                    let to = edge.to.as_str();
                    let whole = of(to).map(|group| {
                        members
                            .keys()
                            .map(PackageName::as_str)
                            .filter(move |name| of(name) == Some(group))
                    });
                    for next in whole.into_iter().flatten().chain([to]) {
                        if seen.insert(next) {
                            open.push(next);
                        }
                    }
                }
            }
            seen
        };
        let below = needed_by(&|name| of(name) == Some(group));
        let mut outside = below.iter().filter(|name| of(name) != Some(group));
        outside
            .find(|name| {
                needed_by(&|start| start == **name)
                    .iter()
                    .any(|needed| of(needed) == Some(group))
            })
            .map(|name| (*name).to_owned())
    }
}
