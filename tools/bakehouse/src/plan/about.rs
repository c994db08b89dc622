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
    let own = member.manifest.get("package");
    let shared = workspace
        .manifest_of(member)
        .get("workspace")
        .and_then(|workspace| workspace.get("package"));
    KEYS.into_iter()
        .filter_map(|(label, key)| {
            let value = own?.get(key)?;
            let value = value.as_str().or_else(|| shared?.get(key)?.as_str())?;
            // A label is on one line.
            let words: Vec<&str> = value.split_whitespace().collect();
            (!words.is_empty()).then(|| (label.to_owned(), words.join(" ")))
        })
        .collect()
}
