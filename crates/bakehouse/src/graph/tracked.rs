//! The files of a folder that git tracks.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::context;

/// The files of a folder that git tracks.
pub enum Tracked {
    /// These files, by their absolute paths.
    Only(BTreeSet<Utf8PathBuf>),
    /// Everything, since these are the files of a revision.
    All,
    /// Unknown: there is no repository, nothing was added to it, or git is not installed.
    Unknown,
}

impl Tracked {
    /// Asks git about `folder`.
    pub fn of(folder: &Utf8Path) -> Self {
        let Some(repository) = context::repository(folder) else {
            return Self::Unknown;
        };
        let git = repository.join(".git");
        if git.is_dir() && !git.join("HEAD").exists() {
            return Self::All;
        }
        match listed(folder) {
            Some(files) if !files.is_empty() => Self::Only(files),
            _ => Self::Unknown,
        }
    }

    /// Returns whether git is known to track `path`, or something in it.
    pub fn has(&self, path: &Utf8Path) -> bool {
        match self {
            Self::All => true,
            Self::Only(files) => files
                .range::<Utf8Path, _>((Bound::Included(path), Bound::Unbounded))
                .next()
                .is_some_and(|file| file.starts_with(path)),
            Self::Unknown => false,
        }
    }

    /// Returns whether git is known not to track `path`.
    pub fn lacks(&self, path: &Utf8Path) -> bool {
        matches!(self, Self::Only(_)) && !self.has(path)
    }

    pub fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }
}

fn listed(folder: &Utf8Path) -> Option<BTreeSet<Utf8PathBuf>> {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    let output = command
        .args(["-c", "core.fsmonitor=false", "ls-files", "-z", "--cached"])
        .env("GIT_OPTIONAL_LOCKS", "0")
        .current_dir(folder)
        .output()
        .ok()?;
    let listed = output.status.success().then_some(output.stdout)?;
    let files = listed.split(|byte| *byte == 0);
    let files = files.filter(|file| !file.is_empty());
    let files = files.filter_map(|file| std::str::from_utf8(file).ok());
    Some(files.map(|file| folder.join(file)).collect())
}
