//! A service of the plan.

use std::collections::{BTreeMap, BTreeSet};

use super::config::valid::{ComposeConfig, ImageConfig, TargetConfig};
use super::inputs::Inputs;
use crate::context_path::ContextPath;
use crate::names::{BinaryName, PackageName, StageName, TargetName};

/// A runtime image: binaries on a base.
#[derive(Clone, Debug)]
pub struct Service {
    /// The name of the target and of the image.
    pub name: TargetName,
    /// The name without the variant.
    pub family: String,
    pub variant: Option<String>,
    /// The binaries; never empty. The first one is that which the service is named after.
    pub binaries: Vec<ImageBinary>,
    /// The names of the packages that its build compiles.
    pub closure: BTreeSet<PackageName>,
    pub image: ImageConfig,
    /// The metadata of its package, as labels. Those of the configuration override it.
    pub about: BTreeMap<String, String>,
    /// The files and folders that its image is built from, sorted.
    pub reads: Vec<ContextPath>,
    pub target: TargetConfig,
    pub compose: ComposeConfig,
    /// A hash of 16 hex digits over everything that can change the image.
    pub input_hash: String,
    /// The inputs that the hash covers.
    pub inputs: Inputs,
}

/// A binary of an image.
#[derive(Clone, Debug)]
pub struct ImageBinary {
    pub package: PackageName,
    pub bin: BinaryName,
    /// The stage that builds it.
    pub stage: StageName,
}

impl Service {
    /// Returns the binary that it is named after.
    pub fn main(&self) -> &ImageBinary {
        &self.binaries[0]
    }

    /// Returns the names of its binaries and of their packages.
    pub fn what(&self) -> String {
        let binaries = self.binaries.iter();
        let names = binaries.map(|binary| format!("{} of {}", binary.bin, binary.package));
        names.collect::<Vec<_>>().join(", ")
    }
}
