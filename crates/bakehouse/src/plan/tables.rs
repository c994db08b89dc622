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
