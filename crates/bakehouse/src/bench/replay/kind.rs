//! Kinds of commits, by the changes that matter to a build.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::bench::subject::Subject;
use crate::graph::lock::Lock;

/// The most that a commit changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The third-party part of the lock.
    Lock,
    /// A manifest, or the members in the lock.
    Manifests,
    /// Files of a package that a binary holds.
    Sources,
    /// Nothing of these.
    Other,
}

impl Kind {
    /// Returns the word for it in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Manifests => "manifests",
            Self::Sources => "sources",
            Self::Other => "other",
        }
    }

    /// Returns the kind of a commit that changes these files. `before` and `after` are the third-party crates.
    pub fn of(changed: &[Utf8PathBuf], subject: &Subject, before: &Crates, after: &Crates) -> Self {
        let is_named = |names: &[&str]| {
            let mut changed = changed.iter();
            changed.any(|path| path.file_name().is_some_and(|name| names.contains(&name)))
        };
        let held = |path: &Utf8PathBuf| {
            let holder = holder(subject, path);
            let mut parts = subject.parts.iter();
            holder.is_some_and(|package| parts.any(|part| part.closure.contains(package)))
        };
        if before != after {
            Self::Lock
        } else if is_named(&["Cargo.toml", "Cargo.lock"]) {
            Self::Manifests
        } else if changed.iter().any(held) {
            Self::Sources
        } else {
            Self::Other
        }
    }
}

/// Returns the member in whose folder a file is. Of a package in the workspace's own folder these are its sources, not
/// everything beside them.
pub fn holder<'a>(subject: &'a Subject, path: &Utf8Path) -> Option<&'a str> {
    let folders = subject.folders.iter();
    let (package, folder) = folders
        .filter(|(_, folder)| path.starts_with(folder))
        .max_by_key(|(_, folder)| folder.as_str().len())?;
    let is_source = !folder.as_str().is_empty()
        || path.starts_with("src")
        || ["build.rs", "Cargo.toml"].contains(&path.as_str());
    is_source.then_some(package.as_str())
}

/// Names and versions of third-party crates.
pub type Crates = BTreeSet<(String, String)>;

/// Returns the third-party crates of the lock of the workspace in `root`.
pub fn crates(root: &Utf8Path) -> Crates {
    let text = fs_err::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    let Ok(lock) = Lock::parse(&text) else {
        return Crates::new();
    };
    let packages = lock.packages().iter();
    packages
        .filter(|package| package.source.is_some())
        .map(|package| (package.name.clone(), package.version.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::subject::Part;

    fn subject() -> Subject {
        let folder = |name: &str, path: &str| (name.to_owned(), Utf8PathBuf::from(path));
        Subject {
            parts: vec![Part {
                targets: vec!["api".to_owned()],
                name: "api".to_owned(),
                package: "api".to_owned(),
                bin: "api".to_owned(),
                file: "api/src/main.rs".into(),
                closure: ["api".to_owned(), "root".to_owned()].into(),
                image: None,
                pack_folder: None,
            }],
            services: 1,
            common: None,
            pack_file: None,
            targets: [].into(),
            roots: [].into(),
            folders: [
                folder("api", "api"),
                folder("root", ""),
                folder("tests", "api/tests"),
            ]
            .into(),
        }
    }

    fn kind(changed: &[&str], after: &[&str]) -> Kind {
        let changed: Vec<Utf8PathBuf> = changed.iter().map(Utf8PathBuf::from).collect();
        let crates = |versions: &[&str]| -> Crates {
            let versions = versions.iter();
            versions
                .map(|version| ("a".to_owned(), (*version).to_owned()))
                .collect()
        };
        Kind::of(&changed, &subject(), &crates(&["1.0.0"]), &crates(after))
    }

    #[test]
    fn a_commit_is_of_the_kind_of_the_most_that_it_changes() {
        let same: &[&str] = &["1.0.0"];
        assert_eq!(
            kind(&["Cargo.lock", "api/src/main.rs"], &["1.0.1"]),
            Kind::Lock
        );
        assert_eq!(
            kind(&["api/Cargo.toml", "api/src/main.rs"], same),
            Kind::Manifests
        );
        assert_eq!(kind(&["Cargo.lock"], same), Kind::Manifests);
        assert_eq!(kind(&["README.md", "api/src/main.rs"], same), Kind::Sources);
        assert_eq!(kind(&["src/lib.rs"], same), Kind::Sources);
        assert_eq!(
            kind(&["README.md", "api/tests/src/lib.rs"], same),
            Kind::Other
        );
        assert_eq!(kind(&[], same), Kind::Other);
    }
}
