//! Workspace-manifest keys that can affect some of its packages and the crates that they need.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use toml::{Table, Value};

use super::profile;
use super::tables::{canonical, dependency_tables};

/// Returns the values of those `keys` that the manifest of a workspace has, independent of their order.
pub fn values<'a>(
    manifest: &Table,
    keys: impl Iterator<Item = &'a String>,
) -> Vec<(String, Arc<str>)> {
    let shared = manifest.get("workspace").and_then(Value::as_table);
    let value = |key: &String| Some((key.clone(), canonical(value(shared?, key)?).into()));
    keys.filter_map(value).collect()
}

/// Returns the value of a key of `[workspace]`, such as `package.version`.
pub fn value<'a>(shared: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((section, name)) => shared.get(section)?.get(name),
        None => shared.get(key),
    }
}

/// Returns the keys of `[workspace]` that a package's manifest inherits: `package.version`, `dependencies.serde`,
/// `lints`.
pub fn keys(manifest: &Table) -> BTreeSet<String> {
    let inherits = |value: &Value| value.get("workspace").and_then(Value::as_bool) == Some(true);
    let mut keys = BTreeSet::new();
    if manifest.get("lints").is_some_and(inherits) {
        keys.insert("lints".to_owned());
    }
    let package = manifest.get("package").and_then(Value::as_table);
    for (field, value) in package.into_iter().flatten() {
        if inherits(value) {
            keys.insert(format!("package.{field}"));
        }
    }
    for (_, table) in dependency_tables(manifest) {
        for (name, value) in table {
            if inherits(value) {
                keys.insert(format!("dependencies.{name}"));
            }
        }
    }
    keys
}

/// Returns the settings that only the manifest of the built workspace decides: profiles, patches and the patched
/// sources. `all` has the manifest's profiles with the overrides of Cargo's configuration, and shows which of them
/// `profile` inherits from.
pub fn decisions(
    manifest: &Table,
    all: &Table,
    profile: &str,
    crates: &HashSet<&str>,
) -> Vec<(String, Value)> {
    let mut decisions = Vec::new();
    for (name, profile) in profiles(manifest, all, profile, crates) {
        decisions.push((format!("profile.{name}"), profile));
    }
    let sources = manifest.get("patch").and_then(Value::as_table);
    for (source, patches) in sources.into_iter().flatten() {
        for (key, patch) in patches.as_table().into_iter().flatten() {
            let package = patch.get("package").and_then(Value::as_str);
            if crates.contains(package.unwrap_or(key)) {
                decisions.push((format!("patch.{source}.{key}"), patch.clone()));
            }
        }
    }
    for key in ["replace", "cargo-features"] {
        if let Some(value) = manifest.get(key) {
            decisions.push((key.to_owned(), value.clone()));
        }
    }
    decisions
}

/// Returns the profile `name` and those that it inherits from, without settings for single crates that are not in
/// `crates`.
fn profiles(
    manifest: &Table,
    all: &Table,
    name: &str,
    crates: &HashSet<&str>,
) -> Vec<(String, Value)> {
    let without_others = |(name, profile): (&str, &Table)| {
        let mut profile = profile.clone();
        if let Some(Value::Table(packages)) = profile.get_mut("package") {
            packages.retain(|spec, _| {
                let name = spec.split(['@', ':']).next().unwrap_or_default();
                // A spec that is not a plain name may match any crate.
                spec.contains(['*', '/']) || crates.contains(name)
            });
        }
        (name.to_owned(), Value::Table(profile))
    };
    let own = manifest.get("profile").and_then(Value::as_table);
    let chain = profile::chain(all, name).into_iter();
    let said = chain.filter_map(|(name, _)| Some((name, own?.get(name)?.as_table()?)));
    said.map(without_others).collect()
}
