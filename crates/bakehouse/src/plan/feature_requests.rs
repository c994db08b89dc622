//! Features that packages request of others. Cargo compiles a crate with all features that packages of the same build
//! request.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use toml::{Table, Value};

use super::tables::{canonical, dependency_tables};
use crate::graph::{Activation, Member};

/// The features that a package requests of its dependencies.
pub struct FeatureRequests<'a> {
    member: &'a Member,
    dependencies: Vec<Dependency>,
    /// The features of the package that are enabled.
    switched_on: Vec<&'a str>,
    /// The text of all its requests.
    whole: Arc<str>,
}

struct Dependency {
    /// The name in the manifest.
    key: String,
    package: String,
    text: String,
}

impl<'a> FeatureRequests<'a> {
    /// Creates the requests of the package `member` with that `manifest`.
    pub fn new(
        workspace: &Table,
        member: &'a Member,
        manifest: &Table,
        activation: &'a Activation,
    ) -> Self {
        let tables = dependency_tables(manifest).into_iter();
        let dependencies = tables.flat_map(|(table, dependencies)| {
            dependencies.iter().map(move |(key, value)| {
                let value = with_inherited(workspace, key, value);
                let package = value.get("package").and_then(Value::as_str).unwrap_or(key);
                Dependency {
                    key: key.clone(),
                    package: package.to_owned(),
                    text: format!("{table}.{key} {}", canonical(&value.into())),
                }
            })
        });
        let mut requesting = Self {
            dependencies: dependencies.collect(),
            switched_on: activation.features(&member.name).collect(),
            whole: "".into(),
            member,
        };
        requesting.whole = requesting.text(&requesting.dependencies.iter().collect::<Vec<_>>());
        requesting
    }

    /// Returns its requests to the crates and packages in `shared`; `None` if it needs none of them.
    pub fn of(&self, shared: &HashSet<&str>) -> Option<Arc<str>> {
        let asked: Vec<&Dependency> = self
            .dependencies
            .iter()
            .filter(|dependency| shared.contains(dependency.package.as_str()))
            .collect();
        match asked.len() {
            0 => None,
            all if all == self.dependencies.len() => Some(self.whole.clone()),
            _ => Some(self.text(&asked)),
        }
    }

    fn text(&self, asked: &[&Dependency]) -> Arc<str> {
        let names: BTreeSet<&str> = asked.iter().map(|asked| asked.key.as_str()).collect();
        let mut lines: BTreeSet<&str> = asked.iter().map(|asked| asked.text.as_str()).collect();
        let relevant = relevant_features(&self.member.features, &names);
        let features: Vec<String> = relevant
            .iter()
            .map(|(feature, items)| format!("feature {feature}: {}", joined(items)))
            .collect();
        lines.extend(features.iter().map(String::as_str));
        let switched_on = self
            .switched_on
            .iter()
            .filter(|feature| relevant.contains_key(**feature) || names.contains(**feature));
        let switched_on = format!("switched on: {}", joined(switched_on));
        lines.insert(&switched_on);
        let library = self.member.library.as_ref();
        if library.is_some_and(|library| library.proc_macro) {
            lines.insert("runs on the builder");
        }
        Vec::from_iter(lines).join("\n").into()
    }
}

/// Joins features. Their names contain no comma.
fn joined<'a>(names: impl IntoIterator<Item = &'a &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().copied().collect();
    names.join(", ")
}

/// Returns the features that can reach one of the dependencies in `names`, with the items that do so.
fn relevant_features<'a>(
    features: &'a BTreeMap<String, Vec<String>>,
    names: &BTreeSet<&str>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let dependency = |item: &str| {
        let name = item.strip_prefix("dep:").unwrap_or(item);
        let name = name.split('/').next().unwrap_or(name);
        names.contains(name.trim_end_matches('?'))
    };
    let mut relevant: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    loop {
        let mut more = false;
        for (feature, items) in features {
            for item in items {
                let counts = dependency(item) || relevant.contains_key(item.as_str());
                if counts && relevant.entry(feature).or_default().insert(item) {
                    more = true;
                }
            }
        }
        if !more {
            return relevant;
        }
    }
}

/// Returns the parts of a dependency's declaration that affect features, including inherited ones.
fn with_inherited(workspace: &Table, key: &str, value: &Value) -> Table {
    let inherits = value.get("workspace").and_then(Value::as_bool) == Some(true);
    let shared = inherits
        .then(|| workspace.get("workspace")?.get("dependencies")?.get(key))
        .flatten();
    let mut joined = Table::new();
    let mut features = BTreeSet::new();
    for table in [shared, Some(value)]
        .into_iter()
        .flatten()
        .filter_map(Value::as_table)
    {
        for (key, value) in table {
            match key.as_str() {
                "features" => features.extend(
                    value
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str),
                ),
                "default-features" | "default_features" => {
                    joined.insert("default-features".to_owned(), value.clone());
                }
                "optional" | "package" => {
                    joined.insert(key.clone(), value.clone());
                }
                _ => {}
            }
        }
    }
    let features: Vec<Value> = features.into_iter().map(Value::from).collect();
    joined.insert("features".to_owned(), features.into());
    joined
}
