//! Which outputs are built together: as many as get no feature of a local package from one another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::config::Config;
use super::selection::{Output, activated, asked_of_patched};
use crate::graph::activation::Difference;
use crate::graph::each::each;
use crate::graph::{Activation, Workspace};

/// Outputs that are built together.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// Never empty.
    pub outputs: Vec<Output<'a>>,
    /// Why these are not in the first chain; empty for that one.
    pub parted: Vec<Parted>,
}

/// A feature for which two outputs cannot be built together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parted {
    /// The local package that has the feature for some of them.
    pub package: String,
    /// The feature; `None` where crates that are not local ask a package for features, and nobody here can tell which.
    pub feature: Option<String>,
    /// The package that asks for the feature; `None` where an output does by its configuration.
    pub by: Option<String>,
    /// The outputs of the chain that have it.
    pub with: Vec<String>,
    /// Those of the first chain that have it.
    pub first_with: Vec<String>,
}

/// Outputs that ask for the same, and what a build of them alone switches on.
struct Node<'a> {
    outputs: Vec<Output<'a>>,
    /// For each kind of machine that it may be built for.
    alone: Vec<Activation>,
    /// By local package that stands for a crate: what there is to ask it for features.
    patched: BTreeMap<String, BTreeSet<Arc<str>>>,
}

/// Steps of the search for the fewest chains; beyond, what has been found has to do.
const STEPS: usize = 100_000;

/// Parts the outputs into as few chains as will do. The first has no name of its own; it is the one of most outputs, and
/// takes all that do not have to be parted. The others are in the order of their first outputs.
pub fn chains<'a>(
    workspace: &Workspace,
    config: &Config,
    outputs: Vec<Output<'a>>,
) -> Vec<Chain<'a>> {
    let machines = machines(workspace, config);
    let together = |machine: &Machine, outputs: &[Output<'_>]| {
        activated(
            workspace,
            &machine.platforms,
            &machine.builder,
            outputs,
            &[],
        )
    };
    let mut by_asked: BTreeMap<_, Vec<Output<'a>>> = BTreeMap::new();
    for output in outputs {
        by_asked.entry(output.asked()).or_default().push(output);
    }
    let mut same: Vec<Vec<Output<'a>>> = by_asked.into_values().collect();
    same.sort_by(|a, b| a[0].name.cmp(&b[0].name));
    let nodes: Vec<Node<'a>> = each(&same, |outputs| {
        let alone: Vec<Activation> = machines
            .iter()
            .map(|machine| together(machine, &outputs[..1]))
            .collect();
        Node {
            outputs: outputs.clone(),
            patched: asked_of_patched(workspace, &alone[0]),
            alone,
        }
    });
    let all: Vec<Output<'_>> = same.iter().map(|outputs| outputs[0].clone()).collect();
    let whole: Vec<Activation> = machines
        .iter()
        .map(|machine| together(machine, &all))
        .collect();
    let patched = nodes
        .iter()
        .map(|node| &node.patched)
        .collect::<BTreeSet<_>>();
    let alike = |node: &Node<'_>| {
        let mut pairs = node.alone.iter().zip(&whole);
        pairs.all(|(alone, whole)| alone.differences(whole).is_empty())
    };
    // Mostly all fit together, and that is seen without a look at each two.
    let conflicts: Vec<BTreeSet<usize>> = if patched.len() < 2 && nodes.iter().all(alike) {
        vec![BTreeSet::new(); nodes.len()]
    } else {
        let places: Vec<usize> = (0..nodes.len()).collect();
        each(&places, |one| {
            let others = places.iter().copied();
            others
                .filter(|other| nodes[*one].parts_from(&nodes[*other]))
                .collect()
        })
    };
    let parts = parts(&conflicts);
    let first: Vec<&Node<'_>> = parts[0].iter().map(|place| &nodes[*place]).collect();
    let chain = |(at, part): (usize, &Vec<usize>)| {
        let here: Vec<&Node<'_>> = part.iter().map(|place| &nodes[*place]).collect();
        let mut outputs: Vec<Output<'a>> =
            here.iter().flat_map(|node| node.outputs.clone()).collect();
        outputs.sort_by(|a, b| a.place.cmp(&b.place));
        Chain {
            outputs,
            parted: if at == 0 {
                Vec::new()
            } else {
                reasons(&here, &first)
            },
        }
    };
    parts.iter().enumerate().map(chain).collect()
}

/// What images may be built for, and on.
struct Machine {
    platforms: Vec<String>,
    builder: Vec<String>,
}

/// One for each answer that a dependency for some platforms alone can get. What differs on any of them cannot be built
/// together.
fn machines(workspace: &Workspace, config: &Config) -> Vec<Machine> {
    let mut edges = workspace.members.values().flat_map(|member| &member.edges);
    if edges.all(|edge| edge.target.is_none()) {
        return vec![Machine {
            platforms: config.platforms.clone(),
            builder: config.builder_platforms().to_vec(),
        }];
    }
    let usual = ["linux/amd64".to_owned(), "linux/arm64".to_owned()];
    let platforms = match &config.platforms[..] {
        [] => &usual[..],
        platforms => platforms,
    };
    let machine = |platform: &String, builder: &String| Machine {
        platforms: vec![platform.clone()],
        builder: vec![builder.clone()],
    };
    let all = platforms.iter().flat_map(|platform| {
        let builders = if config.cross() {
            &usual[..]
        } else {
            std::slice::from_ref(platform)
        };
        builders
            .iter()
            .map(move |builder| machine(platform, builder))
    });
    all.collect()
}

impl Node<'_> {
    /// Whether one would get something of the other.
    fn parts_from(&self, other: &Self) -> bool {
        let mut pairs = self.alone.iter().zip(&other.alone);
        pairs.any(|(one, two)| !one.differences(two).is_empty())
            || !self.asked_otherwise(other).is_empty()
    }

    /// The local packages that stand for crates and may be asked for other features than in `other`.
    fn asked_otherwise<'b>(&'b self, other: &'b Self) -> BTreeSet<&'b str> {
        let mut packages = BTreeSet::new();
        for (one, two) in [(self, other), (other, self)] {
            for (package, asked) in &one.patched {
                let reached = two.alone[0].packages().any(|reached| reached == package);
                if reached && two.patched.get(package) != Some(asked) {
                    packages.insert(package.as_str());
                }
            }
        }
        packages
    }
}

/// The places of what can be together, the first part first.
fn parts(conflicts: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let bound: Vec<usize> = (0..conflicts.len())
        .filter(|place| !conflicts[*place].is_empty())
        .collect();
    let of = fewest(&bound, conflicts);
    let count = of.values().max().map_or(1, |most| most + 1);
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (place, part) in of {
        parts[part].push(place);
    }
    // The largest, of equals the one that comes first.
    let largest = (0..count).rev().max_by_key(|at| parts[*at].len());
    let mut first = parts.remove(largest.unwrap_or_default());
    for part in &mut parts {
        part.retain(|place| {
            let fits = first.iter().all(|other| !conflicts[*place].contains(other));
            if fits {
                first.push(*place);
            }
            !fits
        });
    }
    first.extend((0..conflicts.len()).filter(|place| conflicts[*place].is_empty()));
    first.sort_unstable();
    parts.retain(|part| !part.is_empty());
    parts.sort();
    parts.insert(0, first);
    parts
}

/// Gives each of `places` the number of its part, so that there are as few as can be, and of all such ways the first. Who
/// fits with all others takes no part in it, so that it changes nothing for them.
fn fewest(places: &[usize], conflicts: &[BTreeSet<usize>]) -> BTreeMap<usize, usize> {
    let search = |limit: usize| Search {
        places,
        conflicts,
        limit,
        steps: 0,
        of: BTreeMap::new(),
    };
    let mut unlimited = search(places.len());
    unlimited.place(0);
    let most = unlimited.of.values().max().map_or(0, |most| most + 1);
    for limit in 1..most {
        let mut found = search(limit);
        if found.place(0) {
            return found.of;
        }
    }
    unlimited.of
}

struct Search<'a> {
    places: &'a [usize],
    conflicts: &'a [BTreeSet<usize>],
    limit: usize,
    steps: usize,
    of: BTreeMap<usize, usize>,
}

impl Search<'_> {
    /// Places all from that one on; gives up, and says so, when that cannot be done in so many parts, or takes too long.
    fn place(&mut self, at: usize) -> bool {
        let Some(&place) = self.places.get(at) else {
            return true;
        };
        let open = self.of.values().max().map_or(0, |most| most + 1);
        for part in 0..self.limit.min(open + 1) {
            self.steps += 1;
            if self.steps > STEPS {
                return false;
            }
            let taken = |other: &usize| self.of.get(other) == Some(&part);
            if self.conflicts[place].iter().any(taken) {
                continue;
            }
            self.of.insert(place, part);
            if self.place(at + 1) {
                return true;
            }
            self.of.remove(&place);
        }
        false
    }
}

/// Why the outputs of `here` cannot be built with those of `first`.
fn reasons(here: &[&Node<'_>], first: &[&Node<'_>]) -> Vec<Parted> {
    type Found = (Option<String>, BTreeSet<String>, BTreeSet<String>);
    let mut found: BTreeMap<(String, Option<String>), Found> = BTreeMap::new();
    let names = |node: &Node<'_>| -> Vec<String> {
        node.outputs
            .iter()
            .map(|output| output.name.clone())
            .collect()
    };
    for one in here {
        for two in first {
            for (alone, other) in one.alone.iter().zip(&two.alone) {
                for difference in alone.differences(other) {
                    let Difference {
                        package,
                        feature,
                        first,
                        by,
                    } = difference;
                    let (asking, with, first_with) =
                        found.entry((package, Some(feature))).or_default();
                    *asking = asking.take().or(by);
                    if first {
                        with.extend(names(one));
                    } else {
                        first_with.extend(names(two));
                    }
                }
            }
            for package in one.asked_otherwise(two) {
                let (_, with, first_with) = found.entry((package.to_owned(), None)).or_default();
                with.extend(names(one));
                first_with.extend(names(two));
            }
        }
    }
    let reasons = found.into_iter();
    reasons
        .map(|((package, feature), (by, with, first_with))| Parted {
            package,
            feature,
            by,
            with: with.into_iter().collect(),
            first_with: first_with.into_iter().collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(count: usize, pairs: &[(usize, usize)]) -> Vec<Vec<usize>> {
        let mut conflicts = vec![BTreeSet::new(); count];
        for (one, other) in pairs {
            conflicts[*one].insert(*other);
            conflicts[*other].insert(*one);
        }
        parts(&conflicts)
    }

    #[test]
    fn there_are_as_few_parts_as_can_be() {
        assert_eq!(parted(0, &[]), [[0; 0]]);
        assert_eq!(parted(3, &[]), [[0, 1, 2]]);
        // The first fit in this order takes three.
        let crown = [(0, 3), (0, 5), (1, 2), (1, 4), (2, 5), (3, 4)];
        assert_eq!(parted(6, &crown).len(), 2);
        assert_eq!(parted(3, &[(0, 1), (1, 2), (0, 2)]).len(), 3);
    }

    #[test]
    fn the_first_part_is_the_largest_and_takes_all_that_are_free() {
        // 0 is what parts the others from it; 4 fits with all.
        assert_eq!(
            parted(5, &[(0, 1), (0, 2), (0, 3)]),
            [vec![1, 2, 3, 4], vec![0]]
        );
        // 3 fits with the first part, and with the other as well.
        let pairs = [(0, 1), (0, 2), (3, 4), (1, 4)];
        assert_eq!(parted(5, &pairs), [vec![1, 2, 3], vec![0, 4]]);
    }

    #[test]
    fn one_more_that_fits_with_all_changes_nothing_for_the_others() {
        let pairs = [(0, 2), (1, 2), (1, 3)];
        let before = parted(4, &pairs);
        let mut after = parted(5, &pairs);
        after[0].retain(|place| *place != 4);
        assert_eq!(before, after);
    }
}
