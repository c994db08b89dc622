//! Changes of the lock, crate by crate.

use std::collections::{BTreeMap, BTreeSet};

use super::reason::{Explained, Reason};
use super::{Output, WorkspaceState};
use crate::plan::inputs::Part;
use crate::plan::lock_graph::LockGraph;

impl<'a> Explained<'a> {
    /// Returns the changes of the lock, crate by crate.
    pub fn lock(&self) -> impl Iterator<Item = Reason> {
        let (then, now) = (self.then.lock, self.now.lock);
        let (old, new) = (locked(self.was), locked(self.is));
        // An entry that is also in the other lock only became reachable or unreachable. A change of a manifest explains
        // that.
        let (gone, come) = (versions(&old, now), versions(&new, then));
        let mut reasons = Vec::new();
        for name in gone.keys().chain(come.keys()).collect::<BTreeSet<_>>() {
            let (gone, come) = (gone.get(name), come.get(name));
            let what = match (gone, come) {
                (Some(old), Some(new)) => format!("{name} {} → {}", old.join(", "), new.join(", ")),
                (Some(old), None) => format!("{name} {} removed", old.join(", ")),
                (None, new) => {
                    format!(
                        "{name} {} added",
                        new.map(|new| new.join(", ")).unwrap_or_default()
                    )
                }
            };
            let (graph, state, version) = match come {
                Some(versions) => (now, self.is, &versions[0]),
                None => (then, self.was, &gone.expect("it is in one of them")[0]),
            };
            reasons.push(Self::locked_reason(
                graph,
                state,
                &format!("{name} {version}"),
                what,
            ));
        }
        let is_local =
            |state: WorkspaceState<'a>, name: &str| state.workspace.members.contains_key(name);
        for (entry, text) in &new {
            let Some(before) = old.get(entry) else {
                continue;
            };
            // Changes of an entry's needs are not reported if an added or removed crate, or a manifest, explains them.
            let settled = |needed: &&str| match needed.split_once(' ') {
                Some((name, _)) => !gone.contains_key(name) && !come.contains_key(name),
                None => {
                    !is_local(self.now, entry)
                        && is_local(self.then, needed)
                        && is_local(self.now, needed)
                }
            };
            let needs = |text: &str| -> BTreeSet<String> {
                let (_, needs) = LockGraph::parts_of(text);
                needs.filter(settled).map(str::to_owned).collect()
            };
            let manifest = |state: WorkspaceState<'a>| {
                state.workspace.members.get(*entry).map(|m| &m.manifest)
            };
            let what = if LockGraph::parts_of(before).0 != LockGraph::parts_of(text).0 {
                "another source"
            } else if needs(before) != needs(text) && manifest(self.then) == manifest(self.now) {
                "needs other crates"
            } else {
                continue;
            };
            reasons.push(Self::locked_reason(
                now,
                self.is,
                entry,
                format!("{entry}: {what}"),
            ));
        }
        reasons.into_iter()
    }

    /// Returns the entries of the lock that only count since now, or no longer do.
    pub fn reached(&self) -> Vec<Reason> {
        let (old, new) = (locked(self.was), locked(self.is));
        let (then, now) = (self.then.lock, self.now.lock);
        let come = new
            .keys()
            .filter(|entry| !old.contains_key(*entry))
            .map(|entry| {
                Self::locked_reason(now, self.is, entry, format!("{entry} is needed now"))
            });
        let gone = old
            .keys()
            .filter(|entry| !new.contains_key(*entry))
            .map(|entry| {
                Self::locked_reason(
                    then,
                    self.was,
                    entry,
                    format!("{entry} is no longer needed"),
                )
            });
        come.chain(gone).collect()
    }

    fn locked_reason(
        graph: &LockGraph<'_>,
        output: Output<'_>,
        entry: &str,
        what: String,
    ) -> Reason {
        let way = output.way_in_lock(graph, entry);
        let name = |&index: &usize| graph.entry(index).name.clone();
        let mut chain: Vec<String> = way.iter().rev().map(name).collect();
        let mut what = what;
        if chain.is_empty() {
            chain.extend(entry.split(' ').next().map(str::to_owned));
            what += ", features are unified with it";
        }
        if chain.last().map(String::as_str) != Some(output.name) {
            chain.push(output.name.to_owned());
        }
        Reason {
            file: "Cargo.lock".to_owned(),
            what,
            chain,
        }
    }
}

/// Returns the entries of the lock that count for an output.
fn locked(output: Output<'_>) -> BTreeMap<&str, &str> {
    let parts = output.inputs.0.iter();
    parts
        .filter_map(|(part, text)| match part {
            Part::Locked(name) => Some((&**name, &**text)),
            _ => None,
        })
        .collect()
}

/// Returns the versions of crates that `locked` has and `other` does not. Packages of the workspace are left out: their
/// manifests explain that they were added or removed.
fn versions<'a>(
    locked: &BTreeMap<&'a str, &str>,
    other: &LockGraph<'_>,
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in locked.keys().filter(|entry| !other.has(entry)) {
        if let Some((name, version)) = entry.split_once(' ') {
            versions.entry(name).or_default().push(version);
        }
    }
    versions
}
