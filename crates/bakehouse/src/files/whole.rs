//! Files outside the plan that a command writes: whole, or not at all.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::apply::write_beside;
use crate::problem::{Code, Problem};

/// Checks that a file can be written.
///
/// # Errors
/// `file-unwritable`.
pub fn check(path: &Utf8Path) -> Result<(), Problem> {
    let written = match place(path) {
        Some(place) => write_beside(folder(&place), "").map(|_| ()),
        None => fs_err::OpenOptions::new()
            .write(true)
            .open(path)
            .map(|_| ()),
    };
    written.map_err(|error| unwritable(path, error))
}

/// Writes a file. A reader sees the old text or the new one, never a part of it.
///
/// # Errors
/// `file-unwritable`.
pub fn write(path: &Utf8Path, text: &str) -> Result<(), Problem> {
    let written = match place(path) {
        Some(place) => write_beside(folder(&place), text)
            .and_then(|file| file.persist(&place).map_err(|error| error.error))
            .map(|_| ()),
        None => fs_err::write(path, text),
    };
    written.map_err(|error| unwritable(path, error))
}

/// Returns the path of the file that is replaced: that to which a link leads. Devices and pipes are not replaced.
fn place(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let place = path.canonicalize_utf8();
    let place = place.unwrap_or_else(|_| path.to_owned());
    match place.metadata() {
        Ok(there) if !there.is_file() => None,
        _ => Some(place),
    }
}

fn folder(path: &Utf8Path) -> &Utf8Path {
    match path.parent() {
        Some(folder) if !folder.as_str().is_empty() => folder,
        _ => Utf8Path::new("."),
    }
}

fn unwritable(path: &Utf8Path, error: io::Error) -> Problem {
    let message = format!("{path} cannot be written: {error}");
    Problem::new(Code::FileUnwritable, message)
        .hint("name a file in a folder that exists and can be written")
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_where_a_link_leads_and_a_device_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let (file, link) = (root.join("file"), root.join("link"));
        write(&file, "one\n").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        check(&link).unwrap();
        write(&link, "two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two\n");
        assert!(link.is_symlink());
        let null = Utf8Path::new("/dev/null");
        check(null).unwrap();
        write(null, "three\n").unwrap();
        assert!(!null.is_file());
        let left = root.read_dir_utf8().unwrap().count();
        assert_eq!(left, 2);
        for wrong in [root.join("none/file"), root.to_owned()] {
            let problem = check(&wrong).unwrap_err();
            assert_eq!(problem.code, Code::FileUnwritable);
            assert!(problem.message.contains(wrong.as_str()), "{problem}");
        }
    }
}
