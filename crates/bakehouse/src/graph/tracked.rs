//! The files of a folder that git tracks.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::context;

/// Files below a folder.
pub struct Files {
    folder: Utf8PathBuf,
    /// Their paths in it, sorted by their bytes.
    paths: Vec<String>,
}

impl Files {
    /// Returns whether `path` is one of them, or has one in it.
    fn has(&self, path: &Utf8Path) -> bool {
        let Ok(inside) = path.strip_prefix(&self.folder) else {
            return self.folder.starts_with(path);
        };
        let inside = inside.as_str();
        if inside.is_empty() {
            return true;
        }
        // The contents of `a` do not come right after it, but after `a-b`.
        let within = format!("{inside}/");
        let first = self.paths.partition_point(|file| **file < *within);
        let holds = self.paths.get(first);
        holds.is_some_and(|file| file.starts_with(&within))
            || self
                .paths
                .binary_search_by(|file| (**file).cmp(inside))
                .is_ok()
    }
}

/// The files of a folder that git tracks.
pub enum Tracked {
    /// These files.
    Only(Files),
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
            Some(paths) if !paths.is_empty() => Self::Only(Files {
                folder: folder.to_owned(),
                paths,
            }),
            _ => Self::Unknown,
        }
    }

    /// Returns whether git is known to track `path`, or something in it.
    pub fn has(&self, path: &Utf8Path) -> bool {
        match self {
            Self::All => true,
            Self::Only(files) => files.has(path),
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

fn listed(folder: &Utf8Path) -> Option<Vec<String>> {
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
    let mut files: Vec<String> = files.map(str::to_owned).collect();
    // Git's own order, so this takes no time.
    files.sort_unstable();
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_tracked_if_it_is_a_file_or_a_folder_around_one() {
        let mut paths = ["a-b/c", "a.rs", "a/b/c", "ab", "d/e"].map(str::to_owned);
        paths.sort_unstable();
        let tracked = Tracked::Only(Files {
            folder: "/r".into(),
            paths: paths.into(),
        });
        let is = |path: &str| tracked.has(path.into());
        let tracked = [
            "/r", "/r/a", "/r/a/b", "/r/a/b/c", "/r/a.rs", "/r/a-b", "/r/d",
        ];
        assert!(tracked.into_iter().all(is));
        let others = [
            "/r/a/c",
            "/r/b",
            "/r/a/b/c/d",
            "/r/a/b/c.d",
            "/r/e",
            "/s",
            "/r/d/e2",
        ];
        assert!(!others.into_iter().any(is));
    }
}
