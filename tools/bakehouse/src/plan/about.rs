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
            // A label is on one line.
            let words: Vec<&str> = value.split_whitespace().collect();
            (!words.is_empty()).then(|| (label.to_owned(), words.join(" ")))
        })
        .collect()
}
