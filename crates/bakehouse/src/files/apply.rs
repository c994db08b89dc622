//! Writes and removes files until the disk matches the plan.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{FlockOperation, flock};

use super::{Change, ChangeKind};
use crate::problem::{Code, Problem};

/// Applies `changes` below `root`. All new texts are first written to temporary files beside their targets, then moved
/// into place, so that a failed write changes no file. A lock admits one process at a time. Temporary files left by a
/// killed process are removed.
///
/// # Errors
/// `file-unwritable`; `path-outside` if a link leads out of `root`.
pub fn apply(root: &Utf8Path, changes: &[Change]) -> Result<(), Problem> {
    if changes.is_empty() {
        return Ok(());
    }
    stay_inside(root, changes)?;
    let alone = alone(root);
    if alone.is_some() {
        remove_leftovers(root, changes);
    }
    let mut ready = Vec::new();
    for change in changes {
        if let ChangeKind::Create { text } | ChangeKind::Update { text, .. } = &change.kind {
            let path = root.join(&change.path);
            let folder = path.parent().unwrap_or(root);
            fs_err::create_dir_all(folder).map_err(unwritable)?;
            let file = write_beside(folder, text).map_err(|error| {
                unwritable(std::io::Error::new(
                    error.kind(),
                    format!("{path} cannot be written: {error}"),
                ))
            })?;
            ready.push((file, path));
        }
    }
    for (file, path) in ready {
        file.persist(&path)
            .map_err(|error| unwritable(error.error))?;
    }
    for change in changes {
        if let ChangeKind::Remove { .. } = change.kind {
            let path = root.join(&change.path);
            match fs_err::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(unwritable(error));
                }
                // Another process has removed it already.
                _ => {}
            }
            remove_empty_folders(root, &path);
        }
    }
    Ok(())
}

/// Checks that no folder of a change is a link that leads out of `root`. Links inside `root` are allowed, and a link in
/// the place of a file is replaced.
fn stay_inside(root: &Utf8Path, changes: &[Change]) -> Result<(), Problem> {
    let real_root = root.canonicalize_utf8().map_err(unwritable)?;
    let folders: BTreeSet<&Utf8Path> = changes
        .iter()
        .filter_map(|change| change.path.parent())
        .collect();
    for folder in folders {
        // Missing folders are created below the nearest existing one, so only that one is checked.
        let mut there = folder.ancestors().filter_map(|above| {
            let real = root.join(above).canonicalize_utf8().ok()?;
            Some((above, real))
        });
        if let Some((above, real)) = there.next()
            && !real.starts_with(&real_root)
        {
            return Err(Problem::new(
                Code::PathOutside,
                format!(
                    "`{above}` leads to {real}, which is not in {root}: generated files stay inside"
                ),
            )
            .hint("put a folder in its place, or name another one in [output] of bakehouse.toml"));
        }
    }
    Ok(())
}

/// The prefix of the names of temporary files.
const BESIDE: &str = ".bakehouse-";

/// Waits until no other process applies changes below `root`. Returns `None` if the file system has no locks.
fn alone(root: &Utf8Path) -> Option<File> {
    let folder = File::open(root).ok()?;
    flock(&folder, FlockOperation::LockExclusive).ok()?;
    Some(folder)
}

/// Removes temporary files of a killed process. They lie beside files that still have to change.
fn remove_leftovers(root: &Utf8Path, changes: &[Change]) {
    let places = changes.iter().map(|change| root.join(&change.path));
    let folders: BTreeSet<Utf8PathBuf> = places
        .filter_map(|place| place.parent().map(Utf8Path::to_owned))
        .collect();
    for entry in folders
        .iter()
        .filter_map(|folder| folder.read_dir_utf8().ok())
        .flatten()
        .flatten()
    {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name().starts_with(BESIDE) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

pub(super) fn write_beside(
    folder: &Utf8Path,
    text: &str,
) -> std::io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let mut file = tempfile::Builder::new()
        .prefix(BESIDE)
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn remove_empty_folders(root: &Utf8Path, path: &Utf8Path) {
    let folders = path
        .ancestors()
        .skip(1)
        .take_while(|folder| *folder != root);
    for folder in folders {
        if std::fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

fn unwritable(error: std::io::Error) -> Problem {
    Problem::from_error(Code::FileUnwritable, error)
        .hint("make the folder writable, and free space if the disk is full, then run `bakehouse generate` again")
}
