//! `[patch]` and `[replace]`: other sources for packages, including local folders.

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use super::lock::Package;

/// The source of a patched package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// A folder, relative to the manifest.
    Path(Utf8PathBuf),
    Git(String),
    Registry,
}

/// A replacement for a package, from a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    pub package: String,
    pub from: From,
}

impl Patch {
    /// Reads the value of an entry of `[patch.<source>]` or `[replace]` named `key`.
    fn new(key: &str, value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let from = match (text("path"), text("git")) {
            (Some(path), _) => From::Path(path.into()),
            (_, Some(url)) => From::Git(url.to_owned()),
            _ => From::Registry,
        };
        // A [replace] is named by a package id: `foo:1.0.0`, or a URL that ends in that.
        let name = key.rsplit(['/', '#']).next().unwrap_or(key);
        let name = name.split([':', '@']).next().unwrap_or(name);
        Self {
            package: text("package").unwrap_or(name).to_owned(),
            from,
        }
    }

    /// Returns whether the lock uses it for one of `entries`.
    pub fn is_used(&self, entries: &[&Package]) -> bool {
        entries
            .iter()
            .filter(|entry| entry.name == self.package)
            .any(|entry| match (&self.from, &entry.source) {
                (From::Path(_), source) => source.is_none(),
                (From::Git(url), Some(source)) => {
                    source.starts_with("git+") && source[4..].starts_with(url.trim_end_matches('/'))
                }
                (From::Registry, Some(source)) => !source.starts_with("git+"),
                (_, None) => false,
            })
    }
}

/// Returns all patches of a workspace's manifest.
pub fn patches(manifest: &Table) -> Vec<Patch> {
    let table = |value: &Value| value.as_table().cloned().unwrap_or_default();
    let sources = manifest.get("patch").map(table).unwrap_or_default();
    let replaced = manifest.get("replace").cloned();
    sources
        .into_iter()
        .map(|(_, entries)| entries)
        .chain(replaced)
        .flat_map(|entries| table(&entries))
        .map(|(key, value)| Patch::new(&key, &value))
        .collect()
}

/// Removes the patches from `manifest` that `entries` do not use: Cargo would load even those.
pub fn cut(manifest: &mut Table, entries: &[&Package]) {
    let keep = |entries_table: &mut Value| {
        if let Some(table) = entries_table.as_table_mut() {
            table.retain(|key, value| Patch::new(key, value).is_used(entries));
        }
        entries_table
            .as_table()
            .is_none_or(|table| !table.is_empty())
    };
    if let Some(sources) = manifest.get_mut("patch").and_then(Value::as_table_mut) {
        sources.retain(|_, entries| keep(entries));
    }
    if let Some(replaced) = manifest.get_mut("replace") {
        keep(replaced);
    }
    for key in ["patch", "replace"] {
        let empty = manifest
            .get(key)
            .and_then(Value::as_table)
            .is_some_and(Table::is_empty);
        if empty {
            manifest.remove(key);
        }
    }
}

/// Returns the folders of local packages that `manifest`, which is in `folder`, puts in place of others.
pub fn folders(manifest: &Table, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    patches(manifest)
        .into_iter()
        .filter_map(|patch| match patch.from {
            From::Path(path) => Some(normalised(&folder.join(path))),
            _ => None,
        })
        .collect()
}

/// Returns `path` without `.` and `..`, as Cargo writes paths.
pub fn normalised(path: &Utf8Path) -> Utf8PathBuf {
    let mut parts = Utf8PathBuf::new();
    for part in path.components() {
        match part.as_str() {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts
}
