//! What a package says of itself, as labels of its images.

use std::collections::BTreeMap;

use crate::graph::{Member, Workspace};

/// Label, and key of `[package]`.
const KEYS: [(&str, &str); 4] = [
    ("org.opencontainers.image.description", "description"),
    ("org.opencontainers.image.licenses", "license"),
    ("org.opencontainers.image.source", "repository"),
    ("org.opencontainers.image.version", "version"),
];

/// The labels that a package's manifest gives, its own values or those of its workspace.
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

/// Returns the key of the input that holds such a label.
pub fn setting(label: &str) -> String {
    format!("{SETTING}{label}")
}

/// Returns the key of `[package]` that the label of an input comes from, or `None` if the input is no such label.
pub fn field(setting: &str) -> Option<&'static str> {
    let label = setting.strip_prefix(SETTING)?;
    let mut keys = KEYS.into_iter();
    keys.find_map(|(known, key)| (known == label).then_some(key))
}

/// Returns a text in the form of a label: on one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
