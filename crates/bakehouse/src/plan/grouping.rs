//! Which small libraries would better share a stage, from what past commits changed and how long stages take.

use std::collections::{BTreeMap, BTreeSet};

use super::costs::{Costs, STAGE};
use crate::names::PackageName;

/// Groups: libraries by the group's name.
pub type Groups = BTreeMap<String, Vec<String>>;

/// Seconds that a commit has to save on average before two stages become one: less is noise, and the next commits would
/// part them again.
const WORTH: f64 = 0.005;

/// Commits for each clean build, which runs every stage: a builder that is new, or a cache that was collected.
const CLEAN: f64 = 20.0;

/// A stage holds what a person can still look through.
const MOST: usize = 12;

/// The grouping that follows from `now`: what is together stays together as long as it costs nothing, and others join
/// where that saves. Only libraries that the same binaries hold share a stage, so no binary is compiled anew for another's
/// library.
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

/// The two whose stages cost most to keep apart.
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

/// Whether no third group would have to come before and after the two as one.
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
    // All that has to come before the two, its groups as a whole.
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

/// Groups of several, each with the name that it had, or that of its first library.
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
