//! The manifests that stand in for the workspace's own in the image build: cut to what the images need, and
//! masked where only third-party crates are compiled, so that edits which cannot matter do not touch them.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use crate::graph::lock::{MASKED_VERSION, Package};
use crate::graph::member::Binary;
use crate::graph::{Member, Workspace, patch};

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
pub const RUNNER: &str = "bakehouse-runner";

/// What stands for a local package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A library without sources where third-party crates are compiled, itself in its own stage.
    Masked,
    /// Itself everywhere: it is compiled with the third-party crates.
    Ground,
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

const DEPENDENCIES: [&str; 2] = ["dependencies", "build-dependencies"];
/// What no image is built from.
const DEVELOPMENT: [&str; 5] = [
    "dev-dependencies",
    "dev_dependencies",
    "test",
    "bench",
    "example",
];

impl Skeleton {
    /// The skeleton of a workspace whose images compile `compiled`, of these `ground` with the third-party crates, and
    /// `run` in stages of their own for what runs them.
    pub fn new(
        workspace: &Workspace,
        compiled: &BTreeSet<String>,
        ground: &BTreeSet<String>,
        run: &BTreeSet<&str>,
    ) -> Self {
        let role = |name: &String| {
            if ground.contains(name) {
                Role::Ground
            } else if compiled.contains(name) {
                Role::Masked
            } else {
                Role::Hollow
            }
        };
        let loaded = compiled
            .iter()
            .flat_map(|name| workspace.members[name].loaded())
            .filter(|name| workspace.members.contains_key(*name));
        let kept: BTreeMap<String, Role> = compiled
            .iter()
            .cloned()
            .chain(loaded.map(str::to_owned))
            .map(|name| (name.clone(), role(&name)))
            .collect();
        let direct: BTreeMap<String, BTreeSet<String>> = kept
            .iter()
            .map(|(name, role)| match role {
                Role::Hollow => (name.clone(), BTreeSet::new()),
                _ => (name.clone(), workspace.members[name].dependencies.clone()),
            })
            .collect();
        let reachable = workspace.lock.reachable(&direct);
        // What third-party crates ask for by version must have it.
        let patched = patch::patches(&workspace.manifest);
        let plain: BTreeSet<String> = patched
            .into_iter()
            .map(|patch| patch.package)
            .chain(ground.iter().cloned())
            .collect();
        let cut = Cut {
            workspace,
            kept: &kept,
            reachable: &reachable,
            plain: &plain,
            run,
        };
        let mut lock = workspace.lock.masked(&reachable, &direct, &plain);
        if !run.is_empty() {
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
                    kept.get(&member.name)
                        .is_some_and(|role| *role != Role::Hollow)
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
            runner: (!run.is_empty()).then(|| text(&cut.runner())),
            members: kept
                .keys()
                .map(|name| (name.clone(), cut.member(&workspace.members[name])))
                .collect(),
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

/// A workspace cut to some of its packages.
struct Cut<'a> {
    workspace: &'a Workspace,
    kept: &'a BTreeMap<String, Role>,
    /// The entries of the lock that they reach.
    reachable: &'a [&'a Package],
    /// Packages whose version is not masked.
    plain: &'a BTreeSet<String>,
    /// Libraries that [`RUNNER`] can depend on.
    run: &'a BTreeSet<&'a str>,
}

impl Cut<'_> {
    /// The packages of the workspace in `folder` whose dependencies count.
    fn members_of(&self, folder: &Utf8Path) -> Vec<&Member> {
        let kept = self.kept.iter().filter(|(_, role)| **role != Role::Hollow);
        kept.map(|(name, _)| &self.workspace.members[name])
            .filter(|member| member.workspace == folder)
            .collect()
    }

    fn member(&self, member: &Member) -> MemberSkeleton {
        let role = self.kept[&member.name];
        let masked = match role {
            Role::Masked => masked(member),
            Role::Ground => own(member),
            Role::Hollow => hollow(member, self.plain.contains(&member.name)),
        };
        MemberSkeleton {
            dir: member.dir.clone(),
            role,
            masked: text(&masked),
            own: text(&own(member)),
            library: self.shares_a_name(member).then(|| text(&library(member))),
            build_script: member.build_script,
            roots: member.roots.clone(),
            is_root: member.is_root() && (!member.foreign || role == Role::Ground),
        }
    }

    /// Whether another package that is compiled has a binary of the same name.
    fn shares_a_name(&self, member: &Member) -> bool {
        let compiled = self.kept.iter().filter(|(_, role)| **role != Role::Hollow);
        let others = compiled.map(|(name, _)| &self.workspace.members[name]);
        let mut others = others.filter(|other| other.name != member.name && !other.foreign);
        let named = |binary: &Binary| member.binaries.iter().any(|own| own.name == binary.name);
        member.library.is_some() && others.any(|other| other.binaries.iter().any(named))
    }

    /// The workspace manifest. Masked, it keeps only what decides how third-party crates compile.
    fn root(&self, mask: bool, with_package: bool) -> Table {
        let workspace = self.workspace;
        let folder = &workspace.folder;
        let package = workspace
            .root_package()
            .and_then(|member| Some((member, *self.kept.get(&member.name)?)));
        let mut table = match package {
            Some((member, Role::Hollow)) => hollow(member, self.plain.contains(&member.name)),
            Some((member, Role::Ground)) => own(member),
            Some((member, Role::Masked)) if with_package => own(member),
            Some((member, Role::Masked)) => {
                let mut table = masked(member);
                // Where libraries are compiled, it must not pass for one that a service needs.
                if !mask
                    && !member.binaries.is_empty()
                    && let Some(mut library) = table.remove("lib")
                {
                    library
                        .as_table_mut()
                        .and_then(|library| library.remove("proc-macro"));
                    table.insert("bin".into(), Value::Array(vec![library]));
                }
                table
            }
            None => Table::new(),
        };
        if let Some(package) = table.get_mut("package").and_then(Value::as_table_mut) {
            package.remove("resolver");
        }
        let members = self.members_of(folder);
        let grounded = members
            .iter()
            .any(|member| self.kept[&member.name] == Role::Ground);
        let mut inner = Table::new();
        inner.insert("resolver".into(), workspace.resolver().into());
        let own = |(name, _): &(&String, &Role)| !workspace.members[*name].foreign;
        let dirs = |foreign: bool| -> BTreeSet<Utf8PathBuf> {
            let kept = self.kept.iter().filter(|package| own(package) != foreign);
            kept.map(|(name, _)| relative(folder, &workspace.members[name].dir))
                .filter(|dir| !dir.as_str().is_empty())
                .collect()
        };
        let list = |dirs: BTreeSet<Utf8PathBuf>| -> Value {
            let values: Vec<Value> = dirs.iter().map(|dir| dir.as_str().into()).collect();
            values.into()
        };
        let mut members = dirs(false);
        if !self.run.is_empty() {
            members.insert(RUNNER.into());
        }
        inner.insert("members".into(), list(members));
        // What lies in the folder and is no member would become one.
        let excluded: BTreeSet<Utf8PathBuf> = dirs(true)
            .into_iter()
            .filter(|dir| !dir.starts_with(".."))
            .collect();
        if !excluded.is_empty() {
            inner.insert("exclude".into(), list(excluded));
        }
        inner.extend(self.inherited(&workspace.manifest, folder, mask, mask && !grounded));
        table.insert("workspace".into(), inner.into());
        for key in ["cargo-features", "profile", "patch", "replace"] {
            if let Some(value) = workspace.manifest.get(key) {
                table.insert(key.into(), value.clone());
            }
        }
        patch::cut(&mut table, self.reachable);
        table
    }

    fn runner(&self) -> Table {
        let mut package = Table::new();
        package.insert("name".into(), RUNNER.into());
        package.insert("version".into(), MASKED_VERSION.into());
        package.insert("edition".into(), "2021".into());
        package.insert("build".into(), "build.rs".into());
        let dependencies = self.run.iter().map(|name| {
            let dir = &self.workspace.members[*name].dir;
            let mut dependency = Table::new();
            let path = Utf8Path::new("..").join(relative(&self.workspace.folder, dir));
            dependency.insert("path".into(), path.as_str().into());
            dependency.insert("optional".into(), true.into());
            dependency.insert("default-features".into(), false.into());
            ((*name).to_owned(), Value::Table(dependency))
        });
        let dependencies: Table = dependencies.collect();
        let mut lib = Table::new();
        lib.insert("path".into(), "src/lib.rs".into());
        let mut table = Table::new();
        table.insert("package".into(), package.into());
        table.insert("build-dependencies".into(), dependencies.into());
        table.insert("lib".into(), lib.into());
        table
    }

    /// Its entry in the lock.
    fn runner_entry(&self) -> String {
        let mut text = format!(
            "\n[[package]]\nname = {RUNNER:?}\nversion = {MASKED_VERSION:?}\ndependencies = [\n"
        );
        for name in self.run {
            let namesakes = self
                .reachable
                .iter()
                .filter(|entry| entry.name == *name)
                .count();
            let version = match self.plain.contains(*name) {
                true => &self.workspace.members[*name].version,
                false => MASKED_VERSION,
            };
            text += &match namesakes {
                1 => format!(" {name:?},\n"),
                _ => format!(" \"{name} {version}\",\n"),
            };
        }
        text + "]\n"
    }

    /// The manifests of other workspaces that packages compiled with the third-party crates belong to.
    fn foreign(&self) -> BTreeMap<Utf8PathBuf, String> {
        let mut manifests = BTreeMap::new();
        for (folder, manifest) in &self.workspace.foreign {
            let members = self.members_of(folder);
            if members.is_empty() {
                continue;
            }
            let package = members.iter().find(|member| member.is_root());
            let mut table = package.map_or_else(Table::new, |member| own(member));
            let mut inner = self.inherited(manifest, folder, false, false);
            let members: BTreeSet<Utf8PathBuf> = members
                .iter()
                .filter(|member| !member.is_root())
                .map(|member| relative(folder, &member.dir))
                .collect();
            let members: Vec<Value> = members.iter().map(|dir| dir.as_str().into()).collect();
            if manifest.contains_key("workspace") {
                inner.insert("members".into(), members.into());
                table.insert("workspace".into(), inner.into());
            }
            manifests.insert(folder.clone(), text(&table));
        }
        manifests
    }

    /// What a workspace's `manifest` in `folder` gives its members to inherit.
    fn inherited(&self, manifest: &Table, folder: &Utf8Path, mask: bool, bare: bool) -> Table {
        let old = manifest.get("workspace").and_then(Value::as_table);
        let mut new = Table::new();
        let Some(old) = old else { return new };
        if !bare {
            let keys: &[&str] = if mask {
                &["package", "lints"]
            } else {
                &["package", "lints", "metadata"]
            };
            for key in keys {
                if let Some(value) = old.get(*key) {
                    new.insert((*key).into(), value.clone());
                }
            }
        }
        if let Some(dependencies) = old.get("dependencies").and_then(Value::as_table) {
            let inherited: BTreeSet<String> = self
                .members_of(folder)
                .iter()
                .flat_map(|member| inherited(&member.manifest))
                .collect();
            let mut dependencies: Table = dependencies
                .iter()
                .filter(|(name, _)| inherited.contains(*name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            dependencies
                .iter_mut()
                .for_each(|(_, dependency)| without_path_version(dependency));
            if !dependencies.is_empty() {
                new.insert("dependencies".into(), dependencies.into());
            }
        }
        new
    }
}

/// The way from the folder `from` to the folder `to`.
fn relative(from: &Utf8Path, to: &Utf8Path) -> Utf8PathBuf {
    let common = from
        .ancestors()
        .find(|ancestor| to.starts_with(ancestor))
        .unwrap_or(Utf8Path::new(""));
    let up = from.components().count() - common.components().count();
    let mut way: Utf8PathBuf = std::iter::repeat_n("..", up).collect();
    way.push(to.strip_prefix(common).unwrap_or(to));
    way
}

fn text(table: &Table) -> String {
    toml::to_string_pretty(table).expect("a table read from TOML can be written as TOML")
}

/// Names of the dependencies that `manifest` inherits from its workspace.
fn inherited(manifest: &Table) -> BTreeSet<String> {
    dependency_tables(manifest)
        .flat_map(|table| table.iter())
        .filter(|(_, value)| value.get("workspace").and_then(Value::as_bool) == Some(true))
        .map(|(name, _)| name.clone())
        .collect()
}

/// `[dependencies]` and `[build-dependencies]`, those of each target among them.
fn dependency_tables(manifest: &Table) -> impl Iterator<Item = &Table> {
    let targets = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values);
    std::iter::once(manifest)
        .chain(targets.filter_map(Value::as_table))
        .flat_map(|table| {
            ["dependencies", "build-dependencies", "build_dependencies"]
                .into_iter()
                .filter_map(|key| table.get(key).and_then(Value::as_table))
        })
}

/// A local dependency is found by its path; a version beside that can only contradict a masked one.
fn without_path_version(dependency: &mut Value) {
    if let Some(table) = dependency.as_table_mut()
        && table.contains_key("path")
    {
        table.remove("version");
    }
}

/// A library without sources: its dependencies and features, nothing else.
fn masked(member: &Member) -> Table {
    let mut table = stub(member, MASKED_VERSION);
    let cut = without_development(&member.manifest);
    for key in ["features", "dependencies", "build-dependencies", "target"] {
        if let Some(value) = cut.get(key) {
            table.insert(key.into(), value.clone());
        }
    }
    if member.build_script
        && let Some(package) = table.get_mut("package").and_then(Value::as_table_mut)
    {
        package.insert("build".into(), "build.rs".into());
    }
    let library = table.remove("lib");
    local_versions(&mut table);
    table.extend(library.map(|library| ("lib".to_owned(), library)));
    table
}

/// A library without sources and dependencies, which has the features that others name.
fn hollow(member: &Member, own_version: bool) -> Table {
    let version = if own_version {
        &member.version
    } else {
        MASKED_VERSION
    };
    let mut table = stub(member, version);
    let features: Table = member
        .features
        .keys()
        .map(|feature| (feature.clone(), Value::Array(Vec::new())))
        .collect();
    if !features.is_empty() {
        table.insert("features".into(), features.into());
    }
    table
}

fn stub(member: &Member, version: &str) -> Table {
    let mut package = Table::new();
    package.insert("name".into(), member.name.clone().into());
    package.insert("version".into(), version.into());
    package.insert("edition".into(), member.edition.clone().into());
    package.insert("autobins".into(), false.into());
    let old = member.manifest.get("package");
    // A member outside the workspace's folder says where that is.
    if let Some(workspace) = old.and_then(|package| package.get("workspace")) {
        package.insert("workspace".into(), workspace.clone());
    }
    let mut lib = Table::new();
    lib.insert(
        "name".into(),
        format!("skeleton_{}", member.name.replace('-', "_")).into(),
    );
    lib.insert("path".into(), "src/lib.rs".into());
    if member
        .library
        .as_ref()
        .is_some_and(|library| library.proc_macro)
    {
        lib.insert("proc-macro".into(), true.into());
    }
    let mut table = Table::new();
    table.insert("package".into(), package.into());
    table.insert("lib".into(), lib.into());
    table
}

/// The package's own manifest without its binaries.
fn library(member: &Member) -> Table {
    let mut table = own(member);
    table.remove("bin");
    if let Some(package) = table.get_mut("package").and_then(Value::as_table_mut) {
        package.remove("default-run");
        package.insert("autobins".into(), false.into());
    }
    table
}

/// Drops the versions of local dependencies.
fn local_versions(table: &mut Table) {
    for key in DEPENDENCIES {
        if let Some(dependencies) = table.get_mut(key).and_then(Value::as_table_mut) {
            dependencies
                .iter_mut()
                .for_each(|(_, dependency)| without_path_version(dependency));
        }
    }
    if let Some(targets) = table.get_mut("target").and_then(Value::as_table_mut) {
        targets
            .iter_mut()
            .filter_map(|(_, target)| target.as_table_mut())
            .for_each(local_versions);
    }
}

/// The package's own manifest, as the compile stages see it.
fn own(member: &Member) -> Table {
    let mut table = without_development(&member.manifest);
    for key in ["workspace", "profile", "patch", "replace", "badges"] {
        table.remove(key);
    }
    local_versions(&mut table);
    table
}

fn without_development(manifest: &Table) -> Table {
    let mut table = manifest.clone();
    for key in DEVELOPMENT {
        table.remove(key);
    }
    if let Some(targets) = table.get_mut("target").and_then(Value::as_table_mut) {
        for (_, target) in targets.iter_mut() {
            if let Some(target) = target.as_table_mut() {
                DEVELOPMENT.iter().for_each(|key| {
                    target.remove(*key);
                });
            }
        }
        let empty: Vec<String> = targets
            .iter()
            .filter(|(_, target)| target.as_table().is_some_and(Table::is_empty))
            .map(|(name, _)| name.clone())
            .collect();
        for name in empty {
            targets.remove(&name);
        }
        if targets.is_empty() {
            table.remove("target");
        }
    }
    drop_dangling_features(&mut table);
    table
}

/// A feature may name a dev-dependency (`os = ["x/os"]`); Cargo refuses it once that is cut.
fn drop_dangling_features(table: &mut Table) {
    let known: BTreeSet<String> = dependency_tables(table)
        .flat_map(|t| t.keys().cloned())
        .collect();
    let Some(features) = table.get_mut("features").and_then(Value::as_table_mut) else {
        return;
    };
    for (_, items) in features.iter_mut() {
        let Some(items) = items.as_array_mut() else {
            continue;
        };
        items.retain(|item| {
            let item = item.as_str().unwrap_or_default();
            let dependency = item.strip_prefix("dep:").or_else(|| {
                item.split_once('/')
                    .map(|(name, _)| name.trim_end_matches('?'))
            });
            dependency.is_none_or(|name| known.contains(name))
        });
    }
}
