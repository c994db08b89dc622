//! The manifests that stand in for the workspace's own in the image build: cut to what the images need, and
//! masked where only third-party crates are compiled, so that edits which cannot matter do not touch them.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use self::cut::{Cut, text};
use super::development::Development;
use crate::graph::each::each;
use crate::graph::{Workspace, patch};

mod cut;
mod manifest;

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
    pub ambiguous: BTreeSet<String>,
    /// By package name.
    pub members: BTreeMap<String, MemberSkeleton>,
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
    fn all(&self) -> BTreeSet<&str> {
        self.run.union(&self.linked).copied().collect()
    }

    fn is_empty(&self) -> bool {
        self.run.is_empty() && self.linked.is_empty()
    }
}

/// The packages that a skeleton is made for.
#[derive(Clone, Copy)]
pub struct Packages<'a> {
    pub compiled: &'a BTreeSet<String>,
    /// The packages among them that are compiled with the third-party crates.
    pub ground: &'a BTreeSet<String>,
    pub development: &'a Development,
}

/// What stands for a local package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A library without sources where third-party crates are compiled, itself in its own stage.
    Masked,
    /// Itself everywhere: it is compiled with the third-party crates.
    Ground,
    /// A library without sources, which nothing compiles, but which has a say in the features of what is.
    Asking,
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
    /// The skeleton of a workspace whose images are built with `profile`.
    pub fn new(
        workspace: &Workspace,
        profile: &str,
        packages: Packages<'_>,
        runner: &Runner<'_>,
    ) -> Self {
        let Packages {
            compiled,
            ground,
            development,
        } = packages;
        let asking = &development.asking;
        let role = |name: &String| {
            if ground.contains(name) {
                Role::Ground
            } else if asking.contains(name) {
                // Another workspace's shows what it inherits only where it is itself.
                match workspace.members[name].foreign {
                    true => Role::Ground,
                    false => Role::Asking,
                }
            } else if compiled.contains(name) {
                Role::Masked
            } else {
                Role::Hollow
            }
        };
        let counting = || compiled.iter().chain(asking);
        let loaded = counting()
            .flat_map(|name| workspace.members[name].loaded())
            .filter(|name| workspace.members.contains_key(*name));
        let mut kept: BTreeMap<String, Role> = counting()
            .cloned()
            .chain(loaded.map(str::to_owned))
            .map(|name| (name.clone(), role(&name)))
            .collect();
        let direct = |kept: &BTreeMap<String, Role>| -> BTreeMap<String, BTreeSet<String>> {
            let direct = kept.iter().map(|(name, role)| match role {
                Role::Hollow => (name.clone(), BTreeSet::new()),
                _ => (
                    name.clone(),
                    development.dependencies(&workspace.members[name]),
                ),
            });
            direct.collect()
        };
        // Packages that replace crates which only tests would have.
        let below = workspace.lock.below_third_party(&direct(&kept)).into_iter();
        let below: Vec<&str> = below
            .filter(|name| workspace.members.contains_key(*name) && !kept.contains_key(*name))
            .collect();
        kept.extend(
            below
                .into_iter()
                .map(|name| (name.to_owned(), Role::Hollow)),
        );
        let direct = direct(&kept);
        let reachable = workspace.lock.reachable(&direct);
        // What third-party crates ask for by version must have it.
        let patched = patch::patches(&workspace.manifest);
        let plain: BTreeSet<String> = patched
            .into_iter()
            .map(|patch| patch.package)
            .chain(
                kept.iter()
                    .filter(|(_, role)| **role == Role::Ground)
                    .map(|(name, _)| name.clone()),
            )
            .collect();
        let mut binaries: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let own = compiled.iter().map(|name| &workspace.members[name]);
        for member in own.filter(|member| !member.foreign) {
            for binary in &member.binaries {
                let owners = binaries.entry(&binary.name).or_default();
                owners.insert(&member.name);
            }
        }
        let cut = Cut {
            workspace,
            profile,
            binaries,
            kept: &kept,
            reachable: &reachable,
            plain: &plain,
            development,
            runner,
        };
        let mut lock = workspace.lock.masked(&reachable, &direct, &plain);
        if !runner.is_empty() {
            lock += &cut.runner_entry();
        }
        Self {
            folder: workspace.folder.clone(),
            masked_root: text(&cut.root(true, false)),
            lock,
            root: text(&cut.root(false, false)),
            root_package: workspace
                .root_package()
                .filter(|member| {
                    let role = kept.get(&member.name);
                    role.is_some_and(|role| !matches!(role, Role::Hollow | Role::Asking))
                })
                .map(|_| text(&cut.root(false, true))),
            foreign: cut.foreign(),
            ambiguous: kept
                .keys()
                .filter(|name| {
                    reachable
                        .iter()
                        .filter(|entry| entry.name == **name)
                        .count()
                        > 1
                })
                .cloned()
                .collect(),
            runner: (!runner.is_empty()).then(|| text(&cut.runner())),
            members: {
                let names: Vec<&String> = kept.keys().collect();
                let members = each(&names, |name| cut.member(&workspace.members[*name]));
                names.into_iter().cloned().zip(members).collect()
            },
        }
    }

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
