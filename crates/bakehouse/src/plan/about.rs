//! Metadata from a package's manifest, as labels of its images.

use std::collections::BTreeMap;

use crate::graph::{Member, Workspace};

/// The labels, with the keys of `[package]` that they come from.
const KEYS: [(&str, &str); 4] = [
    ("org.opencontainers.image.description", "description"),
    ("org.opencontainers.image.licenses", "license"),
    ("org.opencontainers.image.source", "repository"),
    ("org.opencontainers.image.version", "version"),
];

/// Returns the labels from a package's manifest, including values that it inherits from its workspace.
pub fn about(workspace: &Workspace, member: &Member) -> BTreeMap<String, String> {
    KEYS.into_iter()
        .filter_map(|(label, key)| {
            let value = workspace.package_value(member, key)?;
            let value = one_line(value);
            (!value.is_empty()).then(|| (label.to_owned(), value))
        })
        .collect()
}

const SETTING: &str = "label ";

/// Returns the key of the input for such a label.
pub fn setting(label: &str) -> String {
    format!("{SETTING}{label}")
}

/// Returns the key of `[package]` that the label of an input comes from, or `None` if the input is not such a label.
pub fn field(setting: &str) -> Option<&'static str> {
    let label = setting.strip_prefix(SETTING)?;
    let mut keys = KEYS.into_iter();
    keys.find_map(|(known, key)| (known == label).then_some(key))
}

/// Returns a text as a label has it, on one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
