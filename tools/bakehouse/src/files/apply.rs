//! Makes the disk as the plan says.

use std::io::Write;

use camino::Utf8Path;

use super::{Change, ChangeKind};
use crate::problem::{Code, Problem};

/// Applies `changes` below `root`. First all new texts are written beside their places, then all are moved in:
/// what fails, fails before any file has changed.
///
/// # Errors
/// `file-unwritable`.
pub fn apply(root: &Utf8Path, changes: &[Change]) -> Result<(), Problem> {
    let mut ready = Vec::new();
    for change in changes {
        if let ChangeKind::Create { text } | ChangeKind::Update { text, .. } = &change.kind {
            let path = root.join(&change.path);
            let folder = path.parent().unwrap_or(root);
            fs_err::create_dir_all(folder).map_err(|error| unwritable(&error))?;
            let file = write_beside(folder, text).map_err(|error| {
                unwritable(&std::io::Error::new(
                    error.kind(),
                    format!("{path} cannot be written: {error}"),
                ))
            })?;
            ready.push((file, path));
        }
    }
    for (file, path) in ready {
        file.persist(&path)
            .map_err(|error| unwritable(&error.error))?;
    }
    for change in changes {
        if let ChangeKind::Remove { .. } = change.kind {
            let path = root.join(&change.path);
            fs_err::remove_file(&path).map_err(|error| unwritable(&error))?;
            remove_empty_folders(root, &path);
        }
    }
    Ok(())
}

fn write_beside(folder: &Utf8Path, text: &str) -> std::io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let mut file = tempfile::Builder::new()
        .prefix(".bakehouse-")
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

fn unwritable(error: &std::io::Error) -> Problem {
    Problem::new(Code::FileUnwritable, error.to_string())
        .hint("make the folder writable, and free space if the disk is full, then run `bakehouse generate` again")
}
