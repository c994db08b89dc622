//! The packages and features that a build of some outputs switches on.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::asks::Asking;
use super::lock_graph::LockGraph;
use super::selection::Output;
use crate::graph::features::{Root, Setting};
use crate::graph::{Activation, Member, Workspace};

/// Activates `outputs` for some platforms, and `further` packages with their default features. A local package that
/// third-party crates are patched to gets all its features, since it is not known which ones those crates ask for.
pub fn activated(
    workspace: &Workspace,
    platforms: &[String],
    builder: &[String],
    outputs: &[Output<'_>],
    further: &[String],
) -> Activation {
    let setting = Setting {
        members: &workspace.members,
        apart: workspace.resolver() != "1",
        platforms,
        builder,
    };
    let is_run = |package: &str| {
        let library = workspace
            .members
            .get(package)
            .and_then(|member| member.library.as_ref());
        library.is_some_and(|library| library.proc_macro)
    };
    let mut below: BTreeSet<String> = BTreeSet::new();
    loop {
        let named = outputs.iter().map(|output| Root {
            package: output.package,
            features: output.features.iter().map(String::as_str).collect(),
            default_features: output.default_features,
            run: is_run(output.package),
        });
        let further = further.iter().map(|package| Root {
            package,
            features: Vec::new(),
            default_features: true,
            run: is_run(package),
        });
        let patched = below.iter().filter_map(|name| {
            let (name, member) = workspace.members.get_key_value(name)?;
            Some(Root {
                package: name,
                features: member.features.keys().map(String::as_str).collect(),
                default_features: true,
                run: true,
            })
        });
        let roots: Vec<Root<'_>> = named.chain(further).chain(patched).collect();
        let activation = Activation::of(setting, &roots);
        let found = below_third_party(workspace, activation.packages());
        let known = below.len();
        below.extend(found.into_iter().map(str::to_owned));
        if below.len() == known {
            return activation;
        }
    }
}

/// Returns everything that may ask for features of the local packages that third-party crates are patched to: those
/// crates, and the requests of packages to them. If two builds agree in this, they give such a package the same
/// features.
pub fn asked_of_patched(
    workspace: &Workspace,
    activation: &Activation,
) -> BTreeMap<String, BTreeSet<Arc<str>>> {
    let below = below_third_party(workspace, activation.packages());
    let has_features = |name: &&str| !workspace.members[*name].features.is_empty();
    if !below.iter().any(&has_features) {
        return BTreeMap::new();
    }
    let lock = LockGraph::new(&workspace.lock, &workspace.members);
    let packages: BTreeSet<String> = activation.packages().map(str::to_owned).collect();
    let asked = below.iter().filter(|name| has_features(name)).map(|name| {
        let entries = lock.above(name, &packages, &below);
        let mut asked: BTreeSet<Arc<str>> = entries.iter().map(|entry| lock.name(*entry)).collect();
        let mut names: HashSet<&str> = HashSet::from([*name]);
        names.extend(entries.iter().map(|entry| lock.entry(*entry).name.as_str()));
        for package in packages
            .iter()
            .filter(|package| !below.contains(package.as_str()))
        {
            let member = &workspace.members[package];
            let asking = Asking::new(workspace.manifest_of(member), member, activation);
            asked.extend(asking.of(&names));
        }
        ((*name).to_owned(), asked)
    });
    asked.collect()
}

/// Returns the local packages that third-party crates of `packages` are patched to.
pub fn below_third_party<'a>(
    workspace: &'a Workspace,
    packages: impl Iterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    // Most workspaces have no such packages.
    if !workspace.lock.builds_on_local() {
        return BTreeSet::new();
    }
    let members: Vec<&Member> = packages
        .filter_map(|name| workspace.members.get(name))
        .collect();
    // The lock also lists dependencies that are not switched on; those have no crates here.
    let mut direct: BTreeMap<String, BTreeSet<String>> = members
        .iter()
        .flat_map(|member| member.loaded())
        .map(|name| (name.to_owned(), BTreeSet::new()))
        .collect();
    direct.extend(
        members
            .iter()
            .map(|member| (member.name.clone(), member.dependencies.clone())),
    );
    let found = workspace.lock.below_third_party(&direct).into_iter();
    found
        .filter(|name| workspace.members.contains_key(*name))
        .collect()
}
