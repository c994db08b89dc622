//! A pack of the plan: content that is mounted, and binaries that are built into it.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::inputs::Inputs;

/// A pack.
#[derive(Clone, Debug)]
pub struct Pack {
    pub name: String,
    pub path: Utf8PathBuf,
    pub binaries: Vec<PackBinary>,
}

/// A binary of a pack.
#[derive(Clone, Debug)]
pub struct PackBinary {
    /// Target name: `pack-<pack>-<binary>`.
    pub target: String,
    pub package: String,
    pub bin: String,
    /// Folder that receives it, relative to the workspace root.
    pub folder: Utf8PathBuf,
    /// The stage that builds it.
    pub leaf: String,
    pub closure: BTreeSet<String>,
    /// 16 hex digits over everything that can change the binary.
    pub input_hash: String,
    /// What that hash is over.
    pub inputs: Inputs,
}
