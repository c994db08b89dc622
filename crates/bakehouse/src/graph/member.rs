//! A package of the workspace.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::cargo_platform::Platform;
use semver::VersionReq;

use crate::names::{BinaryName, PackageName};

/// The kind of an edge between packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    Normal,
    Build,
    Dev,
}

/// A dependency of one local package on another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The name of the package that is depended on.
    pub to: PackageName,
    /// The name of the dependency in the manifest.
    pub key: String,
    pub kind: EdgeKind,
    pub optional: bool,
    pub default_features: bool,
    pub features: Vec<String>,
    /// The platforms that it is for; all if `None`.
    pub target: Option<Platform>,
}

/// A package's requirement on the lock, for any kind of dependency.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Package name.
    pub name: String,
    /// Name of the dependency in the manifest.
    pub key: String,
    pub kind: EdgeKind,
    pub version: VersionReq,
    /// `git+<url>?<reference>` for a git crate.
    pub git: Option<String>,
    /// Set if it is found by its path.
    pub is_local: bool,
    pub optional: bool,
    /// The features that it asks for in any case.
    pub features: Vec<String>,
    /// The platforms that it is for; all if `None`.
    pub target: Option<Platform>,
}

/// An optional dependency on a crate that is not local.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionalCrate {
    /// Name of the dependency in the manifest.
    pub key: String,
    pub kind: EdgeKind,
    /// The platforms that it is for; all if `None`.
    pub target: Option<Platform>,
}

/// A library target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    pub name: String,
    pub proc_macro: bool,
    /// Set if it is compiled to a shared library, which programs in any language load.
    pub cdylib: bool,
}

/// A binary target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    pub name: BinaryName,
    /// Features that the binary needs to be built at all.
    pub required_features: Vec<String>,
}

/// A local package, reduced to what images depend on: a member of the workspace, or a path dependency outside it.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: PackageName,
    pub version: String,
    pub edition: String,
    /// Folder, relative to the context.
    pub dir: Utf8PathBuf,
    /// Folder of the workspace that it belongs to, relative to the context; its own if it belongs to none.
    pub workspace: Utf8PathBuf,
    /// Set if it does not belong to the workspace that is built: a path dependency that is not a member.
    pub foreign: bool,
    /// The parsed `Cargo.toml`.
    pub manifest: toml::Table,
    pub library: Option<Library>,
    pub binaries: Vec<Binary>,
    /// Set if it has a build script.
    pub build_script: bool,
    pub edges: Vec<Edge>,
    /// All dependencies, including those for development.
    pub requirements: Vec<Requirement>,
    /// Optional dependencies on crates that are not local, except those for development.
    pub optional_crates: Vec<OptionalCrate>,
    /// Package names of all dependencies except dev-dependencies, including local ones.
    pub dependencies: BTreeSet<String>,
    pub features: BTreeMap<String, Vec<String>>,
    /// Files and folders that contain the package's sources, relative to the context, sorted.
    pub sources: Vec<Utf8PathBuf>,
    /// The folders or files that contain its targets, sorted: part of the sources in any case.
    pub around_targets: Vec<Utf8PathBuf>,
    /// The main source file of each target that an image can be built from, relative to the context.
    pub roots: Vec<Utf8PathBuf>,
    /// Folders among the sources that contain only tests, benches and examples, unless a source names them.
    pub development: Vec<Utf8PathBuf>,
}

impl Member {
    /// Returns the path of a file of the package, relative to the context.
    pub fn path(&self, inside: impl AsRef<Utf8Path>) -> Utf8PathBuf {
        self.dir.join(inside)
    }

    /// Returns the features that the binary `name` needs.
    pub fn required_features(&self, name: &str) -> Vec<String> {
        let binary = self.binaries.iter().find(|binary| binary.name == name);
        binary
            .map(|binary| binary.required_features.clone())
            .unwrap_or_default()
    }

    /// Returns whether it is the root package of its workspace.
    pub fn is_root(&self) -> bool {
        self.dir == self.workspace
    }

    /// Returns the package names of its dev-dependencies.
    pub fn development_names(&self) -> impl Iterator<Item = &str> {
        let development = self.requirements.iter();
        development
            .filter(|needed| needed.kind == EdgeKind::Dev)
            .map(|needed| needed.name.as_str())
    }

    /// Returns the local packages whose manifests Cargo loads for a build of this one, enabled or not.
    pub fn loaded(&self) -> impl Iterator<Item = &str> {
        self.edges
            .iter()
            .filter(|edge| edge.kind != EdgeKind::Dev)
            .map(|edge| edge.to.as_str())
    }
}
