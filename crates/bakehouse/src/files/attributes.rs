//! `.gitattributes`, which `bakehouse init` proposes and never edits.

use std::io::{ErrorKind, Write};

use camino::Utf8Path;

use crate::problem::{Code, Problem};

/// The name of the file.
pub const ATTRIBUTES: &str = ".gitattributes";

/// Creates `.gitattributes` in `folder` with `lines`. Returns whether the file was missing; an existing one is left
/// alone.
///
/// # Errors
/// `file-unwritable`.
pub fn propose(folder: &Utf8Path, lines: &[String]) -> Result<bool, Problem> {
    let file = fs_err::File::options()
        .write(true)
        .create_new(true)
        .open(folder.join(ATTRIBUTES));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => {
            Err(Problem::from_error(Code::FileUnwritable, error).hint("make the folder writable"))
        }
    }
}
