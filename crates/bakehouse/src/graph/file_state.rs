//! A file as a build sees it.

use std::error::Error;

use crate::problem::{Code, Problem};

/// A file as a build sees it: its content and whether it is executable, but not its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    pub kind: FileKind,
    /// BLAKE3 of the content, or of a link's target.
    pub digest: blake3::Hash,
    /// The length of that.
    pub bytes: u64,
}

/// The kind of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Plain,
    Executable,
    Link,
    /// An empty folder. Git does not have such folders, but a build receives them and can list them, and an image that
    /// contains one has it.
    EmptyFolder,
}

impl FileKind {
    /// Returns its name in hashes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Executable => "executable",
            Self::Link => "link",
            Self::EmptyFolder => "empty folder",
        }
    }
}

/// Returns the problem for a file that cannot be read.
pub(super) fn unreadable(error: impl Error + Send + Sync + 'static) -> Problem {
    Problem::from_error(Code::FileUnreadable, error)
        .hint("make it readable for the user who runs bakehouse")
}
