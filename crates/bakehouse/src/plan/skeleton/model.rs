//! The skeleton as data.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use crate::names::PackageName;
use crate::plan::development::Development;

/// The skeleton of a workspace.
#[derive(Clone, Debug)]
pub struct Skeleton {
    /// Folder of the workspace manifest, relative to the context.
    pub folder: Utf8PathBuf,
    /// The masked workspace manifest.
    pub masked_root: String,
    /// The lock: third-party crates that the images can reach, members with masked versions.
    pub lock: String,
    /// The workspace manifest of the compile stages; its package, if it has one, is masked.
    pub root: String,
    /// The same with the package as it is, for the stages that compile it.
    pub root_package: Option<String>,
    /// The manifests of other workspaces that path dependencies belong to, by folder.
    pub foreign: BTreeMap<Utf8PathBuf, String>,
    /// The manifest of [`RUNNER`], where something needs it.
    pub runner: Option<String>,
    /// Packages whose name a third-party crate has, too.
    pub ambiguous: BTreeSet<PackageName>,
    /// By package name.
    pub members: BTreeMap<PackageName, MemberSkeleton>,
}

/// An empty package whose build script can depend on each library that the compiler or a build script runs, by a
/// feature of the library's name: Cargo compiles such a library as its users need it only for somebody who runs it.
/// Under the first resolver it can link each library, too, by the same feature.
pub const RUNNER: &str = "bakehouse-runner";

/// The libraries that [`RUNNER`] can depend on.
#[derive(Clone, Debug, Default)]
pub struct Runner<'a> {
    /// By its build script.
    pub run: BTreeSet<&'a str>,
    /// By itself.
    pub linked: BTreeSet<&'a str>,
}

impl Runner<'_> {
    pub(super) fn all(&self) -> BTreeSet<&str> {
        self.run.union(&self.linked).copied().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.run.is_empty() && self.linked.is_empty()
    }
}

/// The packages that a skeleton is made for.
#[derive(Clone, Copy)]
pub struct Packages<'a> {
    pub compiled: &'a BTreeSet<PackageName>,
    /// The packages among them that are compiled with the third-party crates.
    pub path_dependencies: &'a BTreeSet<PackageName>,
    pub development: &'a Development,
}

/// What stands for a local package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A library without sources where third-party crates are compiled, itself in its own stage.
    Masked,
    /// Itself everywhere: it is compiled with the third-party crates.
    PathDependency,
    /// A library without sources, which nothing compiles, but which has a say in the features of what is.
    Requesting,
    /// A library without sources, dependencies and meaning. Cargo wants its manifest, and compiles it for nothing.
    Hollow,
}

/// The manifests of one local package.
#[derive(Clone, Debug)]
pub struct MemberSkeleton {
    /// Folder relative to the context.
    pub dir: Utf8PathBuf,
    pub role: Role,
    /// The manifest where third-party crates are compiled.
    pub masked: String,
    /// Its own manifest without dev-dependencies, tests, benches and examples.
    pub own: String,
    /// The same without its binaries, for where it is a library of others, if another package has a binary of the same
    /// name: Cargo would build both.
    pub library: Option<String>,
    /// Has a build script.
    pub build_script: bool,
    /// Others depend on it, and it has no library. Cargo goes without.
    pub only_named_as_library: bool,
    /// The main source file of each target, relative to the context.
    pub roots: Vec<Utf8PathBuf>,
    /// Its manifest is that of a workspace.
    pub is_root: bool,
}

impl MemberSkeleton {
    /// Path of a file of the package, relative to the context.
    pub fn path(&self, inside: &str) -> Utf8PathBuf {
        self.dir.join(inside)
    }
}

impl Skeleton {
    /// The files of the stages that compile third-party crates, by their path in the context.
    pub fn masked_files(&self) -> impl Iterator<Item = (Utf8PathBuf, &str)> {
        let root = [
            (self.folder.join("Cargo.toml"), self.masked_root.as_str()),
            (self.folder.join("Cargo.lock"), self.lock.as_str()),
        ];
        let foreign = self.foreign.iter();
        let foreign = foreign.map(|(folder, text)| (folder.join("Cargo.toml"), text.as_str()));
        let members = self.members.values().filter(|member| !member.is_root);
        let runner = self.runner.iter();
        let runner =
            runner.map(|text| (self.folder.join(RUNNER).join("Cargo.toml"), text.as_str()));
        root.into_iter()
            .chain(foreign)
            .chain(runner)
            .chain(members.map(|member| (member.path("Cargo.toml"), member.masked.as_str())))
    }

    /// The compile stages' files by their path in the context.
    pub fn own_files(&self) -> impl Iterator<Item = (Utf8PathBuf, &str)> {
        let members = self.masked().filter(|member| !member.is_root);
        std::iter::once((self.folder.join("Cargo.toml"), self.root.as_str()))
            .chain(members.map(|member| (member.path("Cargo.toml"), member.own.as_str())))
    }

    /// The manifests of packages that are a library of others and must show nothing else, by their path in the context.
    pub fn library_files(&self) -> impl Iterator<Item = (Utf8PathBuf, &str)> {
        let members = self.masked().filter(|member| !member.is_root);
        members.filter_map(|member| Some((member.path("Cargo.toml"), member.library.as_deref()?)))
    }

    /// The packages that are masked where third-party crates are compiled, by name.
    pub fn masked(&self) -> impl Iterator<Item = &MemberSkeleton> {
        self.with_role(Role::Masked).map(|(_, member)| member)
    }

    /// The packages of that role, by name.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = (&str, &MemberSkeleton)> {
        let members = self.members.iter();
        members
            .filter(move |(_, member)| member.role == role)
            .map(|(name, member)| (name.as_str(), member))
    }
}
