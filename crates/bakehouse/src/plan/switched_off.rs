//! Optional dependencies that no output switches on. Stages that compile have manifests without them, and a lock without
//! what only they reach, so that nothing runs again when one of those crates moves.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::stage::Selection;
use super::tables::{change_each, dependency_tables};
use crate::graph::member::{EdgeKind, Requirement};
use crate::graph::{Member, Workspace};
use crate::names::PackageName;

/// The tables of a manifest with dependencies that count.
const TABLES: [&str; 2] = ["dependencies", "build-dependencies"];

/// Returns the workspace without the optional dependencies that no selection switches on; none if there are no such.
///
/// Under Cargo's first resolver nothing is left out: development dependencies take part in features there.
pub fn without_switched_off(workspace: &Workspace, selections: &[Selection]) -> Option<Workspace> {
    if workspace.resolver() == "1" {
        return None;
    }
    let members = workspace.members.values().filter(|member| {
        let mut activations = selections.iter().map(|selection| &selection.activation);
        activations.any(|activation| activation.knows(&member.name))
    });
    let off: BTreeMap<&PackageName, BTreeSet<&str>> = members
        .map(|member| (&member.name, switched_off(member, selections)))
        .filter(|(_, off)| !off.is_empty())
        .collect();
    if off.is_empty() {
        return None;
    }
    let mut reduced = workspace.clone();
    for (name, off) in off {
        if let Some(member) = reduced.members.get_mut(name.as_str()) {
            remove(member, &off);
        }
    }
    Some(reduced)
}

/// Returns the optional dependencies of a package that nothing switches on, by their names in the manifest. Platforms are
/// not looked at, since a bake may name others.
fn switched_off<'a>(member: &'a Member, selections: &[Selection]) -> BTreeSet<&'a str> {
    let counts = |needed: &&Requirement| needed.kind != EdgeKind::Dev;
    let mut optional: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for needed in member.requirements.iter().filter(counts) {
        let all = optional.entry(&needed.key).or_default();
        all.push(needed.optional);
    }
    let mut tables = dependency_tables(&member.manifest);
    tables.retain(|(name, _)| !name.ends_with("dev-dependencies"));
    optional.retain(|key, all| {
        // A table of an old name is not found, and stays.
        let found = tables.iter().filter(|(_, table)| table.contains_key(*key));
        all.iter().all(|optional| *optional) && found.count() == all.len()
    });
    if optional.is_empty() {
        return BTreeSet::new();
    }
    let activations = || selections.iter().map(|selection| &selection.activation);
    let mut on: BTreeSet<&str> = activations()
        .flat_map(|activation| activation.optional(&member.name))
        .collect();
    let features = activations().flat_map(|activation| activation.features(&member.name));
    for feature in features {
        let items = member.features.get(feature);
        for item in items.into_iter().flatten() {
            let name = item.strip_prefix("dep:").unwrap_or(item);
            let name = name.split('/').next().unwrap_or(name);
            // `name?/feature` switches nothing on.
            if !name.ends_with('?') {
                on.insert(name);
            }
        }
        on.insert(feature);
    }
    let off = optional.into_keys();
    off.filter(|key| !on.contains(key)).collect()
}

/// Removes dependencies from a package. What features say of them stays: the skeleton leaves out what names no dependency.
fn remove(member: &mut Member, off: &BTreeSet<&str>) {
    let is_off = |key: &str, kind: EdgeKind| kind != EdgeKind::Dev && off.contains(key);
    let stays = |needed: &Requirement| !is_off(&needed.key, needed.kind);
    member.requirements.retain(stays);
    member.edges.retain(|edge| !is_off(&edge.key, edge.kind));
    member
        .optional_crates
        .retain(|optional| !off.contains(optional.key.as_str()));
    let needed = member.requirements.iter();
    let needed = needed.filter(|needed| needed.kind != EdgeKind::Dev);
    member.dependencies = needed.map(|needed| needed.name.clone()).collect();
    // A feature that a dependency declared by itself stays one.
    let implicit: Vec<String> = off
        .iter()
        .filter(|key| member.features.contains_key(**key))
        .map(|key| (*key).to_owned())
        .collect();
    change_each(&mut member.manifest, |table| remove_keys(table, off));
    if implicit.is_empty() {
        return;
    }
    let features = member
        .manifest
        .entry("features")
        .or_insert(Table::new().into());
    if let Some(features) = features.as_table_mut() {
        for key in implicit {
            features.entry(key).or_insert(Value::Array(Vec::new()));
        }
    }
}

fn remove_keys(table: &mut Table, off: &BTreeSet<&str>) {
    for kind in TABLES {
        let Some(dependencies) = table.get_mut(kind).and_then(Value::as_table_mut) else {
            continue;
        };
        for key in off {
            dependencies.remove(*key);
        }
        if dependencies.is_empty() {
            table.remove(kind);
        }
    }
}
