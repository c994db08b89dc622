//! One package of the workspace.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

/// The kind of an edge between packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    Normal,
    Build,
    Dev,
}

/// A dependency of one member on another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Package name of the member depended on.
    pub to: String,
    pub kind: EdgeKind,
    pub optional: bool,
}

/// A library target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    pub name: String,
    pub proc_macro: bool,
}

/// A binary target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    pub name: String,
    /// Features that the binary needs to be built at all.
    pub required_features: Vec<String>,
}

/// A package of the workspace, as far as its images depend on it.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: String,
    pub version: String,
    pub edition: String,
    /// Folder, relative to the workspace root; empty for a root package.
    pub dir: Utf8PathBuf,
    /// The parsed `Cargo.toml`.
    pub manifest: toml::Table,
    pub library: Option<Library>,
    pub binaries: Vec<Binary>,
    /// Has a build script.
    pub build_script: bool,
    pub edges: Vec<Edge>,
    /// Package names of all dependencies but dev-dependencies, members among them.
    pub dependencies: BTreeSet<String>,
    pub features: BTreeMap<String, Vec<String>>,
    /// Files and folders that hold the package's sources, relative to the workspace root, sorted.
    pub sources: Vec<Utf8PathBuf>,
}

impl Member {
    /// Path of a file of the package, relative to the workspace root.
    pub fn path(&self, inside: impl AsRef<Utf8Path>) -> Utf8PathBuf {
        self.dir.join(inside)
    }

    /// The features that the binary `name` needs.
    pub fn required_features(&self, name: &str) -> Vec<String> {
        let binary = self.binaries.iter().find(|binary| binary.name == name);
        binary
            .map(|binary| binary.required_features.clone())
            .unwrap_or_default()
    }

    /// The members that a build of this one compiles or runs before it.
    pub fn compile_edges(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(|edge| edge.kind != EdgeKind::Dev)
    }
}
