//! A service image of the plan.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::config::valid::{ComposeConfig, ImageConfig};
use super::inputs::Inputs;
use crate::names::{BinaryName, PackageName, StageName, TargetName};

/// One runtime image: a binary on a base.
#[derive(Clone, Debug)]
pub struct Service {
    /// Target and image name.
    pub name: TargetName,
    /// The name without the variant.
    pub family: String,
    pub variant: Option<String>,
    pub package: PackageName,
    pub bin: BinaryName,
    /// The stage that builds the binary.
    pub binary_stage: StageName,
    /// Package names that its build compiles.
    pub closure: BTreeSet<PackageName>,
    pub image: ImageConfig,
    /// What its package says of itself, as labels. Those of the configuration win.
    pub about: BTreeMap<String, String>,
    /// Files and folders that its image is built from, relative to the context, sorted.
    pub reads: Vec<Utf8PathBuf>,
    pub compose: ComposeConfig,
    /// 16 hex digits over everything that can change the image.
    pub input_hash: String,
    /// What that hash is over.
    pub inputs: Inputs,
}
