//! `Cargo.lock`, reduced to the entries that some members can reach.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Deserialize;

use crate::problem::{Code, Problem};

/// A parsed `Cargo.lock`.
#[derive(Clone, Debug)]
pub struct Lock {
    /// The version in the file; the oldest formats have none.
    version: Option<u32>,
    packages: Vec<Package>,
    /// The entries of each name, in file order.
    by_name: BTreeMap<String, Vec<usize>>,
    /// Set if a third-party crate depends on a local package.
    builds_on_local: bool,
}

/// An entry of the lock.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub source: Option<String>,
    pub checksum: Option<String>,
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// The package that `[replace]` puts in place of this one.
    pub replace: Option<String>,
}

#[derive(Deserialize)]
struct RawLock {
    version: Option<u32>,
    #[serde(default, rename = "package")]
    packages: Vec<Package>,
    /// Checksums in the oldest format: `checksum <name> <version> (<source>)`.
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

impl Package {
    /// Returns the names of the entries that it depends on.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let dependencies = self.dependencies.iter();
        dependencies.map(|reference| split_reference(reference).0)
    }
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
        let raw: RawLock = toml::from_str(text).map_err(|error| {
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
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, package) in packages.iter().enumerate() {
            by_name.entry(package.name.clone()).or_default().push(index);
        }
        let mut lock = Self {
            version: raw.version,
            packages,
            by_name,
            builds_on_local: false,
        };
        let mut entries = lock.packages.iter();
        lock.builds_on_local = entries.any(|entry| lock.is_built_on_local(entry));
        Ok(lock)
    }

    /// Returns whether a [patch] or [replace] puts a local package below a third-party crate.
    pub fn builds_on_local(&self) -> bool {
        self.builds_on_local
    }

    fn is_built_on_local(&self, entry: &Package) -> bool {
        let mut references = entry.dependencies.iter().chain(&entry.replace);
        let local = |reference: &String| {
            let mut named = self.named(split_reference(reference).0);
            named.any(|(_, entry)| entry.source.is_none())
        };
        entry.source.is_some() && references.any(local)
    }

    /// Returns the entries called `name`.
    fn named(&self, name: &str) -> impl Iterator<Item = (usize, &Package)> {
        let found = self.by_name.get(name).into_iter().flatten();
        found.map(|&index| (index, &self.packages[index]))
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
        let targets = self.targets(entry);
        targets.filter(move |target| target.name == name)
    }

    /// Returns the local packages that the local package `package` depends on.
    pub fn local_dependencies(&self, package: &str) -> BTreeSet<&str> {
        let found = self.named(package).map(|(_, entry)| entry);
        found
            .filter(|entry| entry.source.is_none())
            .flat_map(|entry| self.targets(entry))
            .filter(|target| target.source.is_none())
            .map(|target| target.name.as_str())
            .collect()
    }

    /// Returns the local packages that third-party crates depend on through [patch] or [replace], among those that
    /// `direct` reaches.
    pub fn below_third_party(&self, direct: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&str> {
        let reached = self.reachable(direct).into_iter();
        reached
            .filter(|entry| self.is_built_on_local(entry))
            .flat_map(|entry| self.targets(entry))
            .filter(|target| target.source.is_none())
            .map(|target| target.name.as_str())
            .collect()
    }

    /// Returns the entries that `entry` depends on, or is replaced by.
    fn targets<'a>(&'a self, entry: &'a Package) -> impl Iterator<Item = &'a Package> {
        let references = entry.dependencies.iter().chain(&entry.replace);
        references.flat_map(|reference| {
            let (name, version) = split_reference(reference);
            self.named(name)
                .map(|(_, package)| package)
                .filter(move |package| version.is_none_or(|version| package.version == version))
        })
    }

    /// Returns the entries that `members` reach. This is a superset of what Cargo resolves for them, since an entry
    /// lists the dependencies that any member's features enable. The edges of a member itself come from `direct`,
    /// because its entry also lists dev-dependencies.
    pub fn reachable(&self, direct: &BTreeMap<String, BTreeSet<String>>) -> Vec<&Package> {
        let starts = direct.keys().filter_map(|name| self.local(name));
        self.reached_from(starts.map(|(index, _)| index), direct)
    }

    /// Returns the entry of a local package.
    fn local(&self, name: &str) -> Option<(usize, &Package)> {
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
            .map(|reference| split_reference(reference))
            .filter(|(name, _)| *name == dependency)
            .flat_map(|(name, version)| {
                self.named(name).filter(move |(_, package)| {
                    version.is_none_or(|version| package.version == version)
                })
            });
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
        let mut seen = BTreeSet::new();
        let mut open: VecDeque<usize> = starts.collect();
        while let Some(index) = open.pop_front() {
            if !seen.insert(index) {
                continue;
            }
            let package = &self.packages[index];
            let wanted = package
                .source
                .is_none()
                .then(|| direct.get(&package.name))
                .flatten();
            for reference in package.dependencies.iter().chain(&package.replace) {
                let (name, version) = split_reference(reference);
                if wanted.is_some_and(|names| !names.contains(name)) {
                    continue;
                }
                let candidates = self.named(name).filter(|(_, candidate)| {
                    version.is_none_or(|version| candidate.version == version)
                });
                open.extend(candidates.map(|(index, _)| index));
            }
        }
        seen.into_iter()
            .map(|index| &self.packages[index])
            .collect()
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

fn split_reference(reference: &str) -> (&str, Option<&str>) {
    let mut words = reference.split(' ');
    (words.next().unwrap_or_default(), words.next())
}

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
