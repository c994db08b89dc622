//! Resolves paths in source files to paths in the workspace.

use std::collections::BTreeSet;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::finding::{Certainty, Finding, Kind};
use super::reference::{Place, Reference};
use crate::graph::member::EdgeKind;
use crate::graph::{Member, Workspace};

/// Returns `package` and all local packages that its build can need under any features.
pub fn needed<'a>(workspace: &'a Workspace, package: &'a str) -> BTreeSet<&'a str> {
    let mut needed = BTreeSet::new();
    let mut open = vec![package];
    while let Some(name) = open.pop() {
        let Some(member) = workspace.members.get(name) else {
            continue;
        };
        if needed.insert(name) {
            let edges = member.edges.iter();
            let edges = edges.filter(|edge| edge.kind != EdgeKind::Dev);
            open.extend(edges.map(|edge| edge.to.as_str()));
        }
    }
    needed
}

/// Paths that a package's build has without a declaration.
pub struct PackagePlaces<'a> {
    pub member: &'a Member,
    root: &'a Utf8Path,
    /// Folders of its own sources, and of the sources of the packages that it needs.
    present: BTreeSet<&'a Utf8Path>,
    /// Folders of packages that it does not need.
    foreign: BTreeSet<&'a Utf8Path>,
}

impl<'a> PackagePlaces<'a> {
    pub fn new(workspace: &'a Workspace, member: &'a Member) -> Self {
        let needed = needed(workspace, &member.name);
        let members = || workspace.members.values();
        Self {
            member,
            root: &workspace.root,
            present: members()
                .filter(|other| needed.contains(other.name.as_str()))
                .flat_map(|other| other.sources.iter().map(Utf8PathBuf::as_path))
                .collect(),
            foreign: members()
                .filter(|other| !needed.contains(other.name.as_str()))
                .map(|other| other.dir.as_path())
                .filter(|dir| !dir.as_str().is_empty())
                .collect(),
        }
    }

    /// Returns whether a build of the package has this file or folder without a declaration. This covers its own
    /// sources, those of its dependencies, and manifests.
    fn has(&self, path: &Utf8Path) -> bool {
        if matches!(path.file_name(), Some("Cargo.toml" | "Cargo.lock")) {
            return true;
        }
        // The nearest folder decides, since packages can be inside packages.
        path.ancestors()
            .find_map(|folder| {
                let present = self.present.contains(folder).then_some(true);
                present.or_else(|| self.foreign.contains(folder).then_some(false))
            })
            .unwrap_or(false)
    }

    /// Returns whether declaring the path would include the package itself: the path is, or contains, its folder.
    fn is_too_wide(&self, path: &Utf8Path) -> bool {
        path.as_str().is_empty()
            || self.member.dir.starts_with(path)
            || self.root.ends_with(path) && path.starts_with("..")
    }

    /// Returns the paths outside the package that `reference`, which is in `file`, means.
    pub fn findings(&self, reference: &Reference, file: &Utf8Path) -> Vec<Finding> {
        let dir = &self.member.dir;
        let path = match &reference.place {
            Place::File(text) => normal(&file.parent().unwrap_or(dir).join(relative(text))),
            Place::Package(text) => normal(&dir.join(relative(text))),
            Place::Upward(name) => {
                let Some(path) = self.upward(name) else {
                    return Vec::new();
                };
                path
            }
            Place::PackageOrWorkspace(name) => {
                let own = dir.join(name);
                let shared = Utf8PathBuf::from(name);
                if self.root.join(&own).exists() || !self.root.join(&shared).exists() {
                    own
                } else {
                    shared
                }
            }
            Place::Git => ".git".into(),
            Place::Network => "the network".into(),
        };
        let found = |path: Utf8PathBuf| Finding {
            package: self.member.name.clone(),
            exists: self.root.join(&path).exists(),
            path,
            file: file.to_owned(),
            line: (reference.line > 0).then_some(reference.line),
            kind: reference.kind,
            by: reference.by.clone(),
            certainty: reference.certainty,
        };
        if matches!(reference.kind, Kind::Git | Kind::Network | Kind::Unfollowed) {
            return vec![found(path)];
        }
        let mut findings = Vec::new();
        for path in BTreeSet::from([self.real(&path), path]) {
            if self.has(&path) || self.is_too_wide(&path) {
                continue;
            }
            let path = match reference.kind {
                Kind::Proto => self.with_its_imports(&path),
                _ => path,
            };
            let finding = found(path);
            if finding.exists || says_that_it_is_a_file(&finding) {
                findings.push(finding);
            }
        }
        findings
    }

    /// Returns the target of `path` after following links, or `path` itself if it has none.
    pub fn real(&self, path: &Utf8Path) -> Utf8PathBuf {
        let canonical = |path: &Utf8Path| path.canonicalize_utf8().ok();
        match (canonical(&self.root.join(path)), canonical(self.root)) {
            (Some(real), Some(root)) => match real.strip_prefix(&root) {
                Ok(inside) => inside.to_owned(),
                Err(_) => path.to_owned(),
            },
            _ => path.to_owned(),
        }
    }

    /// Returns the folder of a `.proto` file: files that it imports are usually there, too.
    fn with_its_imports(&self, path: &Utf8Path) -> Utf8PathBuf {
        let folder = path.parent().filter(|folder| !self.is_too_wide(folder));
        match folder {
            Some(folder) if path.extension() == Some("proto") => folder.to_owned(),
            _ => path.to_owned(),
        }
    }

    fn upward(&self, name: &str) -> Option<Utf8PathBuf> {
        self.member
            .dir
            .ancestors()
            .map(|folder| folder.join(name))
            .find(|path| self.root.join(path).is_dir())
    }
}

/// Returns whether a missing file counts. It may be created before the build, but a guess does not count.
fn says_that_it_is_a_file(finding: &Finding) -> bool {
    finding.certainty == Certainty::Certain
        && !matches!(
            finding.kind,
            Kind::Queries | Kind::BuildScript | Kind::Migrations
        )
}

fn relative(text: &str) -> &str {
    text.trim_start_matches('/')
}

/// Returns `path` without `.` and `..`, except for leading `..`.
pub fn normal(path: &Utf8Path) -> Utf8PathBuf {
    let mut normal = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::ParentDir if normal.file_name().is_some_and(|name| name != "..") => {
                normal.pop();
            }
            Utf8Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_normal() {
        let table = [
            ("a/b/../c", "a/c"),
            ("a/../../c", "../c"),
            ("a/./b/..", "a"),
            ("../../x", "../../x"),
        ];
        for (path, expected) in table {
            assert_eq!(normal(path.into()), expected);
        }
    }
}
