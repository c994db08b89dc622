//! What the files that images are built from hold.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::problem::{Code, Problem};

/// A file as a build sees it: its content and whether it can be run, never its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    pub kind: FileKind,
    /// BLAKE3 of the content, or of a link's target.
    pub digest: blake3::Hash,
    pub size: u64,
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Plain,
    Executable,
    Link,
}

/// Files by their path relative to the workspace root.
#[derive(Clone, Debug, Default)]
pub struct Sources(pub BTreeMap<Utf8PathBuf, FileState>);

/// Folders that are never sources, wherever they stand.
pub const NEVER_SOURCES: [&str; 3] = [".git", "target", "node_modules"];

impl Sources {
    /// Reads every file at or below `paths`, which are relative to `root`.
    ///
    /// # Errors
    /// `input-missing` for a path that does not exist, `file-unreadable` for one that cannot be read.
    pub fn read(root: &Utf8Path, paths: &[Utf8PathBuf]) -> Result<Self, Problem> {
        let mut files = BTreeMap::new();
        for path in paths {
            let full = root.join(path);
            if full.symlink_metadata().is_err() {
                return Err(Problem::new(Code::InputMissing, format!("{path} does not exist"))
                    .hint("a package, `files` or [inputs] of bakehouse.toml names it: create it, or mend the path"));
            }
            let walk = ignore::WalkBuilder::new(&full)
                .standard_filters(false)
                .filter_entry(|entry| {
                    !entry
                        .file_name()
                        .to_str()
                        .is_some_and(|name| NEVER_SOURCES.contains(&name))
                })
                .build();
            for entry in walk {
                let entry = entry.map_err(|error| unreadable(&error))?;
                let file = Utf8PathBuf::from_path_buf(entry.into_path()).map_err(|path| {
                    Problem::new(
                        Code::FileUnreadable,
                        format!("{} is not UTF-8", path.display()),
                    )
                    .hint("rename the file")
                })?;
                if let Some(state) = state(&file)? {
                    let relative = file.strip_prefix(root).unwrap_or(&file).to_owned();
                    files.insert(relative, state);
                }
            }
        }
        Ok(Self(files))
    }

    /// The files at or below `path`.
    pub fn below<'a>(
        &'a self,
        path: &'a Utf8Path,
    ) -> impl Iterator<Item = (&'a Utf8Path, &'a FileState)> {
        self.0
            .range(path.to_owned()..)
            .take_while(move |(file, _)| file.as_str().starts_with(path.as_str()))
            .filter(move |(file, _)| file.starts_with(path))
            .map(|(file, state)| (file.as_path(), state))
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::FileUnreadable, error.to_string())
        .hint("make it readable for the user who runs bakehouse")
}

fn state(file: &Utf8Path) -> Result<Option<FileState>, Problem> {
    let metadata = fs_err::symlink_metadata(file).map_err(|error| unreadable(&error))?;
    if metadata.is_symlink() {
        let target = fs_err::read_link(file).map_err(|error| unreadable(&error))?;
        let digest = blake3::hash(target.as_os_str().as_encoded_bytes());
        return Ok(Some(FileState {
            kind: FileKind::Link,
            digest,
            size: 0,
        }));
    }
    if !metadata.is_file() {
        return Ok(None);
    }
    let content = fs_err::read(file).map_err(|error| unreadable(&error))?;
    let executable = metadata.permissions().mode() & 0o111 != 0;
    Ok(Some(FileState {
        kind: if executable {
            FileKind::Executable
        } else {
            FileKind::Plain
        },
        digest: blake3::hash(&content),
        size: content.len() as u64,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_does_not_hold_its_namesakes_neighbours() {
        let state = FileState {
            kind: FileKind::Plain,
            digest: blake3::hash(b""),
            size: 0,
        };
        let paths = ["crates/api-v2/a", "crates/api/a", "crates/api.rs"];
        let sources = Sources(
            paths
                .iter()
                .map(|path| ((*path).into(), state.clone()))
                .collect(),
        );
        let below: Vec<_> = sources
            .below("crates/api".into())
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(below, ["crates/api/a"]);
    }
}
