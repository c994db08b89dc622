//! `.gitattributes`, which `bakehouse init` proposes and never edits.

use std::io::{ErrorKind, Write};

use camino::Utf8Path;

use crate::problem::{Code, Problem};

/// The name of the file.
pub const ATTRIBUTES: &str = ".gitattributes";

/// What came of a proposal.
#[derive(Debug, PartialEq, Eq)]
pub enum Proposed {
    /// There was no such file.
    Written,
    /// There is one, which lacks these lines.
    Lacking(Vec<String>),
}

/// Writes `lines` into the file of `folder` if there is none.
///
/// # Errors
/// `file-unwritable`, `file-unreadable`.
pub fn propose(folder: &Utf8Path, lines: &[String]) -> Result<Proposed, Problem> {
    let path = folder.join(ATTRIBUTES);
    let file = fs_err::File::options()
        .write(true)
        .create_new(true)
        .open(&path);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(Proposed::Written),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let known = fs_err::read_to_string(path).map_err(|error| {
                Problem::new(Code::FileUnreadable, error.to_string()).hint("make it readable")
            })?;
            let pattern = |line: &str| line.split_whitespace().next().map(str::to_owned);
            let known: Vec<_> = known.lines().filter_map(pattern).collect();
            let is_new = |line: &&String| pattern(line).is_some_and(|path| !known.contains(&path));
            Ok(Proposed::Lacking(
                lines.iter().filter(is_new).cloned().collect(),
            ))
        }
        Err(error) => {
            Err(Problem::new(Code::FileUnwritable, error.to_string())
                .hint("make the folder writable"))
        }
    }
}
