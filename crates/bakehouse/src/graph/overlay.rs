//! Folders and files of the context that images lay over each other.

use camino::{Utf8Path, Utf8PathBuf};

use super::sources::is_never_source;
use crate::graph::Workspace;

/// The kind of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    File,
    Folder,
}

impl Workspace {
    /// Returns the kind of a path of the context, or of what a link leads to; `None` if nothing is there.
    pub fn kind_of(&self, path: &Utf8Path) -> Option<PathKind> {
        let metadata = self.root.join(path).metadata().ok()?;
        Some(match metadata.is_dir() {
            true => PathKind::Folder,
            false => PathKind::File,
        })
    }

    /// Returns whether Docker is not sent what lies at a path, although somebody names it: `.git`, `node_modules`, and the
    /// folder of Cargo's outputs.
    pub fn is_never_sent(&self, path: &Utf8Path) -> bool {
        is_never_source(self.root.join(path).as_std_path())
    }

    /// Returns the path at which the way to `inside` ends in a folder of the context, relative to that folder, and its
    /// kind: `inside` itself, or a file above it. `None` if the folder has neither, or a link on the way.
    pub fn end_of_way(
        &self,
        folder: &Utf8Path,
        inside: &Utf8Path,
    ) -> Option<(Utf8PathBuf, PathKind)> {
        let mut way = Utf8PathBuf::new();
        for part in inside.components() {
            way.push(part);
            if self.kind_in(folder, &way)? == PathKind::File {
                return Some((way, PathKind::File));
            }
        }
        Some((way, PathKind::Folder))
    }

    /// Returns a path that is a file in one of two folders of the context, and a folder in the other.
    pub fn clash_of(&self, one: &Utf8Path, other: &Utf8Path) -> Option<Utf8PathBuf> {
        let mut open = vec![Utf8PathBuf::new()];
        while let Some(folder) = open.pop() {
            let entries = self.root.join(one).join(&folder).read_dir_utf8().ok()?;
            let names = entries.flatten().map(|entry| entry.file_name().to_owned());
            let mut names: Vec<String> = names.collect();
            names.sort_unstable();
            for name in names {
                let inside = folder.join(name);
                match (self.kind_in(one, &inside), self.kind_in(other, &inside)) {
                    (Some(PathKind::Folder), Some(PathKind::Folder)) => open.push(inside),
                    (Some(a), Some(b)) if a != b => return Some(inside),
                    _ => {}
                }
            }
        }
        None
    }

    /// Returns the kind of a path in a folder that an image ships; `None` for a link, and for what Docker is not sent.
    fn kind_in(&self, folder: &Utf8Path, inside: &Utf8Path) -> Option<PathKind> {
        let path = self.root.join(folder).join(inside);
        let kind = path.symlink_metadata().ok()?.file_type();
        match kind.is_symlink() || is_never_source(path.as_std_path()) {
            true => None,
            false if kind.is_dir() => Some(PathKind::Folder),
            false => Some(PathKind::File),
        }
    }
}
