//! `Cargo.lock` as a graph, to find the entries that can affect a build.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, OnceLock};

use crate::graph::lock::Package;
use crate::graph::{Activation, Lock, Member};
use crate::names::PackageName;

/// The entries of a lock and what each needs.
pub struct LockGraph<'a> {
    entries: &'a [Package],
    /// For each entry, the entries that it needs, sorted.
    needs: Vec<Vec<usize>>,
    /// For each entry of a local package, all entries that it lists, including its dev-dependencies.
    listed: BTreeMap<usize, Vec<usize>>,
    /// The workspace's packages, by name.
    members: BTreeMap<&'a str, usize>,
    /// For each entry, the name of the workspace's package that it is of.
    member_of: Vec<Option<&'a str>>,
    lock: &'a Lock,
    names: OnceLock<Vec<Arc<str>>>,
    known: OnceLock<HashSet<Arc<str>>>,
    texts: OnceLock<Vec<Arc<str>>>,
}

/// The entries of a lock that can change a build. These are entries that are compiled or could be, and entries of
/// packages compiled together with them that need one of those: they affect its features.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct LockPart {
    /// For each entry, whether it is in the part.
    holds: Vec<bool>,
}

/// Packages whose features are unified.
pub struct UnifiedPackages {
    pub packages: BTreeSet<PackageName>,
    /// For each entry, the reached entries that need it.
    needed_by: Vec<Vec<usize>>,
}

impl LockPart {
    /// Returns its entries, in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = usize> {
        (0..self.holds.len()).filter(|&index| self.holds[index])
    }
}

impl<'a> LockGraph<'a> {
    pub fn new(lock: &'a Lock, members: &'a BTreeMap<PackageName, Member>) -> Self {
        let entries = lock.packages();
        let member = |entry: &Package| members.get(&entry.name).filter(|_| entry.source.is_none());
        let needs = |entry: &'a Package, all: bool| {
            let references = entry.dependencies.iter().chain(&entry.replace);
            let mut needs: Vec<usize> = references
                .map(|reference| reference.split(' '))
                .filter_map(|mut words| Some((words.next()?, words.next(), words.next())))
                // The entry of a member lists its dev-dependencies as well.
                .filter(|(name, ..)| {
                    all || member(entry).is_none_or(|member| member.dependencies.contains(*name))
                })
                .flat_map(|(name, version, source)| {
                    let named = lock.at(name).iter().copied();
                    named.filter(move |&index| {
                        let candidate = &entries[index];
                        let from = candidate.source.as_deref();
                        version.is_none_or(|version| candidate.version == version)
                            && source.is_none_or(|s| {
                                from.is_some_and(|from| {
                                    from.starts_with(s.trim_matches(['(', ')']))
                                })
                            })
                    })
                })
                .collect();
            needs.sort_unstable();
            needs.dedup();
            needs
        };
        let mut graph = Self {
            needs: entries.iter().map(|entry| needs(entry, false)).collect(),
            listed: entries
                .iter()
                .enumerate()
                .filter(|(_, entry)| member(entry).is_some())
                .map(|(index, entry)| (index, needs(entry, true)))
                .collect(),
            members: entries
                .iter()
                .enumerate()
                .filter_map(|(index, entry)| Some((member(entry)?.name.as_str(), index)))
                .collect(),
            member_of: vec![None; entries.len()],
            lock,
            names: OnceLock::new(),
            known: OnceLock::new(),
            texts: OnceLock::new(),
            entries,
        };
        for (name, index) in &graph.members {
            graph.member_of[*index] = Some(name);
        }
        graph
    }

    /// Returns what [`Self::name`] is of each entry.
    fn names(&self) -> &[Arc<str>] {
        let named = |(index, entry): (usize, &Package)| {
            let namesakes = self.lock.at(&entry.name);
            self.new_name(index, namesakes)
        };
        let all = || self.entries.iter().enumerate().map(named).collect();
        self.names.get_or_init(all)
    }

    pub fn entry(&self, index: usize) -> &'a Package {
        &self.entries[index]
    }

    /// Returns the name of the workspace's package of an entry.
    pub fn member(&self, index: usize) -> Option<&'a str> {
        self.member_of[index]
    }

    /// Describes an entry and those of its dependencies that are in `part`, independent of the order and the short
    /// forms of the file.
    pub fn text(&self, index: usize, part: &LockPart) -> Arc<str> {
        if self.needs[index].iter().all(|&needed| part.holds[needed]) {
            let all = 0..self.entries.len();
            let texts = || all.map(|index| self.new_text(index, &|_| true)).collect();
            self.texts.get_or_init(texts)[index].clone()
        } else {
            self.new_text(index, &|needed| part.holds[needed])
        }
    }

    fn new_text(&self, index: usize, counts: &dyn Fn(usize) -> bool) -> Arc<str> {
        let entry = &self.entries[index];
        let names = self.names();
        let needs: BTreeSet<&str> = self.needs[index]
            .iter()
            .filter(|needed| counts(**needed))
            .map(|&needed| &*names[needed])
            .collect();
        let Package {
            source,
            checksum,
            // They are the name of the entry.
            name: _,
            version: _,
            // Their targets are among its needs.
            dependencies: _,
            replace: _,
        } = entry;
        let from = [source, checksum].map(|text| text.as_deref().unwrap_or_default());
        let from = from.join(" ");
        let lines: Vec<&str> = std::iter::once(from.as_str()).chain(needs).collect();
        lines.join("\n").into()
    }

    /// Splits the result of [`Self::text`] into the source of the entry and the entries that it needs.
    pub fn parts_of(text: &str) -> (&str, impl Iterator<Item = &str>) {
        let mut lines = text.lines();
        (lines.next().unwrap_or_default(), lines)
    }

    /// Returns `name version`, with the source if that is ambiguous. Packages of the workspace have no version here,
    /// since it is in their manifests.
    pub fn name(&self, index: usize) -> Arc<str> {
        self.names()[index].clone()
    }

    fn new_name(&self, index: usize, namesakes: &[usize]) -> Arc<str> {
        let entry = &self.entries[index];
        let same = |&other: &usize| {
            other != index
                && self.member(other).is_none()
                && self.entries[other].version == entry.version
        };
        match (self.member(index), &entry.source) {
            (Some(name), _) => name.into(),
            (None, Some(source)) if namesakes.iter().any(same) => {
                format!("{} {} ({source})", entry.name, entry.version).into()
            }
            (None, _) => format!("{} {}", entry.name, entry.version).into(),
        }
    }

    /// Returns whether there is an entry of that `name version`.
    pub fn has(&self, name: &str) -> bool {
        let known = || self.names().iter().cloned().collect();
        self.known.get_or_init(known).contains(name)
    }

    /// Returns whether a third-party crate has that name.
    pub fn has_third_party(&self, name: &str) -> bool {
        let mut entries = (0..self.entries.len()).filter(|&index| self.member(index).is_none());
        entries.any(|index| self.entries[index].name == name)
    }

    /// Returns the packages that are compiled together, for [`Self::part`], with the entries that affect their
    /// features. `development` has the names of the packages behind the dev-dependencies that count, by package.
    pub fn together(
        &self,
        packages: BTreeSet<PackageName>,
        activation: &Activation,
        development: &BTreeMap<&str, BTreeSet<&str>>,
    ) -> UnifiedPackages {
        let mut needed_by = vec![Vec::new(); self.entries.len()];
        let reached = self.reach(&packages, development);
        for (index, reached) in reached.into_iter().enumerate() {
            if reached {
                let on = |needed: &usize| match (self.member(index), self.member(*needed)) {
                    (Some(package), Some(needed)) => {
                        !activation.is_compiled(package) || activation.is_needed(package, needed)
                    }
                    _ => true,
                };
                let needed = self.needed(index, &packages).filter(on);
                for needed in needed.chain(self.tested(index, &packages, development)) {
                    needed_by[needed].push(index);
                }
            }
        }
        UnifiedPackages {
            packages,
            needed_by,
        }
    }

    /// Returns the entries that can change a build of `closure`, when it is compiled together with others. The lock
    /// does not say which entry asks for which feature, so every entry that needs a shared one counts.
    pub fn part(&self, closure: &BTreeSet<PackageName>, together: &UnifiedPackages) -> LockPart {
        let mut holds = self.reach(closure, &BTreeMap::new());
        let mut open: Vec<usize> = (0..holds.len()).filter(|&index| holds[index]).collect();
        while let Some(index) = open.pop() {
            for &by in &together.needed_by[index] {
                if !std::mem::replace(&mut holds[by], true) {
                    open.push(by);
                }
            }
        }
        LockPart { holds }
    }

    /// Returns the entries that `packages` reach and that depend on `package`, directly or not: third-party crates, and
    /// the workspace's packages in `below`.
    pub fn above(
        &self,
        package: &str,
        packages: &BTreeSet<PackageName>,
        below: &BTreeSet<&str>,
        development: &BTreeMap<&str, BTreeSet<&str>>,
    ) -> BTreeSet<usize> {
        let reached = self.reach(packages, development);
        let counts = |index: &usize| {
            let member = self.member(*index);
            reached[*index] && member.is_none_or(|name| below.contains(name) && name != package)
        };
        let mut above: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<usize> = self.members.get(package).copied().into_iter().collect();
        while let Some(needed) = open.pop() {
            let needs = |index: &usize| {
                let mut tested = self.tested(*index, packages, development);
                self.needs[*index].contains(&needed) || tested.any(|tested| tested == needed)
            };
            let entries = (0..self.entries.len()).filter(counts);
            for index in entries.filter(needs) {
                if above.insert(index) {
                    open.push(index);
                }
            }
        }
        above
    }

    /// Returns the third-party crates that `packages` reach.
    pub fn crates(&self, packages: &BTreeSet<PackageName>) -> BTreeSet<usize> {
        let reached = self.reach(packages, &BTreeMap::new());
        let reached = reached.into_iter().enumerate();
        reached
            .filter(|(index, reached)| *reached && self.member(*index).is_none())
            .map(|(index, _)| index)
            .collect()
    }

    /// Returns for each entry whether `packages` reach it, including by these dev-dependencies.
    fn reach(
        &self,
        packages: &BTreeSet<PackageName>,
        development: &BTreeMap<&str, BTreeSet<&str>>,
    ) -> Vec<bool> {
        let mut reached = vec![false; self.entries.len()];
        let mut open: Vec<usize> = packages
            .iter()
            .filter_map(|package| self.members.get(package.as_str()).copied())
            .collect();
        while let Some(index) = open.pop() {
            if !std::mem::replace(&mut reached[index], true) {
                open.extend(self.needed(index, packages));
                open.extend(self.tested(index, packages, development));
            }
        }
        reached
    }

    /// Returns the needs of an entry, without packages of the workspace that are not compiled.
    fn needed<'b>(
        &'b self,
        index: usize,
        packages: &'b BTreeSet<PackageName>,
    ) -> impl Iterator<Item = usize> + 'b {
        self.needs[index].iter().copied().filter(|&needed| {
            self.member(needed)
                .is_none_or(|name| packages.contains(name))
        })
    }

    /// Returns the entries behind the dev-dependencies of a local package that count.
    fn tested<'b>(
        &'b self,
        index: usize,
        packages: &'b BTreeSet<PackageName>,
        development: &'b BTreeMap<&str, BTreeSet<&str>>,
    ) -> impl Iterator<Item = usize> + 'b {
        let names = self.member(index).and_then(|name| development.get(name));
        let listed = names.and_then(|names| Some((names, self.listed.get(&index)?)));
        let listed = listed.into_iter().flat_map(|(names, listed)| {
            let named = |needed: &usize| names.contains(self.entries[*needed].name.as_str());
            listed.iter().copied().filter(named)
        });
        listed.filter(|&needed| {
            self.member(needed)
                .is_none_or(|name| packages.contains(name))
        })
    }

    /// Returns the shortest way from the package `from` over `packages` to an entry with `name version`: entries, the
    /// package first.
    pub fn way(&self, from: &str, packages: &BTreeSet<PackageName>, to: &str) -> Vec<usize> {
        let Some(&start) = self.members.get(from) else {
            return Vec::new();
        };
        let mut came_from: BTreeMap<usize, Option<usize>> = BTreeMap::from([(start, None)]);
        let mut open = VecDeque::from([start]);
        while let Some(index) = open.pop_front() {
            if &*self.names()[index] == to {
                let mut way: Vec<usize> =
                    std::iter::successors(Some(index), |at| came_from[at]).collect();
                way.reverse();
                return way;
            }
            for needed in self.needed(index, packages) {
                came_from.entry(needed).or_insert_with(|| {
                    open.push_back(needed);
                    Some(index)
                });
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_name_and_version_are_told_apart_by_their_source() {
        let lock = Lock::parse(
            "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.invalid/a#1\"\n\
            [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://example.invalid\"\n\
            [[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry+https://example.invalid\"\n\
            dependencies = [\"a 1.0.0 (registry+https://example.invalid)\"]\n",
        )
        .unwrap();
        let members = BTreeMap::new();
        let graph = LockGraph::new(&lock, &members);
        assert_eq!(&*graph.name(0), "a 1.0.0 (git+https://example.invalid/a#1)");
        assert_eq!(
            &*graph.name(1),
            "a 1.0.0 (registry+https://example.invalid)"
        );
        assert_eq!(graph.needs[2], [1]);
    }
}
