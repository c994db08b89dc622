//! From a path in a source file to a path in the workspace.

use std::collections::BTreeSet;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::finding::{Certainty, Finding, Kind};
use super::reference::{Place, Reference};
use crate::graph::member::EdgeKind;
use crate::graph::{Member, Workspace};

/// `package` and all local packages that its build can need, by whatever features.
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

/// What a package's build has anyway.
pub struct PackagePlaces<'a> {
    pub member: &'a Member,
    root: &'a Utf8Path,
    /// Where its own sources are and those of the packages that it needs.
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

    /// Whether a build of the package has this file or folder without being told: its own sources, those that come
    /// with its dependencies, and manifests.
    fn has(&self, path: &Utf8Path) -> bool {
        if matches!(path.file_name(), Some("Cargo.toml" | "Cargo.lock")) {
            return true;
        }
        // The nearest one counts: packages can lie within packages.
        path.ancestors()
            .find_map(|folder| {
                let present = self.present.contains(folder).then_some(true);
                present.or_else(|| self.foreign.contains(folder).then_some(false))
            })
            .unwrap_or(false)
    }

    /// Whether naming it would name the package itself: the workspace as a whole, or a folder with this one in it.
    fn is_too_wide(&self, path: &Utf8Path) -> bool {
        path.as_str().is_empty()
            || self.member.dir.starts_with(path)
            || self.root.ends_with(path) && path.starts_with("..")
    }

    /// What `reference`, which stands in `file`, means outside the package.
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
        if reference.kind == Kind::Git {
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

    /// Where `path` leads when links are followed; itself when it leads nowhere.
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

    /// The folder of a `.proto` file: what it imports mostly lies there too.
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

/// A file that is not there now: it may be made before the build, unless this was a guess.
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

/// `path` without `.` and `..`, but for those it begins with.
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
