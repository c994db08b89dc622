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
    /// The shared libraries, by their files.
    pub libraries: Vec<SharedLibrary>,
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

/// A shared library of an image.
#[derive(Clone, Debug)]
pub struct SharedLibrary {
    /// The name of its file.
    pub file: String,
    /// The package that it is compiled from; `None` if the builder has it.
    pub package: Option<PackageName>,
    /// The stage that builds it, or in which it is found.
    pub stage: StageName,
}

impl Service {
    /// Returns the binary that it is named after.
    pub fn main(&self) -> &ImageBinary {
        &self.binaries[0]
    }

    /// Returns the stages of its binaries and shared libraries, each once.
    pub fn stages(&self) -> Vec<&StageName> {
        let libraries = self.libraries.iter().map(|library| &library.stage);
        let mut stages: Vec<&StageName> = Vec::new();
        for stage in self
            .binaries
            .iter()
            .map(|binary| &binary.stage)
            .chain(libraries)
        {
            if !stages.contains(&stage) {
                stages.push(stage);
            }
        }
        stages
    }

    /// Returns the packages that its binaries and shared libraries are compiled from.
    pub fn packages(&self) -> BTreeSet<&PackageName> {
        let libraries = self.libraries.iter();
        let libraries = libraries.filter_map(|library| library.package.as_ref());
        let binaries = self.binaries.iter().map(|binary| &binary.package);
        binaries.chain(libraries).collect()
    }

    /// Returns the names of its binaries and shared libraries, and of their packages.
    pub fn what(&self) -> String {
        let binaries = self.binaries.iter();
        let binaries = binaries.map(|binary| format!("{} of {}", binary.bin, binary.package));
        let libraries = self.libraries.iter().map(|library| match &library.package {
            Some(package) => format!("{} of {package}", library.file),
            None => library.file.clone(),
        });
        binaries.chain(libraries).collect::<Vec<_>>().join(", ")
    }
}
