//! Tables and values of manifests.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Returns the tables of dependencies of a manifest, with their names.
pub fn dependency_tables(manifest: &Table) -> Vec<(String, &Table)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flatten()
        .filter_map(|(target, value)| Some((format!("target.{target}."), value.as_table()?)));
    let kinds = ["dependencies", "build-dependencies", "dev-dependencies"];
    std::iter::once((String::new(), manifest))
        .chain(targets)
        .flat_map(|(prefix, table)| {
            kinds.into_iter().filter_map(move |kind| {
                Some((format!("{prefix}{kind}"), table.get(kind)?.as_table()?))
            })
        })
        .collect()
}

/// Calls `change` with a manifest, and with its table of each target: all that may hold tables of dependencies.
pub fn change_each(manifest: &mut Table, mut change: impl FnMut(&mut Table)) {
    change(manifest);
    let targets = manifest.get_mut("target").and_then(Value::as_table_mut);
    let targets = targets.into_iter().flat_map(|targets| targets.iter_mut());
    targets
        .filter_map(|(_, target)| target.as_table_mut())
        .for_each(change);
}

/// Formats a value independently of the order of its keys.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let sorted: BTreeMap<&String, &Value> = table.iter().collect();
            let values = sorted.into_iter().map(|(key, value)| {
                let key = Value::from(key.as_str());
                format!("{key} = {}", canonical(value))
            });
            format!("{{{}}}", values.collect::<Vec<_>>().join(", "))
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(canonical).collect();
            format!("[{}]", values.join(", "))
        }
        other => other.to_string(),
    }
}
