//! Proposals for small libraries to share a stage, from the changes of past commits and the durations of stages.

use std::collections::{BTreeMap, BTreeSet};

use super::costs::{Costs, STAGE};
use crate::names::PackageName;

/// The libraries of each group, by the group's name.
pub type Groups = BTreeMap<String, Vec<String>>;

/// The seconds that a commit has to save on average before two stages are joined. Less is noise, and the next commits
/// would separate them again.
const WORTH: f64 = 0.005;

/// The number of commits for each clean build, which runs every stage because the builder is new or its cache was
/// collected.
const CLEAN: f64 = 20.0;

/// The limit of libraries in a stage, so that a person can still survey it.
const MOST: usize = 12;

/// Returns the grouping that follows from `now`. Libraries stay together as long as that costs nothing, and others join
/// if that saves time. Only libraries that the same binaries contain share a stage, so no binary is compiled again
/// because of a library that it does not contain.
pub fn propose(costs: &Costs<'_>, commits: usize, now: &BTreeMap<PackageName, String>) -> Groups {
    let places: BTreeMap<&str, usize> = costs
        .libraries
        .iter()
        .enumerate()
        .map(|(place, library)| (library.package, place))
        .collect();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut names: BTreeMap<usize, &str> = BTreeMap::new();
    for (package, place) in &places {
        let named = now.get(*package).map(String::as_str);
        let mates = groups.iter().position(|group| {
            let first = costs.libraries[group[0]].package;
            named.is_some()
                && now.get(first).map(String::as_str) == named
                && fits(costs, group, &[*place])
        });
        match mates {
            Some(group) if costs.saved_by(&groups[group], &[*place]) >= -STAGE => {
                groups[group].push(*place);
            }
            _ => groups.push(vec![*place]),
        }
        if let Some(name) = named {
            names.entry(*place).or_insert(name);
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "commits are counted in thousands"
    )]
    let commits = commits.max(1) as f64;
    let clean = STAGE * commits / CLEAN;
    let worth = WORTH * commits - clean;
    while let Some((one, other)) = best(costs, &groups, worth) {
        let joined = groups.remove(other);
        groups[one].extend(joined);
    }
    named(costs, groups, &names)
}

/// Returns the two groups whose separate stages cost most.
fn best(costs: &Costs<'_>, groups: &[Vec<usize>], worth: f64) -> Option<(usize, usize)> {
    let mut best: Option<(f64, usize, usize)> = None;
    for one in 0..groups.len() {
        for other in one + 1..groups.len() {
            if !fits(costs, &groups[one], &groups[other]) || !is_a_stage(costs, groups, one, other)
            {
                continue;
            }
            let saved = costs.saved_by(&groups[one], &groups[other]);
            if saved >= worth && best.is_none_or(|(most, ..)| saved > most) {
                best = Some((saved, one, other));
            }
        }
    }
    best.map(|(_, one, other)| (one, other))
}

fn fits(costs: &Costs<'_>, one: &[usize], other: &[usize]) -> bool {
    let users = |group: &[usize]| &costs.libraries[group[0]].users;
    one.len() + other.len() <= MOST && users(one) == users(other)
}

/// Returns whether the two groups can be joined: no third group has to come both before and after them.
fn is_a_stage(costs: &Costs<'_>, groups: &[Vec<usize>], one: usize, other: usize) -> bool {
    let joined: BTreeSet<usize> = groups[one].iter().chain(&groups[other]).copied().collect();
    let rest: Vec<&Vec<usize>> = (0..groups.len())
        .filter(|at| *at != one && *at != other)
        .map(|at| &groups[at])
        .collect();
    let needs = |from: &BTreeSet<usize>, to: &BTreeSet<usize>| {
        from.iter().any(|member| {
            let closure = &costs.libraries[*member].closure;
            to.iter().any(|needed| {
                !from.contains(needed) && closure.contains(costs.libraries[*needed].package)
            })
        })
    };
    // Collects all libraries that have to come before the two. A group counts as a whole.
    let mut before: BTreeSet<usize> = BTreeSet::new();
    loop {
        let start: BTreeSet<usize> = joined.union(&before).copied().collect();
        let more: Vec<usize> = rest
            .iter()
            .filter(|group| !group.iter().all(|member| before.contains(member)))
            .filter(|group| needs(&start, &group.iter().copied().collect()))
            .flat_map(|group| group.iter().copied())
            .collect();
        if more.is_empty() {
            return !needs(&before, &joined);
        }
        before.extend(more);
    }
}

/// Names groups of several libraries: each keeps its name, or gets that of its first library.
fn named(costs: &Costs<'_>, groups: Vec<Vec<usize>>, names: &BTreeMap<usize, &str>) -> Groups {
    let mut taken = Groups::new();
    for group in groups.into_iter().filter(|group| group.len() > 1) {
        let mut packages: Vec<String> = group
            .iter()
            .map(|place| costs.libraries[*place].package.to_owned())
            .collect();
        packages.sort();
        let had = group.iter().filter_map(|place| names.get(place)).min();
        let name = had.map_or_else(|| packages[0].to_lowercase(), |name| (*name).to_owned());
        let free = (1..).map(|number| {
            if number == 1 {
                name.clone()
            } else {
                format!("{name}-{number}")
            }
        });
        let free = free.into_iter().find(|name| !taken.contains_key(name));
        taken.insert(free.unwrap_or(name), packages);
    }
    taken
}
