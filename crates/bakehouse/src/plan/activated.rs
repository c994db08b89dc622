//! The packages and features that a build of some outputs enables.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::development::{dev_dependents, with_development};
use super::feature_requests::FeatureRequests;
use super::lock_graph::LockGraph;
use super::request::BinaryRequest;
use crate::graph::features::{Root, Setting};
use crate::graph::{Activation, Member, Workspace};
use crate::names::PackageName;

/// Activates `outputs` for some platforms. A local package that replaces a third-party crate gets all its features,
/// since it is not known which ones other crates ask for.
pub fn activated(
    workspace: &Workspace,
    platforms: &[String],
    builder: &[String],
    outputs: &[BinaryRequest<'_>],
) -> Activation {
    let dev_dependents = dev_dependents(
        workspace,
        outputs.iter().map(|output| output.package.as_str()),
    );
    // Under the first resolver the root package affects features, whatever is built.
    let root = dev_dependents.iter().copied().find(|name| {
        let mut named = outputs.iter().map(|output| output.package);
        workspace.members[*name].is_root() && named.any(|package| package != *name)
    });
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
    let mut below: BTreeSet<PackageName> = BTreeSet::new();
    let mut below_requesting: BTreeSet<PackageName> = BTreeSet::new();
    loop {
        let named = outputs.iter().map(|output| Root {
            package: output.package,
            features: output.features.iter().map(String::as_str).collect(),
            default_features: output.default_features,
            run: is_run(output.package),
            compiled: true,
            development: dev_dependents.contains(output.package.as_str()),
        });
        let root = root.map(|package| Root {
            package,
            features: Vec::new(),
            default_features: true,
            run: false,
            compiled: false,
            development: true,
        });
        let patched = below.iter().chain(&below_requesting).filter_map(|name| {
            let (name, member) = workspace.members.get_key_value(name)?;
            Some(Root {
                package: name,
                features: member.features.keys().map(String::as_str).collect(),
                default_features: true,
                run: true,
                compiled: below.contains(name),
                development: false,
            })
        });
        let roots: Vec<Root<'_>> = named.chain(root).chain(patched).collect();
        let activation = Activation::of(setting, &roots);
        let found = below_third_party(workspace, activation.packages(), &BTreeSet::new());
        let known = (below.len(), below_requesting.len());
        below.extend(found.into_iter().map(PackageName::new));
        if !dev_dependents.is_empty() {
            let all = activation.packages().chain(activation.requesting());
            let found = below_third_party(workspace, all, &dev_dependents);
            below_requesting.extend(found.into_iter().map(PackageName::new));
        }
        if (below.len(), below_requesting.len()) == known {
            return activation;
        }
    }
}

/// Returns everything that may ask for features of the local packages that replace third-party crates: those crates,
/// and the requests of packages to them. If two builds agree in this, they give such a package the same features.
pub fn asked_of_patched(
    workspace: &Workspace,
    activation: &Activation,
    named: &str,
) -> BTreeMap<PackageName, BTreeSet<Arc<str>>> {
    let dev_dependents = dev_dependents(workspace, [named]);
    let all = || activation.packages().chain(activation.requesting());
    let below = below_third_party(workspace, all(), &dev_dependents);
    let has_features = |name: &&str| !workspace.members[*name].features.is_empty();
    if !below.iter().any(&has_features) {
        return BTreeMap::new();
    }
    let lock = LockGraph::new(&workspace.lock, &workspace.members);
    let packages: BTreeSet<PackageName> = all().map(PackageName::new).collect();
    let development: BTreeMap<&str, BTreeSet<&str>> = dev_dependents
        .iter()
        .map(|name| {
            (
                *name,
                workspace.members[*name].development_names().collect(),
            )
        })
        .collect();
    let asked = below.iter().filter(|name| has_features(name)).map(|name| {
        let entries = lock.above(name, &packages, &below, &development);
        let mut asked: BTreeSet<Arc<str>> = entries.iter().map(|entry| lock.name(*entry)).collect();
        let mut names: HashSet<&str> = HashSet::from([*name]);
        names.extend(entries.iter().map(|entry| lock.entry(*entry).name.as_str()));
        for package in packages
            .iter()
            .filter(|package| !below.contains(package.as_str()))
        {
            let member = &workspace.members[package];
            let is_dev_dependent = dev_dependents.contains(package.as_str());
            let manifest = with_development(&member.manifest, |_| is_dev_dependent);
            let requesting =
                FeatureRequests::new(workspace.manifest_of(member), member, &manifest, activation);
            asked.extend(requesting.of(&names));
        }
        (PackageName::new(*name), asked)
    });
    asked.collect()
}

/// Returns the local packages that replace third-party crates which `packages` depend on. Dev-dependencies count for
/// the packages in `dev_dependents`.
pub fn below_third_party<'a>(
    workspace: &'a Workspace,
    packages: impl Iterator<Item = &'a str>,
    dev_dependents: &BTreeSet<&str>,
) -> BTreeSet<&'a str> {
    // Most workspaces have no such packages.
    if !workspace.lock.builds_on_local() {
        return BTreeSet::new();
    }
    let members: Vec<&Member> = packages
        .filter_map(|name| workspace.members.get(name))
        .collect();
    // The lock also lists disabled dependencies, which have no crates here.
    let mut direct: BTreeMap<String, BTreeSet<String>> = members
        .iter()
        .flat_map(|member| member.loaded())
        .map(|name| (name.to_owned(), BTreeSet::new()))
        .collect();
    direct.extend(members.iter().map(|member| {
        let is_dev_dependent = dev_dependents.contains(member.name.as_str());
        let more = member.development_names().filter(|_| is_dev_dependent);
        let needed = member.dependencies.iter().cloned();
        let needed = needed.chain(more.map(str::to_owned)).collect();
        ((&member.name).into(), needed)
    }));
    let found = workspace.lock.below_third_party(&direct).into_iter();
    found
        .filter(|name| workspace.members.contains_key(*name))
        .collect()
}
