//! Checks that `Cargo.lock` has everything that the members' manifests ask for. Cargo would report the same, but needs
//! the network to do so. This check reports nothing that Cargo would accept.

use std::collections::BTreeSet;

use semver::VersionReq;
use toml::Table;

use super::lock::Package;
use super::member::Requirement;
use super::place::Manifest;
use super::toml_file::read_toml;
use super::{Member, Workspace, patch};
use crate::problem::{Code, Problem};

const HINT: &str = "run `cargo update --workspace`, and commit Cargo.lock with the manifest";

impl Workspace {
    /// Reports the requirements of members that the lock does not meet.
    pub fn stale_lock(&self) -> Vec<Problem> {
        let replaced = self.replaced();
        let own = self.own_members();
        own.flat_map(|member| self.lacking(member, &replaced))
            .collect()
    }

    /// Returns the names of packages that a patch replaces.
    fn replaced(&self) -> BTreeSet<String> {
        let files = self.cargo_configs.iter();
        let files = files.map(|path| read_toml(&self.root.join(path)).unwrap_or_default());
        let tables: Vec<Table> = files.chain([self.manifest.clone()]).collect();
        let patches = tables.iter().flat_map(patch::patches);
        patches.map(|patch| patch.package).collect()
    }

    fn lacking(&self, member: &Member, replaced: &BTreeSet<String>) -> Vec<Problem> {
        let Some((_, entry)) = self.lock.local(&member.name) else {
            let message = format!("Cargo.lock has no entry for the member `{}`", member.name);
            let problem = Problem::new(Code::LockStale, message).hint(HINT);
            let manifest = Manifest::read(&self.root, &member.path("Cargo.toml"));
            return vec![manifest.at(problem, manifest.key(&["package", "name"]))];
        };
        let unmet = member.requirements.iter().filter_map(|requirement| {
            // A package may depend on itself for its tests.
            if requirement.name == member.name {
                return None;
            }
            let locked: Vec<&Package> = self.lock.references(entry, &requirement.name).collect();
            let why = self.unmet(requirement, &locked, replaced)?;
            Some(self.problem(member, requirement, &why))
        });
        unmet.collect()
    }

    /// Returns the reason why the lock does not meet `requirement`, if there is one.
    fn unmet(
        &self,
        requirement: &Requirement,
        locked: &[&Package],
        replaced: &BTreeSet<String>,
    ) -> Option<String> {
        if locked.is_empty() {
            return Some("has none".to_owned());
        }
        if requirement.is_local {
            return None;
        }
        // Without a version, a pre-release is accepted too.
        let any = requirement.version == VersionReq::STAR;
        let fits = |entry: &&Package| {
            let version = semver::Version::parse(&entry.version);
            any || version.map_or(true, |version| requirement.version.matches(&version))
        };
        if !locked.iter().any(fits) {
            let versions: Vec<&str> = locked.iter().map(|entry| entry.version.as_str()).collect();
            return Some(format!("has {}", versions.join(" and ")));
        }
        let git = requirement
            .git
            .as_ref()
            .filter(|_| !replaced.contains(&requirement.name))?;
        let sources: Vec<&str> = locked
            .iter()
            .filter_map(|entry| entry.source.as_deref())
            .collect();
        let same = |source: &&str| is_same_git(git, source, self.lock.tells_branches());
        (!sources.iter().any(same)).then(|| match sources.first() {
            Some(source) => format!("has it from {source}"),
            None => "has a local package of that name".to_owned(),
        })
    }

    fn problem(&self, member: &Member, requirement: &Requirement, why: &str) -> Problem {
        let Requirement {
            name, version, git, ..
        } = requirement;
        let wanted = match git {
            Some(git) => format!("`{name}` from {git}"),
            None if requirement.is_local => format!("`{name}`"),
            None => format!("`{name}` {version}"),
        };
        let message = format!("`{}` asks for {wanted}, and Cargo.lock {why}", member.name);
        let problem = Problem::new(Code::LockStale, message).hint(HINT);
        let own = Manifest::read(&self.root, &member.path("Cargo.toml"));
        match own.dependency(&requirement.key, requirement.kind) {
            Some((_, true)) => {
                let path = member.workspace.join("Cargo.toml");
                let shared = Manifest::read(&self.root, &path);
                let place = shared.key(&["workspace", "dependencies", &requirement.key]);
                shared.at(problem, place)
            }
            place => own.at(problem, place.map(|(place, _)| place)),
        }
    }
}

/// Returns whether a source of the lock is the one that a manifest asks for. Old locks do not distinguish the branch
/// `master` from the default branch.
fn is_same_git(wanted: &str, locked: &str, tells_branches: bool) -> bool {
    let locked = locked.split('#').next().unwrap_or(locked);
    let parts = |source: &str| {
        let (url, query) = source.split_once('?').unwrap_or((source, ""));
        let url = url
            .trim_end_matches('/')
            .trim_end_matches(".git")
            .to_lowercase();
        (url, decoded(query))
    };
    let ((url, query), (locked_url, locked_query)) = (parts(wanted), parts(locked));
    url == locked_url && (!tells_branches || query == locked_query)
}

/// Decodes the percent escapes of a query.
fn decoded(query: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = query.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape = after.get(..2).filter(|_| first == b'%');
        let escape = escape.and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(if first == b'+' { b' ' } else { first });
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_source_is_told_by_its_url_and_what_it_names() {
        let rows = [
            ("git+https://h/a/b", "git+https://h/a/b.git#12", true),
            (
                "git+https://h/a/b?branch=x/y",
                "git+https://h/a/b?branch=x%2Fy#12",
                true,
            ),
            (
                "git+https://h/a/b?rev=1",
                "git+https://h/a/b?rev=2#2",
                false,
            ),
            ("git+https://h/a/b", "git+https://h/a/c#12", false),
            (
                "git+https://h/a/b",
                "git+https://h/a/b?branch=master#12",
                false,
            ),
            ("git+https://h/a/b", "registry+https://h/a/b", false),
        ];
        for (wanted, locked, expected) in rows {
            assert_eq!(
                is_same_git(wanted, locked, true),
                expected,
                "{wanted} {locked}"
            );
        }
        assert!(is_same_git(
            "git+https://h/a/b",
            "git+https://h/a/b?branch=master#12",
            false
        ));
    }
}
