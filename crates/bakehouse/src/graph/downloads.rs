//! Crates whose build scripts fetch something from the network, which no step that compiles can.

use semver::Version;
use serde::Deserialize;

use super::lock::Package;

/// The rows of the table.
const TABLE: &str = include_str!("downloads.toml");

/// A crate whose build script fetches something.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// The crate, as named in `Cargo.lock`.
    pub name: String,
    /// The thing that it fetches.
    pub fetches: String,
    /// The first version that does.
    since: Option<Version>,
    /// Dependencies that it has only if it fetches something.
    #[serde(default)]
    when: Vec<String>,
    /// The crates that depend on it and fetch nothing by it.
    #[serde(default)]
    idle: Vec<String>,
    /// Dependencies that it has only if it does not.
    #[serde(default)]
    unless: Vec<String>,
    /// The features that avoid it.
    #[serde(default)]
    pub features: Vec<String>,
    /// The variables that name a local copy.
    #[serde(default)]
    pub variables: Vec<String>,
    /// The way out.
    pub instead: String,
}

#[derive(Deserialize)]
struct Table {
    #[serde(rename = "crate")]
    crates: Vec<Download>,
}

/// Returns all crates of the table, sorted by name.
fn table() -> Vec<Download> {
    let table: Table = toml::from_str(TABLE).expect("a test reads the table");
    table.crates
}

/// Returns the crates among these entries of a lock whose build scripts fetch something, as far as the entries show it.
pub fn downloads<'a>(entries: impl IntoIterator<Item = &'a Package>) -> Vec<Download> {
    let entries: Vec<&Package> = entries.into_iter().collect();
    let mut known = table();
    known.retain(|download| {
        entries.iter().any(|entry| download.is_by(entry)) && download.is_called(&entries)
    });
    known
}

impl Download {
    /// Returns whether one of the crates that depend on it may let it fetch something.
    fn is_called(&self, entries: &[&Package]) -> bool {
        let calls = |entry: &&Package| {
            !self.idle.contains(&entry.name) && entry.needs().any(|name| name == self.name)
        };
        self.idle.is_empty() || entries.iter().any(calls)
    }

    fn is_by(&self, entry: &Package) -> bool {
        if entry.name != self.name || entry.source.is_none() {
            return false;
        }
        let version = Version::parse(&entry.version).ok();
        let older = self.since.as_ref().zip(version);
        let older = older.is_some_and(|(since, version)| version < *since);
        let has = |names: &[String]| {
            let mut needs = entry.needs();
            needs.any(|one| names.iter().any(|name| name == one))
        };
        !older && (self.when.is_empty() || has(&self.when)) && !has(&self.unless)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_a_way_out_for_each_crate() {
        let table = table();
        assert!(table.is_sorted_by(|a, b| a.name < b.name));
        for Download { name, instead, .. } in &table {
            assert!(!instead.is_empty() && !instead.ends_with('.'), "{name}");
        }
    }

    #[test]
    fn the_lock_shows_what_fetches() {
        let entry = |name: &str, version: &str, dependencies: &[&str]| Package {
            name: name.to_owned(),
            version: version.to_owned(),
            source: Some("registry+https://example.invalid/index".to_owned()),
            checksum: None,
            dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
            replace: None,
        };
        let table = [
            (entry("v8", "130.0.7", &[]), true),
            (entry("ort-sys", "2.0.0-rc.9", &[]), false),
            (entry("ort-sys", "2.0.0-rc.9", &["ureq 3.0.0"]), true),
            (entry("utoipa-swagger-ui", "6.0.0", &["zip"]), false),
            (entry("utoipa-swagger-ui", "9.0.2", &["zip"]), true),
            (
                entry(
                    "utoipa-swagger-ui",
                    "9.0.2",
                    &["utoipa-swagger-ui-vendored"],
                ),
                false,
            ),
            (
                Package {
                    source: None,
                    ..entry("v8", "0.1.0", &[])
                },
                false,
            ),
            (entry("serde", "1.0.0", &["ureq"]), false),
        ];
        for (entry, expected) in table {
            assert_eq!(!downloads([&entry]).is_empty(), expected, "{entry:?}");
        }
        let aya = entry("aya-build", "0.2.0", &[]);
        for (caller, expected) in [("aya-ebpf-bindings", false), ("ebpf-router", true)] {
            let caller = entry(caller, "0.1.0", &["aya-build"]);
            let found = downloads([&aya, &caller]);
            assert_eq!(!found.is_empty(), expected, "{caller:?}");
        }
    }
}
