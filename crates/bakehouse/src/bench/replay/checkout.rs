//! Copies that follow a checkout from commit to commit. A file that a commit does not change keeps its time, as it does
//! in a work tree.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::bench::tree::unwritable;
use crate::problem::{Code, Problem};

/// A folder that follows a checkout.
#[derive(Debug)]
pub struct Copy {
    pub dir: Utf8PathBuf,
    /// Files that came from the checkout.
    files: BTreeSet<Utf8PathBuf>,
}

impl Copy {
    /// Returns the copy in `dir`, which is empty as yet.
    pub fn new(dir: Utf8PathBuf) -> Self {
        Self {
            dir,
            files: BTreeSet::new(),
        }
    }

    /// Makes the folder hold what `from` holds, beside the files in `own`, which are left as they are.
    ///
    /// # Errors
    /// `file-unreadable`, `file-unwritable`.
    pub fn follow(&mut self, from: &Utf8Path, own: &BTreeSet<Utf8PathBuf>) -> Result<(), Problem> {
        let mut files = listed(from)?;
        files.retain(|path| !own.contains(path));
        for gone in self
            .files
            .difference(&files)
            .filter(|path| !own.contains(*path))
        {
            let _ = fs_err::remove_file(self.dir.join(gone));
            let folders = gone
                .ancestors()
                .skip(1)
                .filter(|folder| !folder.as_str().is_empty());
            for folder in folders {
                if fs_err::remove_dir(self.dir.join(folder)).is_err() {
                    break;
                }
            }
        }
        for path in &files {
            place(&from.join(path), &self.dir.join(path))?;
        }
        self.files = files;
        Ok(())
    }

    /// Removes a file that came from the checkout, so that it can be generated.
    pub fn free(&mut self, path: &Utf8Path) {
        if self.files.remove(path) {
            let _ = fs_err::remove_file(self.dir.join(path));
        }
    }
}

/// Returns the files and links below `root`.
fn listed(root: &Utf8Path) -> Result<BTreeSet<Utf8PathBuf>, Problem> {
    let walk = ignore::WalkBuilder::new(root)
        .standard_filters(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    let mut files = BTreeSet::new();
    for entry in walk {
        let entry = entry.map_err(|error| {
            Problem::from_error(Code::FileUnreadable, error)
                .hint("check that the file exists and can be read")
        })?;
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        if let (false, Some(path)) = (is_folder, Utf8Path::from_path(entry.path()))
            && let Ok(path) = path.strip_prefix(root)
        {
            files.insert(path.to_owned());
        }
    }
    Ok(files)
}

/// Writes a file or link that is not there yet as it is.
fn place(from: &Utf8Path, to: &Utf8Path) -> Result<(), Problem> {
    let link = fs_err::read_link(from).ok();
    let is_same = match &link {
        Some(target) => fs_err::read_link(to).is_ok_and(|there| there == *target),
        None => is_same_file(from, to),
    };
    if is_same {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs_err::create_dir_all(folder).map_err(unwritable)?;
    }
    if to.symlink_metadata().is_ok() {
        fs_err::remove_file(to).map_err(unwritable)?;
    }
    match link {
        Some(target) => fs_err::os::unix::fs::symlink(target, to).map_err(unwritable),
        None => fs_err::copy(from, to).map(|_| ()).map_err(unwritable),
    }
}

fn is_same_file(from: &Utf8Path, to: &Utf8Path) -> bool {
    let (Ok(here), Ok(there)) = (from.symlink_metadata(), to.symlink_metadata()) else {
        return false;
    };
    there.is_file()
        && here.len() == there.len()
        && here.permissions() == there.permissions()
        && fs_err::read(from).ok() == fs_err::read(to).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_follows_and_keeps_what_did_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let place = Utf8Path::from_path(folder.path()).unwrap();
        let (from, to) = (place.join("from"), place.join("to"));
        let write = |path: &str, text: &str| {
            let path = from.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        write("a/one.rs", "1");
        write("b/two.rs", "2");
        write("own.txt", "theirs");
        let own = BTreeSet::from(["own.txt".into()]);
        let mut copy = Copy::new(to.clone());
        copy.follow(&from, &own).unwrap();
        fs_err::write(to.join("own.txt"), "mine").unwrap();
        let time = |path: &str| to.join(path).metadata().unwrap().modified().unwrap();
        let before = time("a/one.rs");

        fs_err::remove_dir_all(from.join("b")).unwrap();
        write("c.rs", "3");
        copy.follow(&from, &own).unwrap();
        assert_eq!(time("a/one.rs"), before);
        assert!(!to.join("b").exists());
        assert_eq!(fs_err::read_to_string(to.join("c.rs")).unwrap(), "3");
        assert_eq!(fs_err::read_to_string(to.join("own.txt")).unwrap(), "mine");
    }
}
