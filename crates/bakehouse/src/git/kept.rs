//! The files of a tree that a work tree has as well, which need not be written again.

use std::collections::BTreeSet;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::command::{entries, git, printed};
use crate::graph::parallel::parallel_map;
use crate::problem::Problem;

/// The files of a tree, each in one of two lists.
#[derive(Debug, Default)]
pub struct Files {
    /// Regular files that the work tree has with the same content.
    pub kept: Vec<Utf8PathBuf>,
    /// All other files and links.
    pub others: Vec<Utf8PathBuf>,
}

impl Files {
    /// Returns the files of a tree, which the work tree `top` has none of if there is no `top`.
    ///
    /// # Errors
    /// `git-failed`, also if the tree is not in the clone.
    pub fn of(tree: &str, store: &mut Command, top: Option<&Utf8Path>) -> Result<Self, Problem> {
        let listed = printed(store.args(["ls-tree", "-r", "-z", "--full-tree", tree]))?;
        let differing = match top {
            Some(top) => differing(top, tree)?,
            None => BTreeSet::new(),
        };
        let mut files = Self::default();
        for entry in entries(&listed) {
            let Some((state, path)) = entry.split_once('\t') else {
                continue;
            };
            let is_regular = state.starts_with("100");
            if is_regular && top.is_some() && !differing.contains(path) {
                files.kept.push(path.into());
            } else if !state.starts_with("160000") {
                files.others.push(path.into());
            }
        }
        Ok(files)
    }

    /// Puts the kept files into `folder`, as links to those of the work tree where that is possible. Those that the work
    /// tree lacks in spite of what git says become others.
    pub fn link(&mut self, top: &Utf8Path, folder: &Utf8Path) {
        let folders: BTreeSet<&Utf8Path> =
            self.kept.iter().filter_map(|path| path.parent()).collect();
        for inside in folders {
            // An error shows when the files in it are written.
            let _ = fs_err::create_dir_all(folder.join(inside));
        }
        let chunks: Vec<&[Utf8PathBuf]> = self.kept.chunks(256).collect();
        let failed = parallel_map(&chunks, |paths| {
            let paths = paths.iter();
            let fails = |path: &&Utf8PathBuf| !put(&top.join(path), &folder.join(path));
            paths.filter(fails).cloned().collect::<Vec<_>>()
        });
        let failed: BTreeSet<Utf8PathBuf> = failed.into_iter().flatten().collect();
        self.kept.retain(|path| !failed.contains(path));
        self.others.extend(failed);
    }
}

/// Links a file to another place, or copies it if that is on another file system, or if Cargo may write to it.
fn put(file: &Utf8Path, to: &Utf8Path) -> bool {
    let is_regular = file.symlink_metadata().is_ok_and(|found| found.is_file());
    let may_change = file.file_name() == Some("Cargo.lock");
    let linked = is_regular && !may_change && std::fs::hard_link(file, to).is_ok();
    linked || is_regular && std::fs::copy(file, to).is_ok()
}

/// Returns the paths whose files in the work tree differ from those of a tree, or may do so without git looking.
fn differing(top: &Utf8Path, tree: &str) -> Result<BTreeSet<String>, Problem> {
    let changed = printed(git(top).args([
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--no-renames",
        "--ignore-submodules=all",
        "--name-only",
        "-z",
        tree,
    ]))?;
    let flagged = printed(git(top).args(["ls-files", "-v", "-z"]))?;
    let flagged = entries(&flagged).filter_map(|entry| {
        let (tag, path) = entry.split_once(' ')?;
        (tag != "H").then(|| path.to_owned())
    });
    Ok(entries(&changed).chain(flagged).collect())
}
