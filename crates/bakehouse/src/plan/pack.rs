//! A pack of the plan: content that is mounted, and binaries that are built into it.

use std::collections::BTreeSet;

use super::inputs::Inputs;
use crate::context_path::ContextPath;
use crate::names::{BinaryName, PackageName, StageName, TargetName};

/// A pack.
#[derive(Clone, Debug)]
pub struct Pack {
    pub name: String,
    pub path: ContextPath,
    pub binaries: Vec<PackBinary>,
}

impl Pack {
    /// Returns the name of the pack's image, for packs that are mounted as images.
    pub fn image(&self) -> String {
        format!("pack-{}", self.name)
    }
}

/// A binary of a pack.
#[derive(Clone, Debug)]
pub struct PackBinary {
    /// The target's name: `pack-<pack>-<binary>`.
    pub target: TargetName,
    pub package: PackageName,
    pub bin: BinaryName,
    /// The folder that receives it.
    pub folder: ContextPath,
    /// The stage that builds it.
    pub binary_stage: StageName,
    pub closure: BTreeSet<PackageName>,
    /// A hash of 16 hex digits over everything that can change the binary.
    pub input_hash: String,
    /// The inputs that the hash covers.
    pub inputs: Inputs,
}
