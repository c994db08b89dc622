//! A service of the plan.

use std::collections::{BTreeMap, BTreeSet};

use super::config::valid::{ComposeConfig, ImageConfig};
use super::inputs::Inputs;
use crate::context_path::ContextPath;
use crate::names::{BinaryName, PackageName, StageName, TargetName};

/// A runtime image: one binary on one base.
#[derive(Clone, Debug)]
pub struct Service {
    /// The name of the target and of the image.
    pub name: TargetName,
    /// The name without the variant.
    pub family: String,
    pub variant: Option<String>,
    pub package: PackageName,
    pub bin: BinaryName,
    /// The stage that builds the binary.
    pub binary_stage: StageName,
    /// The names of the packages that its build compiles.
    pub closure: BTreeSet<PackageName>,
    pub image: ImageConfig,
    /// The metadata of its package, as labels. Those of the configuration override it.
    pub about: BTreeMap<String, String>,
    /// The files and folders that its image is built from, sorted.
    pub reads: Vec<ContextPath>,
    pub compose: ComposeConfig,
    /// A hash of 16 hex digits over everything that can change the image.
    pub input_hash: String,
    /// The inputs that the hash covers.
    pub inputs: Inputs,
}
