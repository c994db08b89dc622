//! Third-party crates whose version a benchmark moves. They are picked from the graph of the services, so that any
//! workspace has a leaf, a middle and a root of its own.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use super::neighbours::Neighbours;
use super::subject::Subject;

/// The place of a crate in the graph of third-party crates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// Needed by no other third-party crate.
    Leaf,
    /// Needed by as many as the median of those that are needed.
    Middle,
    /// Needed by the most.
    Root,
}

impl Which {
    pub const ALL: [Self; 3] = [Self::Leaf, Self::Middle, Self::Root];

    /// Returns the word for it in keys and titles.
    pub fn word(self) -> &'static str {
        match self {
            Self::Leaf => "leaf",
            Self::Middle => "middle",
            Self::Root => "root",
        }
    }
}

/// A crate that can be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub which: Which,
    pub name: String,
    /// The locked version.
    pub version: String,
    /// Number of third-party crates that need it, directly or not.
    pub dependents: usize,
    /// Number of third-party crates that the services reach.
    pub of: usize,
    /// Other versions that the lock can have with nothing else changed, nearest first.
    pub versions: Vec<String>,
}

/// Candidates of each kind that are tried before the row is left out.
const TRIED: usize = 10;

/// Picks a crate of each kind from the workspace in `root`, preferably one with `wanted` other versions. Kinds without
/// a crate are absent, and all of them if the registry cannot be read.
pub fn find(root: &Utf8Path, subject: &Subject, wanted: usize) -> Vec<Move> {
    let Some(graph) = Graph::read(root, subject) else {
        return Vec::new();
    };
    let mut neighbours = Neighbours::of(root);
    let mut found: Vec<Move> = Vec::new();
    for which in Which::ALL {
        let mut best: Option<Move> = None;
        let candidates = graph.candidates(which);
        let others = candidates
            .iter()
            .filter(|one| found.iter().all(|taken| taken.name != one.name));
        for candidate in others.take(TRIED) {
            let versions = neighbours.versions(&candidate.name, &candidate.version, wanted.max(1));
            let most = best.as_ref().map_or(0, |best| best.versions.len());
            if versions.len() > most {
                let is_enough = versions.len() >= wanted;
                best = Some(Move {
                    which,
                    name: candidate.name.clone(),
                    version: candidate.version.clone(),
                    dependents: candidate.dependents,
                    of: graph.crates.len(),
                    versions,
                });
                if is_enough {
                    break;
                }
            }
        }
        found.extend(best);
    }
    found
}

/// A third-party crate that the services reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Crate {
    name: String,
    version: String,
    dependents: usize,
    /// Whether it comes from crates.io and no requirement pins it.
    can_move: bool,
}

/// All third-party crates that the services reach on this machine's platform.
#[derive(Debug)]
struct Graph {
    crates: Vec<Crate>,
}

impl Graph {
    fn read(root: &Utf8Path, subject: &Subject) -> Option<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(vec![
                "--locked".to_owned(),
                format!("--filter-platform={}", host()?),
            ])
            .exec()
            .inspect_err(|error| tracing::warn!("no dependency is moved: {error}"))
            .ok()?;
        let packages = subject.parts.iter().map(|part| part.package.as_str());
        Some(Self::of(&metadata, &packages.collect()))
    }

    fn of(metadata: &Metadata, packages: &BTreeSet<&str>) -> Self {
        let needs = needs(metadata);
        let members: BTreeSet<&PackageId> = metadata.workspace_members.iter().collect();
        let services = metadata.packages.iter().filter(|package| {
            members.contains(&package.id) && packages.contains(package.name.as_str())
        });
        let reached = closure(&needs, services.map(|package| &package.id));
        let third_parties: Vec<&Package> = metadata
            .packages
            .iter()
            .filter(|package| package.source.is_some() && reached.contains(&package.id))
            .collect();
        let mut dependents: BTreeMap<&PackageId, usize> = BTreeMap::new();
        for package in &third_parties {
            for needed in closure(&needs, [&package.id]) {
                if *needed != package.id {
                    *dependents.entry(needed).or_default() += 1;
                }
            }
        }
        let pinned = pinned(metadata);
        let crates = third_parties.into_iter().map(|package| Crate {
            name: package.name.to_string(),
            version: package.version.to_string(),
            dependents: dependents.get(&package.id).copied().unwrap_or_default(),
            can_move: package
                .source
                .as_ref()
                .is_some_and(cargo_metadata::Source::is_crates_io)
                && !pinned.contains(package.name.as_str()),
        });
        Self {
            crates: crates.collect(),
        }
    }

    /// Returns the crates of that kind, the best first.
    fn candidates(&self, which: Which) -> Vec<Crate> {
        let mut crates: Vec<Crate> = self.crates.clone();
        crates.sort_by(|a, b| {
            let key = |one: &Crate| (one.dependents, one.name.clone(), one.version.clone());
            key(a).cmp(&key(b))
        });
        let needed: Vec<Crate> = crates
            .iter()
            .filter(|one| one.dependents > 0)
            .cloned()
            .collect();
        let mut ordered = match which {
            Which::Leaf => crates
                .into_iter()
                .filter(|one| one.dependents == 0)
                .collect(),
            Which::Middle => from_the_middle(&needed),
            Which::Root => {
                let mut needed = needed;
                needed.sort_by_key(|one| std::cmp::Reverse(one.dependents));
                needed
            }
        };
        ordered.retain(|one| one.can_move);
        ordered
    }
}

/// Returns the item in the middle, then those beside it, ever further away.
fn from_the_middle(sorted: &[Crate]) -> Vec<Crate> {
    let middle = sorted.len().saturating_sub(1) / 2;
    let mut indexed: Vec<(usize, &Crate)> = sorted.iter().enumerate().collect();
    indexed.sort_by_key(|(index, _)| (index.abs_diff(middle), *index));
    indexed.into_iter().map(|(_, one)| one.clone()).collect()
}

/// Returns what each package's build needs directly.
fn needs(metadata: &Metadata) -> BTreeMap<&PackageId, Vec<&PackageId>> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    nodes
        .map(|node| {
            let built = node.deps.iter().filter(|dependency| {
                let mut kinds = dependency.dep_kinds.iter();
                kinds.any(|kind| kind.kind != DependencyKind::Development)
            });
            (&node.id, built.map(|dependency| &dependency.pkg).collect())
        })
        .collect()
}

/// Returns `from` and everything that these need, directly or not.
fn closure<'a>(
    needs: &BTreeMap<&'a PackageId, Vec<&'a PackageId>>,
    from: impl IntoIterator<Item = &'a PackageId>,
) -> BTreeSet<&'a PackageId> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&PackageId> = from.into_iter().collect();
    while let Some(id) = waiting.pop() {
        if reached.insert(id) {
            waiting.extend(needs.get(id).into_iter().flatten());
        }
    }
    reached
}

/// Returns the names of crates that a requirement such as `=1.2.3` pins.
fn pinned(metadata: &Metadata) -> BTreeSet<&str> {
    let dependencies = metadata
        .packages
        .iter()
        .flat_map(|package| &package.dependencies);
    dependencies
        .filter(|dependency| {
            let mut comparators = dependency.req.comparators.iter();
            comparators.any(|comparator| comparator.op == semver::Op::Exact)
        })
        .map(|dependency| dependency.name.as_str())
        .collect()
}

/// Returns the platform of the host's compiler.
fn host() -> Option<String> {
    let output = std::process::Command::new("rustc")
        .arg("-vV")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(crates: &[(&str, usize, bool)]) -> Graph {
        let crates = crates.iter().map(|(name, dependents, can_move)| Crate {
            name: (*name).to_owned(),
            version: "1.0.0".to_owned(),
            dependents: *dependents,
            can_move: *can_move,
        });
        Graph {
            crates: crates.collect(),
        }
    }

    fn names(graph: &Graph, which: Which) -> Vec<String> {
        let candidates = graph.candidates(which).into_iter();
        candidates.map(|one| one.name).collect()
    }

    #[test]
    fn candidates_are_picked_by_how_many_need_them() {
        let graph = graph(&[
            ("tokio", 9, true),
            ("zeta", 0, true),
            ("libc", 40, true),
            ("alpha", 0, true),
            ("serde", 20, true),
            ("mio", 3, true),
            ("pinned", 50, false),
        ]);
        assert_eq!(names(&graph, Which::Leaf), ["alpha", "zeta"]);
        assert_eq!(
            names(&graph, Which::Root),
            ["libc", "serde", "tokio", "mio"]
        );
        // The third of 3, 9, 20, 40 and 50.
        assert_eq!(
            names(&graph, Which::Middle),
            ["serde", "tokio", "libc", "mio"]
        );
    }

    #[test]
    fn a_workspace_without_third_party_crates_has_no_candidates() {
        for which in Which::ALL {
            assert!(graph(&[]).candidates(which).is_empty());
        }
        assert!(
            graph(&[("alone", 0, true)])
                .candidates(Which::Root)
                .is_empty()
        );
    }
}
