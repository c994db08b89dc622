//! The cost of commits under a plan: the compilations that they cause for each service, and changes that would reduce
//! it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Plan;
use super::stage::Selection;
use crate::names::{PackageName, StageName};

/// The changes of past commits, as far as they concern compiled files.
#[derive(Clone, Debug, Default)]
pub struct Commits {
    pub looked_at: usize,
    /// The number of commits that changed exactly these packages. Commits that changed none are left out.
    pub sets: BTreeMap<BTreeSet<PackageName>, usize>,
    /// The number of commits that changed only one package, and only one module of it.
    pub modules: BTreeMap<(PackageName, String), usize>,
}

impl Commits {
    /// Returns the number of commits that changed `package`.
    pub fn of(&self, package: &str) -> usize {
        let sets = self.sets.iter();
        sets.filter(|(set, _)| set.contains(package))
            .map(|(_, count)| count)
            .sum()
    }
}

/// The seconds that a stage takes in addition to Cargo: docs/benchmarks.md, "Where the time goes".
pub const STAGE: f64 = 0.25;

/// The bytes of sources that compile in a second, if nothing was measured. This is a guess for small optimised crates.
const RATE: f64 = 30.0 * 1024.0;

/// The durations of stages.
#[derive(Clone, Debug)]
pub struct Times<'a> {
    plan: &'a Plan,
    measured: &'a BTreeMap<String, f64>,
    rate: f64,
}

impl<'a> Times<'a> {
    /// Creates the durations from `measured`, the seconds by stage. Other stages are estimated from the size of their
    /// sources, at the rate of the measured ones.
    pub fn new(plan: &'a Plan, measured: &'a BTreeMap<String, f64>) -> Self {
        let known = plan.selections.iter().flat_map(|selection| {
            selection.stages().filter_map(|stage| {
                Some((
                    measured.get(stage.name.as_str())?,
                    plan.packages.get(&stage.package)?,
                ))
            })
        });
        let (mut seconds, mut bytes) = (0.0, 0.0);
        for (took, inputs) in known {
            seconds += (took - STAGE).max(0.0);
            bytes += size(inputs.bytes());
        }
        let rate = if seconds > 0.5 { bytes / seconds } else { RATE };
        Self {
            plan,
            measured,
            rate,
        }
    }

    /// Returns whether any stage was measured.
    pub fn are_measured(&self) -> bool {
        let mut stages = self.plan.selections.iter().flat_map(Selection::stages);
        stages.any(|stage| self.measured.contains_key(stage.name.as_str()))
    }

    /// Returns the seconds that the stage `name` takes for `package`. The time of a stage of several libraries is
    /// divided by their sizes.
    pub fn of(&self, name: &str, package: &str) -> f64 {
        let bytes = |package: &str| {
            self.plan
                .packages
                .get(package)
                .map_or(0.0, |inputs| size(inputs.bytes()))
        };
        match self.measured.get(name) {
            None => STAGE + bytes(package) / self.rate,
            Some(took) => {
                let libraries = self
                    .plan
                    .selections
                    .iter()
                    .flat_map(|selection| &selection.libraries);
                let together: BTreeSet<&str> = libraries
                    .filter(|stage| stage.name == name)
                    .map(|stage| stage.package.as_str())
                    .collect();
                if together.len() < 2 {
                    return *took;
                }
                let all: f64 = together.iter().map(|package| bytes(package)).sum();
                let share = if all > 0.0 { bytes(package) / all } else { 1.0 };
                STAGE + (took - STAGE).max(0.0) * share
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes of sources are small")]
fn size(bytes: u64) -> f64 {
    bytes as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "commits are counted in thousands"
)]
pub(super) fn count(commits: usize) -> f64 {
    commits as f64
}

/// A library that has or shares a stage.
#[derive(Clone, Debug)]
pub struct Library<'a> {
    pub package: &'a str,
    /// The seconds that it takes in a stage of its own.
    pub seconds: f64,
    /// All packages that it compiles.
    pub closure: BTreeSet<&'a str>,
    /// The binaries that contain it.
    pub users: BTreeSet<&'a str>,
}

/// A binary.
#[derive(Clone, Debug)]
struct BinaryStage<'a> {
    seconds: f64,
    closure: BTreeSet<&'a str>,
}

/// The data that costs are calculated from.
#[derive(Clone, Debug)]
pub struct Costs<'a> {
    pub libraries: Vec<Library<'a>>,
    binary_stages: BTreeMap<&'a str, BinaryStage<'a>>,
    commits: &'a Commits,
    /// For each library, whether each set of changed packages compiles it again.
    touched: Vec<Vec<bool>>,
}

/// The cost of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceCost {
    pub name: String,
    /// The commits after which it is built again.
    pub commits: usize,
    /// The seconds that compile for it, on average over all commits, including those that do not touch it.
    pub seconds_per_commit: f64,
}

/// A module of a library that should become a library of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Split {
    pub package: PackageName,
    pub module: String,
    /// The commits that changed nothing but this module.
    pub commits: usize,
    /// The seconds that these commits compiled, without the module and one binary. This is the most that a split can
    /// save.
    pub saves: f64,
}

/// Two libraries that should share a stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Merge {
    pub packages: Vec<PackageName>,
    /// The seconds that the examined commits would have saved.
    pub saves: f64,
}

impl<'a> Costs<'a> {
    pub fn new(plan: &'a Plan, times: &Times<'a>, commits: &'a Commits) -> Self {
        let mut libraries: BTreeMap<&str, Library<'a>> = BTreeMap::new();
        let mut binary_stages = BTreeMap::new();
        for selection in &plan.selections {
            let closure = |package: &str| -> BTreeSet<&'a str> {
                selection
                    .closures
                    .get(package)
                    .into_iter()
                    .flatten()
                    .map(PackageName::as_str)
                    .collect()
            };
            for stage in &selection.libraries {
                let library = libraries.entry(&stage.package).or_insert_with(|| Library {
                    package: &stage.package,
                    seconds: times.of(&stage.name, &stage.package),
                    closure: BTreeSet::new(),
                    users: BTreeSet::new(),
                });
                library.closure.extend(closure(&stage.package));
            }
            for stage in &selection.binary_stages {
                let binary_stage = BinaryStage {
                    seconds: times.of(&stage.name, &stage.package),
                    closure: closure(&stage.package),
                };
                for package in &binary_stage.closure {
                    if let Some(library) = libraries.get_mut(package) {
                        library.users.insert(&stage.name);
                    }
                }
                binary_stages.insert(stage.name.as_str(), binary_stage);
            }
        }
        let libraries: Vec<Library<'a>> = libraries.into_values().collect();
        let touched = libraries.iter().map(|library| {
            let sets = commits.sets.keys();
            sets.map(|set| touches(&library.closure, set)).collect()
        });
        Self {
            touched: touched.collect(),
            libraries,
            binary_stages,
            commits,
        }
    }

    /// Returns the seconds that a commit which changes `packages` compiles: in total, or for some binaries.
    fn of(&self, packages: &BTreeSet<PackageName>, own: Option<&[&StageName]>) -> f64 {
        let libraries = self.libraries.iter().filter(|library| {
            touches(&library.closure, packages)
                && own.is_none_or(|own| {
                    own.iter()
                        .any(|stage| library.users.contains(stage.as_str()))
                })
        });
        let binary_stages = self.binary_stages.iter().filter(|(name, one)| {
            touches(&one.closure, packages)
                && own.is_none_or(|own| own.iter().any(|stage| stage.as_str() == **name))
        });
        libraries.map(|library| library.seconds).sum::<f64>()
            + binary_stages
                .map(|(_, binary_stage)| binary_stage.seconds)
                .sum::<f64>()
    }

    /// Returns the seconds that all examined commits compiled.
    pub fn all(&self) -> f64 {
        let sets = self.commits.sets.iter();
        sets.map(|(set, commits)| self.of(set, None) * count(*commits))
            .sum()
    }

    /// Returns the cost of the service `name`, whose binaries and shared libraries come from `stages`.
    pub fn service(&self, name: &str, stages: &[&StageName]) -> ServiceCost {
        let mut commits = 0;
        let mut seconds = 0.0;
        for (set, times) in &self.commits.sets {
            let cost = self.of(set, Some(stages));
            if cost > 0.0 {
                commits += times;
                seconds += cost * count(*times);
            }
        }
        ServiceCost {
            name: name.to_owned(),
            commits,
            seconds_per_commit: rounded(seconds / count(self.commits.looked_at.max(1))),
        }
    }

    /// Returns the module whose split would save most, if any would.
    pub fn split(&self) -> Option<Split> {
        let splits = self
            .commits
            .modules
            .iter()
            .filter_map(|((package, module), commits)| {
                let library = self
                    .libraries
                    .iter()
                    .find(|library| library.package == package)?;
                let cheapest = library
                    .users
                    .iter()
                    .filter_map(|user| self.binary_stages.get(user));
                let cheapest = cheapest
                    .map(|binary_stage| binary_stage.seconds)
                    .min_by(f64::total_cmp)?;
                let now = self.of(&BTreeSet::from([package.clone()]), None);
                let saves = (now - cheapest - library.seconds) * count(*commits);
                Some(Split {
                    package: package.clone(),
                    module: module.clone(),
                    commits: *commits,
                    saves: rounded(saves),
                })
            });
        splits.filter(|split| split.saves > 0.0).max_by(|a, b| {
            // Ties are broken by name.
            a.saves
                .total_cmp(&b.saves)
                .then_with(|| (&b.package, &b.module).cmp(&(&a.package, &a.module)))
        })
    }

    /// Returns the seconds that the commits would have saved if these two groups of libraries shared a stage. A commit
    /// that compiles both saves a stage. A commit that compiles only one would also compile the other, in vain.
    pub fn saved_by(&self, one: &[usize], other: &[usize]) -> f64 {
        let touched =
            |group: &[usize], set: usize| group.iter().any(|member| self.touched[*member][set]);
        let seconds = |group: &[usize]| -> f64 {
            group
                .iter()
                .map(|member| (self.libraries[*member].seconds - STAGE).max(0.0))
                .sum()
        };
        let (one_takes, other_takes) = (seconds(one), seconds(other));
        let sets = self.commits.sets.values().enumerate();
        sets.map(|(set, commits)| {
            let saved = match (touched(one, set), touched(other, set)) {
                (true, true) => STAGE,
                (true, false) => -other_takes,
                (false, true) => -one_takes,
                (false, false) => 0.0,
            };
            saved * count(*commits)
        })
        .sum()
    }

    /// Returns the two libraries whose merge would save most, if any would.
    pub fn merge(&self) -> Option<Merge> {
        let mut best: Option<Merge> = None;
        for one in 0..self.libraries.len() {
            for other in one + 1..self.libraries.len() {
                if self.libraries[one].users != self.libraries[other].users {
                    continue;
                }
                let saves = rounded(self.saved_by(&[one], &[other]));
                if saves > best.as_ref().map_or(0.0, |best| best.saves) {
                    let packages =
                        [one, other].map(|at| PackageName::new(self.libraries[at].package));
                    best = Some(Merge {
                        packages: packages.into(),
                        saves,
                    });
                }
            }
        }
        best
    }
}

fn touches(closure: &BTreeSet<&str>, packages: &BTreeSet<PackageName>) -> bool {
    packages
        .iter()
        .any(|package| closure.contains(package.as_str()))
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}
