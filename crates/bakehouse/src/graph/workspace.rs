//! Reads a workspace: `cargo metadata --no-deps`, the manifests, the lock and the toolchain file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::resume_unwind;

use camino::{Utf8Path, Utf8PathBuf};

use super::cargo::{Cargo, metadata_apart};
use super::cargo_config::{CargoConfig, Named, Tool, cfgs};
use super::cargo_sources::{LocalSources, check_reachable};
use super::lock::Package;
use super::package::{Found, Surroundings};
use super::parallel::parallel_map;
use super::paths::outermost;
use super::sources::{FileState, FilesRead};
use super::toml_file::read_manifest;
use super::toolchain_file::Channel;
use super::{Lock, Member, Sources, ToolchainFile, context, patch};
use crate::names::PackageName;
use crate::problem::{Code, Problem};
use crate::toolchain::{Toolchain, files};

/// A Cargo workspace and the local packages that it depends on. It is read once.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Absolute path of the folder that becomes the Docker context: the workspace's, or one above it that contains
    /// everything that it is built from. Other paths are relative to it.
    pub root: Utf8PathBuf,
    /// The folder of the workspace manifest; empty if it is the context itself.
    pub folder: Utf8PathBuf,
    /// The parsed manifest of the workspace.
    pub manifest: toml::Table,
    /// All local packages by name: the members, and path dependencies that are not members.
    pub members: BTreeMap<PackageName, Member>,
    /// The manifests of the workspaces that those path dependencies belong to, by folder.
    pub foreign: BTreeMap<Utf8PathBuf, toml::Table>,
    pub lock: Lock,
    /// The toolchain file, if there is one.
    pub toolchain_file: Option<ToolchainFile>,
    /// The toolchain pinned by `toolchain.json` in the folder of the workspace manifest.
    pub toolchain: Option<Toolchain>,
    /// The contents of Cargo's configuration files.
    pub cargo_config: CargoConfig,
    /// The paths of those files, nearest to the workspace first, followed by the paths that they name and that every
    /// compile step may read.
    pub cargo_configs: Vec<Utf8PathBuf>,
    /// Folders from which Cargo takes third-party crates.
    pub local_sources: LocalSources,
    /// The profiles of the manifest, overridden by those files, under `profile` as in a manifest.
    pub profiles: toml::Table,
    /// Files that were read already.
    pub(super) known: FilesRead,
    /// Set for the files of a revision, where those are missing that git ignores.
    pub is_of_revision: bool,
}

impl Workspace {
    /// Returns the entries of the lock that packages reach if all their features are on, development apart.
    pub fn reachable<'a>(&self, packages: impl IntoIterator<Item = &'a str>) -> Vec<&Package> {
        self.lock.reachable(&self.direct(packages))
    }

    /// Returns the names of the direct dependencies of packages, development apart.
    pub fn direct<'a>(
        &self,
        packages: impl IntoIterator<Item = &'a str>,
    ) -> BTreeMap<String, BTreeSet<String>> {
        let members = packages.into_iter();
        let members = members.filter_map(|name| self.members.get(name));
        members
            .map(|member| (member.name.to_string(), member.dependencies.clone()))
            .collect()
    }

    /// Reads the files at and below `paths` that images are built from.
    ///
    /// # Errors
    /// `input-missing`, `file-unreadable`.
    pub fn sources(&self, paths: &[Utf8PathBuf]) -> Result<Sources, Problem> {
        let read = |folder: &&Utf8PathBuf| paths.iter().any(|path| folder.starts_with(path));
        let development = self
            .members
            .values()
            .flat_map(|member| &member.development)
            .filter(read)
            .cloned()
            .collect();
        Sources::read(&self.root, paths, &development, &self.known)
    }

    /// Returns the files of contexts of images that were read before, by their paths in the context.
    pub fn known_sent(&self) -> Option<&HashMap<String, FileState>> {
        self.known.sent_below(&self.root)
    }

    /// Takes files that were read already, so that they are not read again.
    pub fn take_known(&mut self, known: FilesRead) {
        self.known = known;
    }

    /// Reads the sources of `packages`.
    ///
    /// # Errors
    /// `file-unreadable`.
    pub fn sources_of(&self, packages: &BTreeSet<&str>) -> Result<Sources, Problem> {
        let members = packages.iter().filter_map(|name| self.members.get(*name));
        let paths: Vec<Utf8PathBuf> = members.flat_map(|member| member.sources.clone()).collect();
        self.sources(&paths)
    }

    /// Makes the folder `levels` above the workspace's the context, unless the context extends that far already.
    ///
    /// # Errors
    /// `path-outside` for a folder outside the git repository, or one that cannot be written in a Dockerfile.
    pub fn widen(&mut self, levels: usize) -> Result<(), Problem> {
        let home = self.home();
        let outside = |message: String| {
            Problem::new(Code::PathOutside, message).hint(
                "the Docker context extends only up to the git repository that contains the workspace",
            )
        };
        let Some(root) = home.ancestors().nth(levels) else {
            return Err(outside(format!(
                "no folder is {levels} levels above {home}"
            )));
        };
        if let Some(repository) = context::repository(&home)
            && !root.starts_with(repository)
        {
            return Err(outside(format!("{root} lies outside {repository}")));
        }
        let Ok(way) = self.root.strip_prefix(root) else {
            return Ok(());
        };
        let (way, root) = (way.to_owned(), root.to_owned());
        context::check_plain(&way)?;
        if !way.as_str().is_empty() {
            self.move_paths(&way);
            self.root = root;
        }
        Ok(())
    }

    /// Prefixes all paths with `way`.
    fn move_paths(&mut self, way: &Utf8Path) {
        // The path of the context itself must not get a slash at the end.
        let moved = |path: &Utf8PathBuf| -> Utf8PathBuf { way.join(path).components().collect() };
        let all = |paths: &mut Vec<Utf8PathBuf>| paths.iter_mut().for_each(|p| *p = moved(p));
        for member in self.members.values_mut() {
            member.dir = moved(&member.dir);
            member.workspace = moved(&member.workspace);
            all(&mut member.sources);
            all(&mut member.around_targets);
            all(&mut member.roots);
            all(&mut member.development);
        }
        let foreign = std::mem::take(&mut self.foreign).into_iter();
        self.foreign = foreign.map(|(path, table)| (moved(&path), table)).collect();
        all(&mut self.cargo_configs);
        self.local_sources.map_paths(moved);
        all(&mut self.cargo_config.setting_env);
        for named in &mut self.cargo_config.named {
            named.path = moved(&named.path);
        }
        self.folder = moved(&self.folder);
    }

    /// Returns the toolchain that the toolchain file names.
    pub fn channel(&self) -> Option<&Channel> {
        self.toolchain_file.as_ref()?.channel.as_ref()
    }

    /// Returns the absolute path of the folder of the workspace manifest. The configuration and all generated files are
    /// there.
    pub fn home(&self) -> Utf8PathBuf {
        self.root.join(&self.folder).components().collect()
    }

    /// Returns the members of the workspace, as Cargo sees it.
    pub fn own_members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|member| !member.foreign)
    }

    /// Returns the member called `name`.
    pub fn own_member(&self, name: &str) -> Option<&Member> {
        self.members.get(name).filter(|member| !member.foreign)
    }

    /// Returns the manifest of the workspace that `member` belongs to.
    pub fn manifest_of(&self, member: &Member) -> &toml::Table {
        let foreign = self.foreign.get(&member.workspace);
        foreign.filter(|_| member.foreign).unwrap_or(&self.manifest)
    }

    /// Returns a text under `[package]`, either the package's own or the inherited one.
    pub fn package_value<'a>(&'a self, member: &'a Member, key: &str) -> Option<&'a str> {
        let own = member.manifest.get("package")?.get(key)?;
        let inherited = || {
            let workspace = self.manifest_of(member).get("workspace")?;
            workspace.get("package")?.get(key)?.as_str()
        };
        own.as_str().or_else(inherited)
    }

    /// Returns the package of the workspace manifest itself.
    pub fn root_package(&self) -> Option<&Member> {
        self.own_members().find(|member| member.is_root())
    }

    /// Returns the version of Cargo's resolver, from the manifest or the root package's edition.
    pub fn resolver(&self) -> &str {
        if let Some(version) = named_resolver(&self.manifest) {
            return version;
        }
        resolver_of(self.root_package().map(|member| member.edition.as_str()))
    }

    /// Reads the workspace of `manifest_path`, or of the current folder if `None`.
    ///
    /// # Errors
    /// `manifest-missing`, `cargo-missing`, `cargo-failed`, `cargo-config`, `lock-missing`, `lock-invalid`,
    /// `name-collision`, `path-outside`, `pin-invalid`, `pin-stale`, `toolchain-file`.
    pub fn read(cargo: &Cargo, manifest_path: Option<&Utf8Path>) -> Result<Self, Problem> {
        // The lock is where Cargo will say that the workspace is, almost always.
        let nearest = nearest_lock(manifest_path);
        let (metadata, early) = std::thread::scope(|scope| {
            let lock = nearest
                .as_deref()
                .map(|folder| scope.spawn(|| read_lock(folder)));
            let metadata = cargo.metadata(manifest_path);
            let lock = lock.map(|lock| lock.join().unwrap_or_else(|panic| resume_unwind(panic)));
            (metadata, lock)
        });
        let metadata = metadata?;
        let folder = metadata.workspace_root.clone();
        let manifest = read_manifest(&folder.join("Cargo.toml"))?;
        let further = patch::folders(&manifest, &folder);
        let found = local_packages(cargo, metadata, &manifest, further);
        let early = early.filter(|_| nearest.as_ref() == Some(&folder));
        let lock = early.unwrap_or_else(|| read_lock(&folder))?;
        let found = found?;
        check_reachable(&lock)?;

        let limit = context::limit(&folder);
        let mut toolchain_file = ToolchainFile::read(&folder, limit)?;
        let channel = toolchain_file
            .as_ref()
            .and_then(|file| file.channel.as_ref());
        let cargo_config = CargoConfig::read(&folder, limit, channel)?;
        let mut local_sources = LocalSources::read(&cargo_config.files)?;
        let roots: Vec<Utf8PathBuf> = found.values().flat_map(Found::roots).collect();
        let paths = found
            .values()
            .flat_map(|found| [found.dir(), &found.workspace])
            .chain(roots.iter().map(Utf8PathBuf::as_path))
            .chain(local_sources.folders.iter().map(Utf8PathBuf::as_path));
        let root = context::root(&folder, limit, paths.chain(cargo_config.folders()))?;

        let names: BTreeMap<Utf8PathBuf, String> = found
            .iter()
            .map(|(dir, found)| (dir.clone(), found.package.name.to_string()))
            .collect();
        let cfgs = cfgs(&cargo_config.files);
        let surroundings = Surroundings {
            root: &root,
            workspace: &folder,
            lock: &lock,
            cfgs: &cfgs,
            names: &names,
        };
        let mut members: BTreeMap<PackageName, Member> = BTreeMap::new();
        let mut foreign = BTreeMap::new();
        let found: Vec<&Found> = found.values().collect();
        let made = parallel_map(&found, |found| surroundings.member(found));
        for (found, member) in found.into_iter().zip(made) {
            let member = member?;
            if member.foreign && !foreign.contains_key(&member.workspace) {
                let manifest = read_manifest(&found.workspace.join("Cargo.toml"))?;
                foreign.insert(member.workspace.clone(), manifest);
            }
            if let Some(other) = members.get(&member.name) {
                return Err(Problem::new(
                    Code::NameCollision,
                    format!(
                        "`{}` and `{}` are both a package `{}`",
                        other.dir, member.dir, member.name
                    ),
                )
                .hint("rename one of them: bakehouse identifies packages by name"));
            }
            members.insert(member.name.clone(), member);
        }
        let relative = |path: &Utf8PathBuf| path.strip_prefix(&root).unwrap_or(path).to_owned();
        local_sources.map_paths(relative);
        for folder in &local_sources.folders {
            context::check_plain(folder)?;
        }
        if let Some(file) = &mut toolchain_file {
            file.path = context::relative(&folder, &file.path);
        }
        let channel = toolchain_file
            .as_ref()
            .and_then(|file| file.channel.as_ref());
        let mut workspace = Self {
            profiles: cargo_config.profiles_above(&manifest),
            is_of_revision: false,
            manifest,
            members,
            foreign,
            lock,
            toolchain: files::pinned(&folder, channel.map(Channel::as_str))?,
            toolchain_file,
            cargo_configs: cargo_config.files.iter().map(relative).collect(),
            cargo_config,
            local_sources,
            folder: relative(&folder),
            root,
            known: FilesRead::default(),
        };
        workspace.take_named();
        workspace.ask_for_git();
        Ok(workspace)
    }

    /// Adds the paths that the configuration files name to `cargo_configs`. A path that contains a whole package is
    /// excluded: with it, the package would become part of all others.
    fn take_named(&mut self) {
        let CargoConfig {
            named, setting_env, ..
        } = &mut self.cargo_config;
        let named = named.iter_mut().map(|named| &mut named.path);
        for path in named.chain(setting_env) {
            if let Ok(inside) = path.strip_prefix(&self.root) {
                *path = inside.to_owned();
            }
        }
        let holds_a_package = |path: &Utf8Path| {
            let mut members = self.members.values();
            members.any(|member| {
                let mut roots = member.roots.iter();
                member.dir.starts_with(path) || roots.any(|root| root.starts_with(path))
            })
        };
        self.cargo_config
            .named
            .retain(|named| !holds_a_package(&named.path));
        let named = self.cargo_config.named.iter().map(|named| &named.path);
        let folders: Vec<Utf8PathBuf> = outermost(named);
        self.cargo_configs
            .retain(|path| !folders.iter().any(|folder| path.starts_with(folder)));
        self.cargo_configs.extend(folders);
    }

    /// Requires the program `git` in the builder if Cargo is configured to use it and something is fetched with it.
    fn ask_for_git(&mut self) {
        let by_git = |source: &str| {
            let index = source.strip_prefix("registry+");
            index.is_some_and(|index| !index.contains("github.com/rust-lang/crates.io-index"))
                || source.starts_with("git+")
        };
        if let Some(place) = &self.cargo_config.git
            && self.lock.sources().any(by_git)
        {
            self.cargo_config.tools.push(Tool {
                program: "git".to_owned(),
                package: Some("git".to_owned()),
                key: "net.git-fetch-with-cli".to_owned(),
                target: None,
                place: place.clone(),
            });
        }
    }

    /// Removes the paths that some package's `inputs` also name, so that only those packages read them.
    pub fn leave_named(&mut self, inputs: &[Utf8PathBuf]) {
        let declared = |path: &Utf8Path| inputs.iter().any(|input| path.starts_with(input));
        let all = std::mem::take(&mut self.cargo_config.named);
        let (left, kept): (Vec<Named>, Vec<Named>) =
            all.into_iter().partition(|named| declared(&named.path));
        self.cargo_configs
            .retain(|path| !left.iter().any(|named| named.path == *path));
        // One of two paths may be inside the other.
        let folders = outermost(kept.iter().map(|named| &named.path));
        let new = folders.into_iter();
        let new = new.filter(|path| !self.cargo_configs.contains(path));
        let new: Vec<Utf8PathBuf> = new.collect();
        self.cargo_configs.extend(new);
        self.cargo_config.named = kept;
    }
}

/// Returns the resolver that the manifest names.
fn named_resolver(manifest: &toml::Table) -> Option<&str> {
    let workspace = manifest.get("workspace").and_then(|w| w.get("resolver"));
    let package = || manifest.get("package")?.get("resolver");
    workspace.or_else(package)?.as_str()
}

/// Returns the version of the resolver that comes with the edition of the root package.
fn resolver_of(edition: Option<&str>) -> &'static str {
    match edition {
        None | Some("2015" | "2018") => "1",
        Some("2021") => "2",
        Some(_) => "3",
    }
}

/// Returns the nearest folder with a lock, of those around a manifest or the current folder.
fn nearest_lock(manifest_path: Option<&Utf8Path>) -> Option<Utf8PathBuf> {
    let here = Utf8PathBuf::from_path_buf(std::env::current_dir().ok()?).ok()?;
    let start = manifest_path
        .and_then(Utf8Path::parent)
        .map(|folder| here.join(folder));
    let start = start.unwrap_or(here);
    let mut folders = start.ancestors();
    let found = folders.find(|folder| folder.join("Cargo.lock").is_file())?;
    Some(found.components().collect())
}

fn read_lock(folder: &Utf8Path) -> Result<Lock, Problem> {
    let path = folder.join("Cargo.lock");
    let Ok(text) = fs_err::read_to_string(&path) else {
        return Err(Problem::new(Code::LockMissing, format!("{path} cannot be read")).hint(
            "run `cargo generate-lockfile` and commit it: images are built from locked versions",
        ));
    };
    Lock::parse(&text)
}

/// Returns the members, the packages in the folders `further`, and all their path dependencies, by folder.
fn local_packages(
    cargo: &Cargo,
    metadata: cargo_metadata::Metadata,
    manifest: &toml::Table,
    further: Vec<Utf8PathBuf>,
) -> Result<BTreeMap<Utf8PathBuf, Found>, Problem> {
    let mut found = BTreeMap::new();
    let mut open: BTreeSet<Utf8PathBuf> = further.into_iter().collect();
    let root = metadata.workspace_root;
    let manifests = parallel_map(&metadata.packages, |package| {
        read_manifest(&package.manifest_path)
    });
    // Under the first resolver, dev-dependencies affect features.
    let first_resolver = {
        let is_root = |path: &Utf8Path| path == root.join("Cargo.toml");
        let mut packages = metadata.packages.iter();
        let package = packages.find(|package| is_root(&package.manifest_path));
        let edition = package.map(|package| package.edition.to_string());
        named_resolver(manifest).unwrap_or_else(|| resolver_of(edition.as_deref())) == "1"
    };
    for (package, manifest) in metadata.packages.into_iter().zip(manifests) {
        let package = Found {
            package,
            workspace: root.clone(),
            manifest: manifest?,
        };
        let folders = package.path_dependencies(first_resolver);
        open.extend(folders.map(Utf8Path::to_owned));
        found.insert(package.dir().to_owned(), package);
    }
    // Answers by manifest and workspace folder: one answer describes all members of a workspace.
    let mut answered = BTreeMap::new();
    while let Some(dir) = open.pop_first() {
        if found.contains_key(&dir) {
            continue;
        }
        let manifest = dir.join("Cargo.toml");
        if !answered.contains_key(&manifest) {
            let metadata = other_workspace(cargo, &dir, &manifest)?;
            let root = metadata.workspace_root;
            let packages = metadata.packages.into_iter();
            answered.extend(packages.map(|package| {
                let manifest = package.manifest_path.clone();
                (manifest, (package, root.clone()))
            }));
        }
        let Some((package, root)) = answered.remove(&manifest) else {
            return Err(Problem::new(
                Code::ManifestMissing,
                format!("{manifest} is not the manifest of a package"),
            )
            .hint("a path dependency, or a [patch] of the workspace, names this folder"));
        };
        let package = Found {
            manifest: read_manifest(&package.manifest_path)?,
            package,
            workspace: root,
        };
        open.extend(package.path_dependencies(false).map(Utf8Path::to_owned));
        found.insert(dir, package);
    }
    Ok(found)
}

/// Reads the workspace of a package outside this one.
fn other_workspace(
    cargo: &Cargo,
    dir: &Utf8Path,
    manifest: &Utf8Path,
) -> Result<cargo_metadata::Metadata, Problem> {
    cargo
        .metadata(Some(manifest))
        .or_else(
            |problem| match problem.message.contains("believes it's in a workspace") {
                true => metadata_apart(dir),
                false => Err(problem),
            },
        )
        .map_err(|problem| {
            problem.hint("a path dependency, or a [patch] of the workspace, names this folder")
        })
}
