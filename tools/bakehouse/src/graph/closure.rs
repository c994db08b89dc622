//! Which members a build of one package needs.

use std::collections::{BTreeMap, BTreeSet};

use super::Member;

/// `package` and all members that it needs over normal and build edges. Optional edges count: what a
/// feature can switch on must be there.
pub fn closure(members: &BTreeMap<String, Member>, package: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![package];
    while let Some(name) = open.pop() {
        let Some(member) = members.get(name) else {
            continue;
        };
        if seen.insert(name.to_owned()) {
            open.extend(member.compile_edges().map(|edge| edge.to.as_str()));
        }
    }
    seen
}

/// The internal libraries among `packages` in the order in which they compile: each after those it needs,
/// names breaking ties.
pub fn compile_order(
    members: &BTreeMap<String, Member>,
    packages: &BTreeSet<String>,
) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    let mut open: BTreeSet<&str> = packages.iter().map(String::as_str).collect();
    while !open.is_empty() {
        let ready: Vec<&str> = open
            .iter()
            .copied()
            .filter(|name| {
                members[*name]
                    .compile_edges()
                    .all(|edge| !open.contains(edge.to.as_str()) || edge.to == *name)
            })
            .collect();
        // Cargo refuses cycles over normal and build edges, so something is always ready.
        assert!(!ready.is_empty(), "Cargo accepts no cycle among {open:?}");
        for name in ready {
            open.remove(name);
            order.push(name.to_owned());
        }
    }
    order
}
