//! `Cargo.lock`, reduced to the entries that some members can reach.

use std::collections::{BTreeMap, BTreeSet};

pub use super::lock_text::Package;
use super::lock_text::{RawLock, split_reference};
use crate::problem::{Code, Problem};

/// A parsed `Cargo.lock`.
#[derive(Clone, Debug)]
pub struct Lock {
    /// The version in the file; the oldest formats have none.
    version: Option<u32>,
    packages: Vec<Package>,
    /// The places of the entries, sorted by name; those of one name are in file order.
    by_name: Vec<usize>,
    /// For each entry, those that it depends on, or is replaced by.
    targets: Vec<Vec<usize>>,
    /// Third-party crates that depend on local packages.
    on_local: BTreeSet<usize>,
}

impl Lock {
    /// Returns the sources of third-party crates.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let packages = self.packages.iter();
        packages.filter_map(|package| package.source.as_deref())
    }

    /// Parses the text of a `Cargo.lock`.
    ///
    /// # Errors
    /// `lock-invalid` if it is not TOML of that format.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let raw = RawLock::parse(text).map_err(|error| {
            Problem::new(
                Code::LockInvalid,
                format!("Cargo.lock cannot be read: {}", error.message()),
            )
            .hint("run `cargo generate-lockfile`, or restore the file from version control")
            .caused_by(error)
        })?;
        let mut packages = raw.packages;
        for package in packages.iter_mut().filter(|p| p.checksum.is_none()) {
            let Some(source) = &package.source else {
                continue;
            };
            let key = format!("checksum {} {} ({source})", package.name, package.version);
            let sum = raw.metadata.get(&key).filter(|sum| *sum != "<none>");
            package.checksum = sum.cloned();
        }
        let mut by_name: Vec<usize> = (0..packages.len()).collect();
        by_name.sort_by_key(|&index| packages[index].name.as_str());
        let mut lock = Self {
            version: raw.version,
            packages,
            by_name,
            targets: Vec::new(),
            on_local: BTreeSet::new(),
        };
        let entries = lock.packages.iter();
        let targets = entries.map(|entry| {
            let references = entry.dependencies.iter().chain(&entry.replace);
            let targets = references.flat_map(|reference| lock.meant(reference));
            targets.map(|(index, _)| index).collect()
        });
        lock.targets = targets.collect();
        let entries = lock.packages.iter().enumerate();
        let on_local = entries.filter(|(_, entry)| lock.is_built_on_local(entry));
        lock.on_local = on_local.map(|(index, _)| index).collect();
        Ok(lock)
    }

    /// Returns whether a [patch] or [replace] puts a local package below a third-party crate.
    pub fn builds_on_local(&self) -> bool {
        !self.on_local.is_empty()
    }

    fn is_built_on_local(&self, entry: &Package) -> bool {
        let mut references = entry.dependencies.iter().chain(&entry.replace);
        let local = |reference: &String| {
            let mut named = self.named(split_reference(reference).0);
            named.any(|(_, entry)| entry.source.is_none())
        };
        entry.source.is_some() && references.any(local)
    }

    /// Returns the places of the entries called `name`.
    pub fn at(&self, name: &str) -> &[usize] {
        let name_of = |index: &usize| self.packages[*index].name.as_str();
        let begin = self.by_name.partition_point(|index| name_of(index) < name);
        let rest = &self.by_name[begin..];
        let count = rest
            .iter()
            .take_while(|index| name_of(index) == name)
            .count();
        &rest[..count]
    }

    /// Returns the entries called `name`.
    fn named(&self, name: &str) -> impl Iterator<Item = (usize, &Package)> {
        let found = self.at(name).iter();
        found.map(|&index| (index, &self.packages[index]))
    }

    /// Returns the entries that a reference of another entry means.
    fn meant<'a>(&'a self, reference: &'a str) -> impl Iterator<Item = (usize, &'a Package)> {
        let (name, version) = split_reference(reference);
        let named = self.named(name);
        named.filter(move |(_, package)| version.is_none_or(|version| package.version == version))
    }

    /// Returns all entries, in file order.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Returns whether the lock's version distinguishes the branch `master` of a git source from the default branch.
    pub fn tells_branches(&self) -> bool {
        self.version.is_some_and(|version| version >= 3)
    }

    /// Returns the entries named `name` that `entry` depends on.
    pub fn references<'a>(
        &'a self,
        entry: &'a Package,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Package> {
        let references = entry.dependencies.iter().chain(&entry.replace);
        references
            .filter(move |reference| split_reference(reference).0 == name)
            .flat_map(|reference| self.meant(reference))
            .map(|(_, package)| package)
    }

    /// Returns the local packages that the local package `package` depends on.
    pub fn local_dependencies(&self, package: &str) -> BTreeSet<&str> {
        let found = self.named(package);
        found
            .filter(|(_, entry)| entry.source.is_none())
            .flat_map(|(index, _)| self.targets(index))
            .filter(|target| target.source.is_none())
            .map(|target| target.name.as_str())
            .collect()
    }

    /// Returns the local packages that third-party crates depend on through [patch] or [replace], among those that
    /// `direct` reaches.
    pub fn below_third_party(&self, direct: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&str> {
        let starts = direct.keys().filter_map(|name| self.local(name));
        let reached = self.reached(starts.map(|(index, _)| index), direct);
        let on_local = self.on_local.iter().copied();
        on_local
            .filter(|index| reached[*index])
            .flat_map(|index| self.targets(index))
            .filter(|target| target.source.is_none())
            .map(|target| target.name.as_str())
            .collect()
    }

    /// Returns the entries that an entry depends on, or is replaced by.
    fn targets(&self, index: usize) -> impl Iterator<Item = &Package> {
        self.targets[index]
            .iter()
            .map(|&index| &self.packages[index])
    }

    /// Returns the entries that `members` reach. This is a superset of what Cargo resolves for them, since an entry
    /// lists the dependencies that any member's features enable. The edges of a member itself come from `direct`,
    /// because its entry also lists dev-dependencies.
    pub fn reachable(&self, direct: &BTreeMap<String, BTreeSet<String>>) -> Vec<&Package> {
        let starts = direct.keys().filter_map(|name| self.local(name));
        self.reached_from(starts.map(|(index, _)| index), direct)
    }

    /// Returns the entry of a local package.
    pub fn local(&self, name: &str) -> Option<(usize, &Package)> {
        self.named(name)
            .find(|(_, package)| package.source.is_none())
    }

    /// Returns the entry that the local package `package` calls `dependency`, and all entries that it reaches.
    pub fn reached_by(
        &self,
        package: &str,
        dependency: &str,
        direct: &BTreeMap<String, BTreeSet<String>>,
    ) -> Vec<&Package> {
        let entry = self.local(package).into_iter();
        let references = entry.flat_map(|(_, entry)| &entry.dependencies);
        let starts = references
            .filter(|reference| split_reference(reference).0 == dependency)
            .flat_map(|reference| self.meant(reference));
        self.reached_from(starts.map(|(index, _)| index), direct)
    }

    /// Returns the entry of a local package and all entries that it reaches.
    pub fn reached_from_local(
        &self,
        package: &str,
        direct: &BTreeMap<String, BTreeSet<String>>,
    ) -> Vec<&Package> {
        let start = self.local(package).into_iter();
        self.reached_from(start.map(|(index, _)| index), direct)
    }

    fn reached_from(
        &self,
        starts: impl Iterator<Item = usize>,
        direct: &BTreeMap<String, BTreeSet<String>>,
    ) -> Vec<&Package> {
        let reached = self.reached(starts, direct);
        let entries = self.packages.iter().zip(reached);
        entries
            .filter(|(_, reached)| *reached)
            .map(|(package, _)| package)
            .collect()
    }

    /// Returns for each entry whether `starts` reach it.
    fn reached(
        &self,
        starts: impl Iterator<Item = usize>,
        direct: &BTreeMap<String, BTreeSet<String>>,
    ) -> Vec<bool> {
        let mut reached = vec![false; self.packages.len()];
        let mut open: Vec<usize> = starts.collect();
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut reached[index], true) {
                continue;
            }
            let package = &self.packages[index];
            let local = package.source.is_none();
            let wanted = local.then(|| direct.get(&package.name)).flatten();
            let counts = |target: &usize| {
                wanted.is_none_or(|names| names.contains(&self.packages[*target].name))
            };
            open.extend(self.targets[index].iter().copied().filter(counts));
        }
        reached
    }

    /// Returns the text of a lock with only `entries`. The versions of local packages are masked except for those in
    /// `plain`, and their edges are reduced to `direct`. Cargo rewrites the lock if it has a shorter form.
    pub fn masked(
        &self,
        entries: &[&Package],
        direct: &BTreeMap<String, BTreeSet<String>>,
        plain: &BTreeSet<String>,
    ) -> String {
        let kept: BTreeSet<&str> = entries
            .iter()
            .map(|package| package.name.as_str())
            .collect();
        let member = |name: &str| direct.contains_key(name);
        let mut text =
            "# The third-party crates that the images can need, cut from Cargo.lock by bakehouse.\n"
                .to_owned();
        if let Some(version) = self.version {
            text += &format!("version = {version}\n");
        }
        for package in entries {
            let local = package.source.is_none() && member(&package.name);
            let version = if local && !plain.contains(&package.name) {
                MASKED_VERSION
            } else {
                &package.version
            };
            text += &format!(
                "\n[[package]]\nname = {:?}\nversion = {version:?}\n",
                package.name
            );
            if let Some(source) = &package.source {
                text += &format!("source = {source:?}\n");
            }
            if let Some(checksum) = &package.checksum {
                text += &format!("checksum = {checksum:?}\n");
            }
            if let Some(replace) = &package.replace {
                text += &format!("replace = {replace:?}\n");
            }
            let wanted = local.then(|| &direct[&package.name]);
            let dependencies: Vec<String> = package
                .dependencies
                .iter()
                .filter(|reference| {
                    let name = split_reference(reference).0;
                    kept.contains(name) && wanted.is_none_or(|names| names.contains(name))
                })
                .map(|reference| self.mask_reference(reference, direct, plain))
                .collect();
            if !dependencies.is_empty() {
                text += "dependencies = [\n";
                for dependency in dependencies {
                    text += &format!(" {dependency:?},\n");
                }
                text += "]\n";
            }
        }
        text
    }

    fn mask_reference(
        &self,
        reference: &str,
        direct: &BTreeMap<String, BTreeSet<String>>,
        plain: &BTreeSet<String>,
    ) -> String {
        let (name, version) = split_reference(reference);
        let local = self.named(name).any(|(_, package)| {
            package.source.is_none() && version.is_none_or(|v| package.version == v)
        });
        match version {
            Some(_) if local && direct.contains_key(name) && !plain.contains(name) => {
                format!("{name} {MASKED_VERSION}")
            }
            _ => reference.to_owned(),
        }
    }
}

/// The version of every member in the skeleton, so that a version bump does not change it.
pub const MASKED_VERSION: &str = "0.0.0";

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "api"
version = "1.2.3"
dependencies = ["common 1.2.3", "insta", "serde"]

[[package]]
name = "common"
version = "1.2.3"

[[package]]
name = "common"
version = "9.0.0"
source = "registry+https://example.invalid/index"
checksum = "00"

[[package]]
name = "insta"
version = "1.0.0"
source = "registry+https://example.invalid/index"
checksum = "11"

[[package]]
name = "serde"
version = "1.0.0"
source = "registry+https://example.invalid/index"
checksum = "22"
dependencies = ["serde_core"]

[[package]]
name = "serde_core"
version = "1.0.0"
source = "registry+https://example.invalid/index"
checksum = "33"
"#;

    fn direct() -> BTreeMap<String, BTreeSet<String>> {
        BTreeMap::from([
            (
                "api".to_owned(),
                ["common", "serde"].map(String::from).into(),
            ),
            ("common".to_owned(), BTreeSet::new()),
        ])
    }

    #[test]
    fn only_what_the_members_reach_stays_and_dev_dependencies_do_not() {
        let lock = Lock::parse(LOCK).unwrap();
        let names: Vec<_> = lock
            .reachable(&direct())
            .iter()
            .map(|p| format!("{} {}", p.name, p.version))
            .collect();
        assert_eq!(
            names,
            [
                "api 1.2.3",
                "common 1.2.3",
                "serde 1.0.0",
                "serde_core 1.0.0"
            ]
        );
    }

    #[test]
    fn versions_of_members_are_masked_and_those_of_namesakes_are_not() {
        let lock = Lock::parse(LOCK).unwrap();
        let text = lock.masked(&lock.reachable(&direct()), &direct(), &BTreeSet::new());
        assert!(!text.contains("1.2.3") && !text.contains("insta"), "{text}");
        assert!(text.contains("\"common 0.0.0\""), "{text}");
        Lock::parse(&text).unwrap();
    }
}
