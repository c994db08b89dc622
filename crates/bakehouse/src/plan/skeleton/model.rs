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
    /// The lock, with the third-party crates that the images can reach, and with masked versions of members.
    pub lock: String,
    /// The workspace manifest of the compile stages. If it has a package, that is masked.
    pub root: String,
    /// The workspace manifest with its package unmasked, for the stages that compile that.
    pub root_package: Option<String>,
    /// The manifests of other workspaces that path dependencies belong to, by folder.
    pub foreign: BTreeMap<Utf8PathBuf, String>,
    /// The manifest of [`RUNNER`], if something needs it.
    pub runner: Option<String>,
    /// The packages whose name a third-party crate has, too.
    pub ambiguous: BTreeSet<PackageName>,
    /// The manifests of local packages, by package name.
    pub members: BTreeMap<PackageName, MemberSkeleton>,
}

/// The name of an empty package whose build script can depend on each library that the compiler or a build script runs,
/// by a feature of the library's name. Cargo compiles such a library in the way that its users need only if another
/// package runs it. Under the first resolver the package itself can link each library, too, by the same feature.
pub const RUNNER: &str = "bakehouse-runner";

/// The libraries that [`RUNNER`] can depend on.
#[derive(Clone, Debug, Default)]
pub struct Runner<'a> {
    /// The dependencies of its build script.
    pub run: BTreeSet<&'a str>,
    /// The dependencies of the package itself.
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
    /// The packages among them whose library goes into an image.
    pub cdylibs: &'a BTreeSet<PackageName>,
    pub development: &'a Development,
}

/// The form in which a local package appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A library without sources where third-party crates are compiled, the package itself in its own stage.
    Masked,
    /// The package itself everywhere: it is compiled with the third-party crates.
    PathDependency,
    /// A library without sources, which is never compiled, but affects the features of packages that are.
    Requesting,
    /// A library without sources, dependencies and effect. Cargo needs its manifest, but never compiles it.
    Hollow,
}

/// The manifests of one local package.
#[derive(Clone, Debug)]
pub struct MemberSkeleton {
    /// The folder, relative to the context.
    pub dir: Utf8PathBuf,
    pub role: Role,
    /// The manifest where third-party crates are compiled.
    pub masked: String,
    /// Its own manifest without dev-dependencies, tests, benches and examples.
    pub own: String,
    /// The own manifest without its binaries, for stages that use the package as a library. It is set if another
    /// package has a binary of the same name, since Cargo would build both.
    pub library: Option<String>,
    /// Whether it has a build script.
    pub build_script: bool,
    /// Set if others depend on it although it has no library. Cargo ignores such dependencies.
    pub only_named_as_library: bool,
    /// The main source file of each target, relative to the context.
    pub roots: Vec<Utf8PathBuf>,
    /// Whether its manifest is that of a workspace.
    pub is_root: bool,
}

impl MemberSkeleton {
    /// Returns the path of a file of the package, relative to the context.
    pub fn path(&self, inside: &str) -> Utf8PathBuf {
        self.dir.join(inside)
    }
}

impl Skeleton {
    /// Returns the files of the stages that compile third-party crates, by their path in the context.
    pub fn masked_files(&self) -> impl Iterator<Item = (Utf8PathBuf, &str)> {
        let root = (self.folder.join("Cargo.toml"), self.masked_root.as_str());
        let foreign = self.foreign.iter();
        let foreign = foreign.map(|(folder, text)| (folder.join("Cargo.toml"), text.as_str()));
        let members = self.members.values().filter(|member| !member.is_root);
        let runner = self.runner.iter();
        let runner =
            runner.map(|text| (self.folder.join(RUNNER).join("Cargo.toml"), text.as_str()));
        std::iter::once(root)
            .chain(foreign)
            .chain(runner)
            .chain(members.map(|member| (member.path("Cargo.toml"), member.masked.as_str())))
    }

    /// Returns the files of the compile stages, by their path in the context.
    pub fn own_files(&self) -> impl Iterator<Item = (Utf8PathBuf, &str)> {
        let members = self.masked().filter(|member| !member.is_root);
        std::iter::once((self.folder.join("Cargo.toml"), self.root.as_str()))
            .chain(members.map(|member| (member.path("Cargo.toml"), member.own.as_str())))
    }

    /// Returns the manifests of packages that must show nothing but their library, by their path in the context.
    pub fn library_files(&self) -> impl Iterator<Item = (Utf8PathBuf, &str)> {
        let members = self.masked().filter(|member| !member.is_root);
        members.filter_map(|member| Some((member.path("Cargo.toml"), member.library.as_deref()?)))
    }

    /// Returns the packages that are masked where third-party crates are compiled, by name.
    pub fn masked(&self) -> impl Iterator<Item = &MemberSkeleton> {
        self.with_role(Role::Masked).map(|(_, member)| member)
    }

    /// Returns the packages of that role, by name.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = (&str, &MemberSkeleton)> {
        let members = self.members.iter();
        members
            .filter(move |(_, member)| member.role == role)
            .map(|(name, member)| (name.as_str(), member))
    }
}
