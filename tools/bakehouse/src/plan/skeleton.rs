//! The manifests that stand in for the workspace's own in the image build: cut to what the images need, and
//! masked where only third-party crates are compiled, so that edits which cannot matter do not touch them.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use toml::{Table, Value};

use crate::graph::lock::MASKED_VERSION;
use crate::graph::{Member, Workspace};

/// The skeleton of a workspace.
#[derive(Clone, Debug)]
pub struct Skeleton {
    /// The masked root manifest.
    pub masked_root: String,
    /// The lock: third-party crates that the images can reach, members with masked versions.
    pub lock: String,
    /// The root manifest of the compile stages.
    pub root: String,
    /// By package name.
    pub members: BTreeMap<String, MemberSkeleton>,
}

/// The manifests of one member.
#[derive(Clone, Debug)]
pub struct MemberSkeleton {
    /// Folder relative to the workspace root.
    pub dir: Utf8PathBuf,
    /// A library without sources: its dependencies and features, nothing else.
    pub masked: String,
    /// Its own manifest without dev-dependencies, tests, benches and examples.
    pub own: String,
    /// Has a build script.
    pub build_script: bool,
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
    /// The skeleton of `kept`, the members that the images need.
    pub fn new(workspace: &Workspace, kept: &BTreeSet<String>) -> Self {
        let direct: BTreeMap<String, BTreeSet<String>> = kept
            .iter()
            .map(|name| (name.clone(), workspace.members[name].dependencies.clone()))
            .collect();
        let reachable = workspace.lock.reachable(&direct);
        let members: BTreeMap<String, MemberSkeleton> = kept
            .iter()
            .map(|name| {
                let member = &workspace.members[name];
                let skeleton = MemberSkeleton {
                    dir: member.dir.clone(),
                    masked: text(&masked(member)),
                    own: text(&own(member)),
                    build_script: member.build_script,
                };
                (name.clone(), skeleton)
            })
            .collect();
        Self {
            masked_root: text(&root(workspace, kept, true)),
            lock: workspace.lock.masked(&reachable, &direct),
            root: text(&root(workspace, kept, false)),
            members,
        }
    }

    /// The masked files by their path in the workspace.
    pub fn masked_files(&self) -> impl Iterator<Item = (Utf8PathBuf, &str)> {
        let root = [
            ("Cargo.toml".into(), self.masked_root.as_str()),
            ("Cargo.lock".into(), self.lock.as_str()),
        ];
        let members = self
            .members
            .values()
            .filter(|member| !member.dir.as_str().is_empty());
        root.into_iter()
            .chain(members.map(|member| (member.dir.join("Cargo.toml"), member.masked.as_str())))
    }

    /// The compile stages' files by their path in the workspace.
    pub fn own_files(&self) -> impl Iterator<Item = (Utf8PathBuf, &str)> {
        let members = self
            .members
            .values()
            .filter(|member| !member.dir.as_str().is_empty());
        std::iter::once(("Cargo.toml".into(), self.root.as_str()))
            .chain(members.map(|member| (member.dir.join("Cargo.toml"), member.own.as_str())))
    }
}

fn text(table: &Table) -> String {
    toml::to_string_pretty(table).expect("a table read from TOML can be written as TOML")
}

/// The workspace manifest cut to `kept`. Masked, it keeps only what decides how third-party crates compile.
fn root(workspace: &Workspace, kept: &BTreeSet<String>, mask: bool) -> Table {
    let members: Vec<&Member> = kept.iter().map(|name| &workspace.members[name]).collect();
    let old = workspace
        .manifest
        .get("workspace")
        .and_then(Value::as_table)
        .cloned()
        .unwrap_or_default();
    let mut new = Table::new();
    let resolver = old
        .get("resolver")
        .or_else(|| workspace.manifest.get("package")?.get("resolver"));
    new.insert(
        "resolver".into(),
        resolver
            .cloned()
            .unwrap_or_else(|| Value::from(default_resolver(workspace))),
    );
    let folders: BTreeSet<&str> = members
        .iter()
        .map(|member| member.dir.as_str())
        .filter(|dir| !dir.is_empty())
        .collect();
    new.insert(
        "members".into(),
        folders
            .into_iter()
            .map(Value::from)
            .collect::<Vec<_>>()
            .into(),
    );
    if !mask {
        for key in ["package", "lints", "metadata"] {
            if let Some(value) = old.get(key) {
                new.insert(key.into(), value.clone());
            }
        }
    }
    if let Some(dependencies) = old.get("dependencies").and_then(Value::as_table) {
        let inherited: BTreeSet<String> = members
            .iter()
            .flat_map(|member| inherited(&member.manifest))
            .collect();
        let mut dependencies: Table = dependencies
            .iter()
            .filter(|(name, _)| inherited.contains(*name))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        if mask {
            dependencies
                .iter_mut()
                .for_each(|(_, dependency)| mask_path_version(dependency));
        }
        if !dependencies.is_empty() {
            new.insert("dependencies".into(), dependencies.into());
        }
    }

    let package = members.iter().find(|member| member.dir.as_str().is_empty());
    let mut table = match package {
        Some(member) if mask => masked(member),
        Some(member) => own(member),
        None => Table::new(),
    };
    table.insert("workspace".into(), new.into());
    for key in ["profile", "patch", "replace"] {
        if let Some(value) = workspace.manifest.get(key) {
            table.insert(key.into(), value.clone());
        }
    }
    table
}

/// Cargo's default: by the root package's edition, `1` without one.
fn default_resolver(workspace: &Workspace) -> &'static str {
    let root = workspace
        .members
        .values()
        .find(|member| member.dir.as_str().is_empty());
    match root.map(|member| member.edition.as_str()) {
        None | Some("2015" | "2018") => "1",
        Some("2021") => "2",
        Some(_) => "3",
    }
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

fn mask_path_version(dependency: &mut Value) {
    if let Some(table) = dependency.as_table_mut()
        && table.contains_key("path")
    {
        table.remove("version");
    }
}

fn masked(member: &Member) -> Table {
    let mut package = Table::new();
    package.insert("name".into(), member.name.clone().into());
    package.insert("version".into(), MASKED_VERSION.into());
    package.insert("edition".into(), member.edition.clone().into());
    package.insert("autobins".into(), false.into());
    if member.build_script {
        package.insert("build".into(), "build.rs".into());
    }
    let mut table = Table::new();
    table.insert("package".into(), package.into());
    let cut = without_development(&member.manifest);
    for key in ["features", "dependencies", "build-dependencies", "target"] {
        if let Some(value) = cut.get(key) {
            table.insert(key.into(), value.clone());
        }
    }
    mask_dependencies(&mut table);
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
    table.insert("lib".into(), lib.into());
    table
}

fn mask_dependencies(table: &mut Table) {
    for key in DEPENDENCIES {
        if let Some(dependencies) = table.get_mut(key).and_then(Value::as_table_mut) {
            dependencies
                .iter_mut()
                .for_each(|(_, dependency)| mask_path_version(dependency));
        }
    }
    if let Some(targets) = table.get_mut("target").and_then(Value::as_table_mut) {
        targets
            .iter_mut()
            .filter_map(|(_, target)| target.as_table_mut())
            .for_each(mask_dependencies);
    }
}

/// The member's own manifest, as the compile stages see it.
fn own(member: &Member) -> Table {
    let mut table = without_development(&member.manifest);
    for key in ["workspace", "profile", "patch", "replace", "badges"] {
        table.remove(key);
    }
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
