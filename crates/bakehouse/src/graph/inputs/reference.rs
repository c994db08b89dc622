//! A path as it is written in a source file.

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

/// A path together with the folder that it is relative to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The folder of the source file.
    File(String),
    /// The folder of the package.
    Package(String),
    /// The nearest folder at or above the package's that contains it.
    Upward(String),
    /// The folder of the package, or else that of the workspace.
    PackageOrWorkspace(String),
    /// The repository.
    Git,
    /// The network.
    Network,
}

/// The role of a source file in its package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of a library or a binary.
    Source,
    /// Part of a build script. It runs in the package's folder, so it may read any path that it names.
    BuildScript,
}
