//! The division of outputs into chains. The outputs of a chain are built together, which is possible only if none of
//! them gets a feature of a local package from another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::activated::{activated, asked_of_patched};
use super::config::Config;
use super::parted::Parted;
use super::request::{BinaryRequest, binary_requests};
use crate::graph::activation::Gain;
use crate::graph::parallel::parallel_map;
use crate::graph::system::Reach;
use crate::graph::{Activation, Workspace, platform};
use crate::names::PackageName;

/// The outputs of one build.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// The outputs; never empty.
    pub outputs: Vec<BinaryRequest<'a>>,
    /// The reasons why they are not in the first chain; empty for the first chain itself.
    pub parted: Vec<Parted>,
}

/// Returns the chains of all outputs of a configuration.
pub fn all_chains<'a>(workspace: &Workspace, config: &'a Config) -> Vec<Chain<'a>> {
    chains(workspace, config, binary_requests(config))
}

/// Returns the crates that chains of a configuration reach.
pub fn needed<'a>(workspace: &'a Workspace, config: &Config, chains: &[Chain<'_>]) -> Reach<'a> {
    let builds = Builds {
        workspace,
        machines: machines(workspace, config),
    };
    let activations = chains.iter().flat_map(|chain| builds.of(&chain.outputs));
    Reach::new(
        workspace,
        &activations.collect::<Vec<_>>(),
        &config.platforms,
    )
}

/// The outputs that ask for the same features, with the activation of a build of them alone.
struct Node<'a> {
    outputs: Vec<BinaryRequest<'a>>,
    /// One activation for each machine that they may be built for.
    alone: Vec<Activation>,
    /// The possible feature requests to each local package that replaces a crate.
    patched: BTreeMap<PackageName, BTreeSet<Arc<str>>>,
}

/// The limit of steps in the search for the fewest chains. After that, the best result so far is used.
const STEPS: usize = 100_000;

/// Divides the outputs into as few chains as possible. The first chain has no name of its own. It has the most outputs,
/// and takes every output that does not have to be apart. The others are in the order of their first outputs.
pub fn chains<'a>(
    workspace: &Workspace,
    config: &Config,
    outputs: Vec<BinaryRequest<'a>>,
) -> Vec<Chain<'a>> {
    let builds = Builds {
        workspace,
        machines: machines(workspace, config),
    };
    let mut by_asked: BTreeMap<_, Vec<BinaryRequest<'a>>> = BTreeMap::new();
    for output in outputs {
        by_asked.entry(output.asked()).or_default().push(output);
    }
    let mut same: Vec<Vec<BinaryRequest<'a>>> = by_asked.into_values().collect();
    same.sort_by(|a, b| a[0].name.cmp(&b[0].name));
    let nodes: Vec<Node<'a>> = parallel_map(&same, |outputs| {
        let alone = builds.of(&outputs[..1]);
        Node {
            outputs: outputs.clone(),
            patched: asked_of_patched(workspace, &alone[0], outputs[0].package),
            alone,
        }
    });
    let parts = parts(&conflicts(&builds, &nodes));
    let first: Vec<&Node<'_>> = parts[0].iter().map(|place| &nodes[*place]).collect();
    let chain = |(at, part): (usize, &Vec<usize>)| {
        let here: Vec<&Node<'_>> = part.iter().map(|place| &nodes[*place]).collect();
        let outputs = here.iter().flat_map(|node| node.outputs.clone());
        let mut outputs: Vec<BinaryRequest<'a>> = outputs.collect();
        outputs.sort_by_key(|output| output.place);
        let parted = match at {
            0 => Vec::new(),
            _ => reasons(&builds, &here, &first),
        };
        Chain { outputs, parted }
    };
    parts.iter().enumerate().map(chain).collect()
}

/// Returns for each node the nodes that it cannot be built with.
fn conflicts(builds: &Builds<'_>, nodes: &[Node<'_>]) -> Vec<BTreeSet<usize>> {
    let whole = builds.together(nodes);
    let patched: BTreeSet<_> = nodes.iter().map(|node| &node.patched).collect();
    // Usually all nodes fit together, which can be checked without comparing every pair.
    if patched.len() < 2 && nodes.iter().all(|node| node.is_same(&whole)) {
        return vec![BTreeSet::new(); nodes.len()];
    }
    let places: Vec<usize> = (0..nodes.len()).collect();
    let all = |strict: bool| {
        let above = parallel_map(&places, |one| {
            let others = places[*one..].iter().copied();
            let parted = |other: &usize| builds.parted(&nodes[*one], &nodes[*other], strict);
            others.filter(parted).collect::<Vec<_>>()
        });
        let mut conflicts = vec![BTreeSet::new(); nodes.len()];
        for (one, others) in above.into_iter().enumerate() {
            for other in others {
                conflicts[one].insert(other);
                conflicts[other].insert(one);
            }
        }
        conflicts
    };
    let conflicts = all(false);
    let fits = |part: &Vec<usize>| {
        let nodes: Vec<&Node<'_>> = part.iter().map(|place| &nodes[*place]).collect();
        let together = builds.together(nodes.iter().copied());
        nodes.iter().all(|node| node.is_same(&together))
    };
    // Three nodes may get features together that no two of them would.
    if parts(&conflicts).iter().all(fits) {
        conflicts
    } else {
        all(true)
    }
}

/// The activations of builds of some outputs.
struct Builds<'a> {
    workspace: &'a Workspace,
    machines: Vec<Machine>,
}

impl Builds<'_> {
    /// Activates the outputs, once for each machine.
    fn of(&self, outputs: &[BinaryRequest<'_>]) -> Vec<Activation> {
        let machines = self.machines.iter();
        machines
            .map(|machine| {
                activated(
                    self.workspace,
                    &machine.platforms,
                    &machine.builder,
                    outputs,
                )
            })
            .collect()
    }

    fn together<'b>(&self, nodes: impl IntoIterator<Item = &'b Node<'b>>) -> Vec<Activation> {
        let outputs = nodes.into_iter().map(|node| node.outputs[0].clone());
        self.of(&outputs.collect::<Vec<_>>())
    }

    /// Returns whether a build of both would give one of them additional features. If `strict`, the answer is also true
    /// if the cheap checks cannot rule it out.
    fn parted(&self, one: &Node<'_>, two: &Node<'_>, strict: bool) -> bool {
        let pairs = || one.alone.iter().zip(&two.alone);
        if !one.asked_otherwise(two).is_empty() || pairs().any(|(one, two)| one.differs(two)) {
            return true;
        }
        if pairs().all(|(one, two)| one.agrees(two)) {
            return false;
        }
        // They differ only in packages that neither compiles, but these may enable features in packages that are
        // compiled.
        let together = || self.together([one, two]);
        strict || !one.is_same(&together()) || !two.is_same(&together())
    }
}

/// A combination of an image's platform and a builder's platform.
struct Machine {
    platforms: Vec<String>,
    builder: Vec<String>,
}

/// Returns one machine for each answer that a platform-specific dependency can get. Outputs that differ on any of them
/// cannot be built together.
fn machines(workspace: &Workspace, config: &Config) -> Vec<Machine> {
    let mut edges = workspace.members.values().flat_map(|member| &member.edges);
    if edges.all(|edge| edge.target.is_none()) {
        return vec![Machine {
            platforms: config.platforms.clone(),
            builder: config.builder_platforms().to_vec(),
        }];
    }
    let usual = platform::usual();
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
    /// Returns whether the node gets no additional feature in a build together with others.
    fn is_same(&self, together: &[Activation]) -> bool {
        let mut pairs = self.alone.iter().zip(together);
        pairs.all(|(alone, together)| alone.gains(together).is_empty())
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.outputs.iter().map(|output| output.name.clone())
    }

    /// Returns the local packages that replace crates and may get other feature requests than in `other`.
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

/// Divides the nodes into parts that can be together, the first part first.
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
    // The first chain is the largest part, and among equals the earliest.
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

/// Gives each of `places` the number of its part, with as few parts as possible, and the first solution among equals. A
/// node that fits with all others is not in `places`, so that it does not affect their parts.
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
    /// Assigns all places from `at` on. Returns `false` if that is not possible within the limit of parts, or takes too
    /// long.
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

/// Returns the reasons why the outputs of `here` cannot be built with those of `first`.
fn reasons(builds: &Builds<'_>, here: &[&Node<'_>], first: &[&Node<'_>]) -> Vec<Parted> {
    type Found = (Option<PackageName>, BTreeSet<String>, BTreeSet<String>);
    let mut found: BTreeMap<(PackageName, Option<String>), Found> = BTreeMap::new();
    for (one, two) in here
        .iter()
        .flat_map(|one| first.iter().map(move |two| (one, two)))
    {
        let mut pairs = one.alone.iter().zip(&two.alone);
        let together = pairs
            .all(|(one, two)| !one.differs(two) && !one.agrees(two))
            .then(|| builds.together([*one, *two]));
        for (without, with) in [(one, two), (two, one)] {
            let together = together.as_ref().unwrap_or(&with.alone);
            for (alone, together) in without.alone.iter().zip(together) {
                for Gain {
                    package,
                    feature,
                    by,
                } in alone.gains(together)
                {
                    let known = found.entry((package, Some(feature))).or_default();
                    known.0 = known.0.take().or(by);
                    known.1.extend(with.names());
                    known.2.extend(without.names());
                }
            }
        }
        for package in one.asked_otherwise(two) {
            let known = found.entry((PackageName::new(package), None)).or_default();
            known.1.extend(one.names());
            known.2.extend(two.names());
        }
    }
    let reasons = found.into_iter();
    reasons
        .map(|((package, feature), (by, with, without))| Parted {
            package,
            feature,
            by,
            with: with.into_iter().collect(),
            without: without.into_iter().collect(),
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
        // The greedy choice of the first part that fits would need three parts in this order.
        let crown = [(0, 3), (0, 5), (1, 2), (1, 4), (2, 5), (3, 4)];
        assert_eq!(parted(6, &crown).len(), 2);
        assert_eq!(parted(3, &[(0, 1), (1, 2), (0, 2)]).len(), 3);
    }

    #[test]
    fn the_first_part_is_the_largest_and_takes_all_that_are_free() {
        // 0 conflicts with 1, 2 and 3; 4 fits with all.
        assert_eq!(
            parted(5, &[(0, 1), (0, 2), (0, 3)]),
            [vec![1, 2, 3, 4], vec![0]]
        );
        // 3 fits with both parts.
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
