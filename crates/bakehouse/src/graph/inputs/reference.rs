//! A path as a source file says it.

use super::finding::{Certainty, Kind};

/// A path in a source file that a build may read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    pub line: usize,
    pub kind: Kind,
    pub by: String,
    pub place: Place,
    pub certainty: Certainty,
}

/// What a path is relative to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The folder of the source file.
    File(String),
    /// The folder of the package.
    Package(String),
    /// The nearest folder above that has it, beginning with the package's.
    Upward(String),
    /// The folder of the package, else that of the workspace.
    PackageOrWorkspace(String),
    /// The repository.
    Git,
}

/// What a source file is to Cargo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of a library or a binary.
    Source,
    /// Part of a build script: it runs in the package's folder, so whatever it names it may read.
    BuildScript,
}
