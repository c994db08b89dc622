//! Differences between the keys of two documents.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::difference::Difference;

/// Returns the keys that two configurations have differently. The layers are compared by themselves.
pub fn of_configurations(published: &[u8], rebuilt: &[u8]) -> Vec<Difference> {
    let read = |bytes: &[u8]| {
        let mut document: Value = serde_json::from_slice(bytes).unwrap_or_default();
        remove(&mut document, "/rootfs", "diff_ids");
        document
    };
    differences(&read(published), &read(rebuilt))
}

/// Returns the keys that two manifests have differently, except digests and sizes of what they consist of. Layers count
/// only if there are as many.
pub fn of_manifests(published: &[u8], rebuilt: &[u8]) -> Vec<Difference> {
    let read = |bytes: &[u8]| -> Value { serde_json::from_slice(bytes).unwrap_or_default() };
    let (mut published, mut rebuilt) = (read(published), read(rebuilt));
    let count = |document: &Value| document["layers"].as_array().map_or(0, Vec::len);
    let counts = (count(&published), count(&rebuilt));
    for document in [&mut published, &mut rebuilt] {
        for key in ["digest", "size"] {
            remove(document, "/config", key);
            for layer in 0..counts.0.max(counts.1) {
                remove(document, &format!("/layers/{layer}"), key);
            }
        }
        if counts.0 != counts.1 {
            remove(document, "", "layers");
        }
    }
    differences(&published, &rebuilt)
}

fn remove(document: &mut Value, at: &str, key: &str) {
    if let Some(Value::Object(object)) = document.pointer_mut(at) {
        object.remove(key);
    }
}

fn differences(published: &Value, rebuilt: &Value) -> Vec<Difference> {
    let mut values = [published, rebuilt].map(|document| {
        let mut values = BTreeMap::new();
        flatten(&mut Vec::new(), document, &mut values);
        values
    });
    let paths: BTreeSet<Path> = values
        .iter()
        .flat_map(|values| values.keys().cloned())
        .collect();
    let differing = paths.into_iter().filter_map(|path| {
        let [published, rebuilt] = &mut values;
        Difference::of(&name(&path), published.remove(&path), rebuilt.remove(&path))
    });
    differing.collect()
}

/// The place of a value: keys, and indices of lists.
type Path = Vec<Part>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Index(usize),
    Key(String),
}

fn name(path: &Path) -> String {
    let mut name = String::new();
    for part in path {
        match part {
            Part::Key(key) if name.is_empty() => name.push_str(key),
            Part::Key(key) => name += &format!(".{key}"),
            Part::Index(index) => name += &format!("[{index}]"),
        }
    }
    name
}

/// Adds all values that are no objects or lists, and empty ones. Variables are told by their names.
fn flatten(path: &mut Path, value: &Value, into: &mut BTreeMap<Path, String>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                path.push(Part::Key(key.clone()));
                flatten(path, value, into);
                path.pop();
            }
        }
        Value::Array(list) if path.last() == Some(&Part::Key("Env".to_owned())) => {
            for entry in list.iter().filter_map(Value::as_str) {
                let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
                path.push(Part::Key(name.to_owned()));
                into.insert(path.clone(), value.to_owned());
                path.pop();
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (index, value) in list.iter().enumerate() {
                path.push(Part::Index(index));
                flatten(path, value, into);
                path.pop();
            }
        }
        Value::Null => {}
        Value::String(text) => _ = into.insert(path.clone(), text.clone()),
        other => _ = into.insert(path.clone(), other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(found: &[Difference]) -> Vec<String> {
        let lines = found.iter();
        lines
            .map(|found| format!("{} {}", found.key, found.values()))
            .collect()
    }

    #[test]
    fn keys_of_configurations_are_named() {
        let published = br#"{"config":{"Env":["A=1","B=x"],"Labels":{"a.b":"c"},"User":""},"history":[{"created_by":"x"}],"rootfs":{"type":"layers","diff_ids":["a"]}}"#;
        let rebuilt = br#"{"config":{"Env":["B=y","A=1"],"ExposedPorts":{"80/tcp":{}}},"history":[{"created_by":"x","empty_layer":true}],"rootfs":{"type":"layers","diff_ids":["b"]}}"#;
        let found = of_configurations(published, rebuilt);
        let expected = [
            "config.Env.B x published, y rebuilt",
            "config.ExposedPorts.80/tcp none published, {} rebuilt",
            "config.Labels.a.b c published, none rebuilt",
            "config.User empty published, none rebuilt",
            "history[0].empty_layer none published, true rebuilt",
        ];
        assert_eq!(lines(&found), expected);
        assert!(of_configurations(published, published).is_empty());
    }

    #[test]
    fn manifests_differ_in_types_and_annotations_and_layers_count_for_themselves() {
        let manifest = |kind: &str, layers: &str| {
            format!(
                r#"{{"mediaType":"{kind}","config":{{"digest":"{kind}","size":1}},"layers":[{layers}]}}"#
            )
        };
        let layer = |kind: &str| format!(r#"{{"mediaType":"{kind}","digest":"{kind}","size":1}}"#);
        let one = manifest("oci", &layer("gzip"));
        let other = manifest("docker", &layer("zstd"));
        let found = of_manifests(one.as_bytes(), other.as_bytes());
        let expected = [
            "layers[0].mediaType gzip published, zstd rebuilt",
            "mediaType oci published, docker rebuilt",
        ];
        assert_eq!(lines(&found), expected);
        let more = manifest("oci", &[layer("gzip"), layer("gzip")].join(","));
        assert_eq!(of_manifests(one.as_bytes(), more.as_bytes()), []);
    }

    #[test]
    fn lists_are_in_the_order_of_their_numbers() {
        let list = |last: &str| {
            let steps = vec![format!(r#"{{"created_by":"{last}"}}"#); 11];
            format!(r#"{{"history":[{}]}}"#, steps.join(","))
        };
        let found = of_configurations(list("a").as_bytes(), list("b").as_bytes());
        let keys: Vec<&str> = found.iter().map(|found| found.key.as_str()).collect();
        assert_eq!(keys[2], "history[2].created_by");
        assert_eq!(keys[10], "history[10].created_by");
    }
}
