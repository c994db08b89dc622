//! Converts packages of Cargo's metadata to [`Member`]s.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Dependency, DependencyKind, TargetKind};
use toml::Table;

use super::context::check_plain;
use super::member::{Binary, Edge, EdgeKind, Library, OptionalCrate, Requirement};
use super::patch::normalised;
use super::platform::decided;
use super::sources::{DEVELOPMENT, holds_sources, modules};
use super::{Lock, Member};
use crate::names::{BinaryName, PackageName};
use crate::problem::{Code, Problem};

/// A package and the workspace that it belongs to, as absolute paths.
pub struct Found {
    pub package: cargo_metadata::Package,
    pub workspace: Utf8PathBuf,
    pub manifest: Table,
}

impl Found {
    /// Returns the package's folder.
    pub fn dir(&self) -> &Utf8Path {
        self.package
            .manifest_path
            .parent()
            .unwrap_or(&self.workspace)
    }

    /// Returns the main source file of each target that an image can be built from. Cargo gives a path that leads out
    /// of the package as the manifest writes it.
    pub fn roots(&self) -> impl Iterator<Item = Utf8PathBuf> {
        let targets = self.package.targets.iter();
        targets
            .filter(|target| !is_development(target))
            .map(|target| normalised(&target.src_path))
    }

    /// Returns the folders of path dependencies that a build follows, with those of dev-dependencies if `development`.
    pub fn path_dependencies(&self, development: bool) -> impl Iterator<Item = &Utf8Path> {
        let dependencies = self.package.dependencies.iter();
        dependencies
            .filter(move |dependency| development || dependency.kind != DependencyKind::Development)
            .filter_map(|dependency| dependency.path.as_deref())
    }
}

/// Returns the name of a dependency in the manifest.
fn key(dependency: &Dependency) -> String {
    let key = dependency.rename.as_ref();
    key.unwrap_or(&dependency.name).clone()
}

fn kind(dependency: &Dependency) -> EdgeKind {
    match dependency.kind {
        DependencyKind::Development => EdgeKind::Dev,
        DependencyKind::Build => EdgeKind::Build,
        _ => EdgeKind::Normal,
    }
}

/// Returns the optional dependencies that have no path.
fn optional_crates(package: &cargo_metadata::Package) -> Vec<OptionalCrate> {
    let dependencies = package.dependencies.iter();
    let optional = dependencies.filter(|dependency| {
        dependency.optional
            && dependency.path.is_none()
            && dependency.kind != DependencyKind::Development
    });
    optional
        .map(|dependency| OptionalCrate {
            key: key(dependency),
            kind: kind(dependency),
            target: dependency.target.clone(),
        })
        .collect()
}

fn is_development(target: &cargo_metadata::Target) -> bool {
    matches!(
        target.kind.first(),
        Some(TargetKind::Example | TargetKind::Test | TargetKind::Bench)
    )
}

fn requirement(dependency: &Dependency) -> Requirement {
    let source = dependency.source.as_ref().map(|source| &source.repr);
    Requirement {
        name: dependency.name.clone(),
        key: key(dependency),
        kind: kind(dependency),
        version: dependency.req.clone(),
        git: source.filter(|source| source.starts_with("git+")).cloned(),
        is_local: dependency.path.is_some(),
        optional: dependency.optional,
        features: dependency.features.clone(),
        target: dependency.target.clone(),
    }
}

/// The data that the conversion of a package looks up.
pub struct Surroundings<'a> {
    /// The folder of the context.
    pub root: &'a Utf8Path,
    /// The workspace that is built.
    pub workspace: &'a Utf8Path,
    pub lock: &'a Lock,
    /// The `cfg`s that the configuration files set by `--cfg`.
    pub cfgs: &'a BTreeSet<String>,
    /// The names of all local packages by their folders.
    pub names: &'a BTreeMap<Utf8PathBuf, String>,
}

impl Surroundings<'_> {
    /// Converts `found` to a member.
    ///
    /// # Errors
    /// `path-outside` for a folder that cannot be written in a Dockerfile, `file-unreadable`.
    pub fn member(&self, found: &Found) -> Result<Member, Problem> {
        let package = &found.package;
        let dir = self.relative(found.dir())?;
        let mut library = None;
        let mut binaries = Vec::new();
        let mut build_script = false;
        for target in package.targets.iter().filter(|t| !is_development(t)) {
            match target.kind.first() {
                Some(TargetKind::Bin) => binaries.push(Binary {
                    name: BinaryName::new(&target.name),
                    required_features: target.required_features.clone(),
                }),
                Some(TargetKind::CustomBuild) => build_script = true,
                _ => {
                    library = Some(Library {
                        name: target.name.clone(),
                        proc_macro: target.kind.contains(&TargetKind::ProcMacro),
                        cdylib: target.kind.contains(&TargetKind::CDyLib),
                    });
                }
            }
        }
        binaries.sort_by(|a, b| a.name.cmp(&b.name));
        let around_targets = self.around_targets(found)?;
        Ok(Member {
            name: PackageName::new(package.name.to_string()),
            version: package.version.to_string(),
            edition: package.edition.to_string(),
            workspace: self.relative(&found.workspace)?,
            foreign: found.workspace != self.workspace,
            manifest: found.manifest.clone(),
            library,
            binaries,
            build_script,
            edges: self.edges(package),
            requirements: package.dependencies.iter().map(requirement).collect(),
            optional_crates: optional_crates(package),
            dependencies: package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.clone())
                .collect(),
            features: package.features.clone(),
            sources: self.sources(found, &around_targets)?,
            around_targets,
            roots: found
                .roots()
                .map(|path| self.relative(&path))
                .collect::<Result<_, _>>()?,
            development: self.development(found, &dir)?,
            dir,
        })
    }

    /// Returns `path` relative to the context, if it can be written as it is in every generated file.
    fn relative(&self, path: &Utf8Path) -> Result<Utf8PathBuf, Problem> {
        let relative = path.strip_prefix(self.root).map_err(|_| {
            Problem::new(
                Code::PathOutside,
                format!("{path} is outside the context {}", self.root),
            )
            .hint("move it into the git repository of the workspace")
        })?;
        check_plain(relative)?;
        Ok(relative.to_owned())
    }

    fn edges(&self, package: &cargo_metadata::Package) -> Vec<Edge> {
        let patched = self.lock.local_dependencies(&package.name);
        let target = |dependency: &Dependency| match &dependency.path {
            Some(path) => self.names.get(path).cloned(),
            // A [patch] may put a local folder in its place; the lock shows which one Cargo used.
            None => patched
                .contains(dependency.name.as_str())
                .then(|| dependency.name.clone()),
        };
        let edges: BTreeSet<Edge> = package
            .dependencies
            .iter()
            .filter_map(|dependency| {
                Some(Edge {
                    to: PackageName::new(target(dependency)?),
                    key: key(dependency),
                    kind: kind(dependency),
                    optional: dependency.optional,
                    default_features: dependency.uses_default_features,
                    features: dependency.features.clone(),
                    target: dependency
                        .target
                        .as_ref()
                        .map(|target| decided(target, self.cfgs)),
                })
            })
            .collect();
        edges.into_iter().collect()
    }

    /// Returns the folders that contain targets, or the target files themselves if their folders hold more than
    /// sources.
    fn around_targets(&self, found: &Found) -> Result<Vec<Utf8PathBuf>, Problem> {
        let own = found.dir();
        let mut sources = BTreeSet::new();
        for path in found.roots() {
            let parent = path.parent().unwrap_or(&path);
            let top = own.join("src");
            let folder = if path.starts_with(&top) { &top } else { parent };
            let holds = |dir: &Utf8Path| dir.starts_with(folder);
            if holds(own) || holds(self.workspace) || self.packages_in(folder).next().is_some() {
                sources.extend(modules(&path)?);
            } else {
                sources.insert(folder.to_owned());
            }
        }
        sources.iter().map(|path| self.relative(path)).collect()
    }

    /// Returns the package's folder, and the paths outside it that contain targets. If the folder holds more than the
    /// package, [`super::listing`] works out the sources later.
    fn sources(
        &self,
        found: &Found,
        around_targets: &[Utf8PathBuf],
    ) -> Result<Vec<Utf8PathBuf>, Problem> {
        let own = found.dir();
        let dir = self.relative(own)?;
        let more = dir.as_str().is_empty() || own == self.workspace;
        if more || self.packages_in(own).next().is_some() {
            return Ok(around_targets.to_vec());
        }
        let (inside, outside): (Vec<&Utf8PathBuf>, Vec<&Utf8PathBuf>) = around_targets
            .iter()
            .partition(|path| path.starts_with(&dir));
        // A folder that holds only the manifest is not sent.
        let own = (!inside.is_empty() || holds_sources(own)).then_some(dir);
        let sources: BTreeSet<Utf8PathBuf> = outside.into_iter().cloned().chain(own).collect();
        Ok(sources.into_iter().collect())
    }

    /// Returns the folders of packages within `folder`. Paths are ordered part by part, so they directly follow it.
    fn packages_in(&self, folder: &Utf8Path) -> impl Iterator<Item = &Utf8Path> {
        let after = (Bound::Excluded(folder), Bound::Unbounded);
        let after = self.names.range::<Utf8Path, _>(after);
        after
            .map(|(other, _)| other.as_path())
            .take_while(move |other| other.starts_with(folder))
    }

    /// Returns the usual folders of tests, benches and examples, if they contain nothing else that is compiled.
    fn development(&self, found: &Found, dir: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Problem> {
        let own = found.dir();
        let mut folders = Vec::new();
        for name in DEVELOPMENT {
            let folder = own.join(name);
            let mut targets = found.package.targets.iter();
            let used = targets.any(|t| is_development(t) && t.src_path.starts_with(&folder));
            let compiled = || {
                found.roots().any(|path| path.starts_with(&folder))
                    || self.names.contains_key(&folder)
                    || self.packages_in(&folder).next().is_some()
            };
            if used && !dir.as_str().is_empty() && !compiled() {
                folders.push(self.relative(&folder)?);
            }
        }
        Ok(folders)
    }
}
