//! The manifest of one package in the skeleton.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::graph::Member;
use crate::graph::lock::MASKED_VERSION;
use crate::plan::tables::change_each;

const DEPENDENCIES: [&str; 3] = ["dependencies", "build-dependencies", "dev-dependencies"];
/// Targets that are in no image.
const DEVELOPMENT: [&str; 3] = ["test", "bench", "example"];

/// Returns the names of the dependencies that `manifest` inherits from its workspace.
pub(super) fn inherited(manifest: &Table) -> BTreeSet<String> {
    dependency_tables(manifest)
        .flat_map(|table| table.iter())
        .filter(|(_, value)| value.get("workspace").and_then(Value::as_bool) == Some(true))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Returns `[dependencies]`, `[build-dependencies]` and the rest of `[dev-dependencies]`, including those of each
/// target.
fn dependency_tables(manifest: &Table) -> impl Iterator<Item = &Table> {
    let targets = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values);
    std::iter::once(manifest)
        .chain(targets.filter_map(Value::as_table))
        .flat_map(|table| {
            DEPENDENCIES
                .into_iter()
                .filter_map(|key| table.get(key).and_then(Value::as_table))
        })
}

/// Removes the version of a local dependency. Cargo finds it by its path, and the version could contradict a masked
/// one.
pub(super) fn without_path_version(dependency: &mut Value) {
    if let Some(table) = dependency.as_table_mut()
        && table.contains_key("path")
    {
        table.remove("version");
    }
}

/// Returns the manifest of a library without sources: only its dependencies and features. Its version is masked, unless
/// other packages ask for it by version.
pub(super) fn masked(
    member: &Member,
    manifest: &Table,
    build_script: bool,
    own_version: bool,
) -> Table {
    let mut table = stub(member, own_version);
    let cut = without_development(manifest);
    for key in ["features"].iter().chain(&DEPENDENCIES).chain(&["target"]) {
        if let Some(value) = cut.get(*key) {
            table.insert((*key).into(), value.clone());
        }
    }
    if build_script && let Some(package) = table.get_mut("package").and_then(Value::as_table_mut) {
        package.insert("build".into(), "build.rs".into());
    }
    let library = table.remove("lib");
    local_versions(&mut table);
    table.extend(library.map(|library| ("lib".to_owned(), library)));
    table
}

/// Returns the manifest of a library without sources and dependencies. It has the features that others name.
pub(super) fn hollow(member: &Member, own_version: bool) -> Table {
    let mut table = stub(member, own_version);
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

fn stub(member: &Member, own_version: bool) -> Table {
    let version = if own_version {
        &member.version
    } else {
        MASKED_VERSION
    };
    let mut package = Table::new();
    package.insert("name".into(), String::from(&member.name).into());
    package.insert("version".into(), version.into());
    package.insert("edition".into(), member.edition.clone().into());
    package.insert("autobins".into(), false.into());
    let old = member.manifest.get("package");
    // A member outside the workspace's folder names its workspace.
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

/// Returns a package's own manifest without its binaries.
pub(super) fn library(mut table: Table) -> Table {
    table.remove("bin");
    if let Some(package) = table.get_mut("package").and_then(Value::as_table_mut) {
        package.remove("default-run");
        package.insert("autobins".into(), false.into());
    }
    table
}

/// Removes the versions of local dependencies.
fn local_versions(manifest: &mut Table) {
    change_each(manifest, |table| {
        for key in DEPENDENCIES {
            if let Some(dependencies) = table.get_mut(key).and_then(Value::as_table_mut) {
                dependencies
                    .iter_mut()
                    .for_each(|(_, dependency)| without_path_version(dependency));
            }
        }
    });
}

/// Returns the package's own manifest, as the compile stages see it.
pub(super) fn own(manifest: &Table) -> Table {
    let mut table = without_development(manifest);
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

/// Removes references from features to dev-dependencies (`os = ["x/os"]`), which Cargo refuses once those are cut.
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
