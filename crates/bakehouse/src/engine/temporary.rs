//! Temporary files and folders of a bake.

use std::io::{Error, Write};

use camino::Utf8PathBuf;
use tempfile::{Builder, NamedTempFile, TempDir};

use crate::problem::{Code, Problem};

/// Creates a temporary file with this text.
///
/// # Errors
/// `file-unwritable`.
pub fn temporary_file(prefix: &str, suffix: &str, text: &str) -> Result<NamedTempFile, Problem> {
    let write = || {
        let mut file = Builder::new().prefix(prefix).suffix(suffix).tempfile()?;
        file.write_all(text.as_bytes())?;
        Ok(file)
    };
    write().map_err(|error| unwritable("file", error))
}

/// Creates a temporary folder. Returns its path, too, as text.
///
/// # Errors
/// `file-unwritable`.
pub fn temporary_folder(prefix: &str) -> Result<(TempDir, Utf8PathBuf), Problem> {
    let create = || {
        let folder = Builder::new().prefix(prefix).tempdir()?;
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned());
        let path = path.map_err(|path| Error::other(format!("{} is not UTF-8", path.display())))?;
        Ok((folder, path))
    };
    create().map_err(|error| unwritable("folder", error))
}

fn unwritable(kind: &str, error: Error) -> Problem {
    let message = format!("a temporary {kind} cannot be created: {error}");
    Problem::new(Code::FileUnwritable, message)
        .hint("free space, or point TMPDIR at a folder that can be written")
        .caused_by(error)
}
