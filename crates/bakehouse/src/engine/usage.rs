//! Records of the builder's cache, as `docker buildx du --verbose` lists them.

use super::Engine;

/// The type of a cache mount.
const MOUNT: &str = "exec.cachemount";

/// The keys that a record has after its description, of which buildx leaves some out.
const AFTER_DESCRIPTION: [&str; 3] = ["Usage count", "Last used", "Type"];

/// A record of the builder's cache.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CacheRecord {
    /// The type, e.g. `regular` or `exec.cachemount`.
    pub kind: String,
    /// The step that made it. It has line breaks where the step's command has some.
    about: String,
    pub bytes: u64,
}

impl CacheRecord {
    /// Returns whether it is a cache mount whose id begins with `id`.
    pub fn is_mount(&self, id: &str) -> bool {
        // BuildKit takes ids for paths.
        let quoted = format!("with id \"/{id}");
        let last = self.about.lines().next_back().unwrap_or_default();
        self.kind == MOUNT && last.contains(&quoted)
    }

    fn all(said: &str) -> Vec<Self> {
        let mut records: Vec<Self> = Vec::new();
        let mut in_description = false;
        for line in said.lines() {
            let (key, value) = line.split_once(':').unwrap_or_default();
            in_description &= !AFTER_DESCRIPTION.contains(&key);
            match (key, records.last_mut()) {
                (_, Some(record)) if in_description => {
                    record.about = format!("{}\n{line}", record.about);
                }
                ("ID", _) => records.push(Self::default()),
                ("Type", Some(record)) => value.trim().clone_into(&mut record.kind),
                ("Size", Some(record)) => record.bytes = bytes(value).unwrap_or_default(),
                ("Description", Some(record)) => {
                    value.trim().clone_into(&mut record.about);
                    in_description = true;
                }
                _ => {}
            }
        }
        records
    }
}

impl Engine {
    /// Returns the records of the builder's cache; none if the builder does not tell.
    pub fn cache_records(&self) -> Option<Vec<CacheRecord>> {
        let said = self.output(&["buildx", "du", "--verbose"]).ok()?;
        Some(CacheRecord::all(&said))
    }

    /// Returns those of `ids` with which the id of one of the builder's cache mounts begins. A builder that does not tell
    /// counts as one without mounts.
    pub fn cache_mounts<'a>(&self, ids: &[&'a str]) -> Vec<&'a str> {
        let records = self.cache_records().unwrap_or_default();
        let there = |id: &&&str| records.iter().any(|record| record.is_mount(id));
        ids.iter().filter(there).copied().collect()
    }
}

/// Parses a size as engine and buildx print it, such as `3.346GiB` or `4.1kB`.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..digits].parse().ok()?;
    let factor = match text[digits..].trim() {
        "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "TiB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is printed has four digits"
    )]
    Some((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report of buildx 0.29 with a command of several lines.
    const SAID: &str = "\
ID:           abc
Created at:   2026-11-30 15:34:40.869714976 +0000 UTC
Mutable:      true
Reclaimable:  true
Shared:       false
Size:         4.096kB
Description:  cached mount /build/target from exec /bin/sh -c sh /run/deps.sh
Size: 7GB
 with id \"/shop-deps-1.95.0-linux/amd64\"
Usage count:  3
Last used:    5 minutes ago
Type:         exec.cachemount

ID:           def
Size:         1MB
Description:  mount / from exec echo with id \"/shop-deps-1.95.0-linux/amd64\"
Type:         regular

Reclaimable:  5MB
Total:        5MB
";

    #[test]
    fn records_are_read_whatever_their_commands_are() {
        let records = CacheRecord::all(SAID);
        let sizes: Vec<u64> = records.iter().map(|record| record.bytes).collect();
        assert_eq!(sizes, [4096, 1_000_000]);
        assert_eq!(records[0].kind, "exec.cachemount");
    }

    #[test]
    fn a_mount_is_known_by_the_beginning_of_its_id() {
        let records = CacheRecord::all(SAID);
        assert!(records[0].is_mount("shop-deps-1.95.0-"));
        assert!(!records[0].is_mount("deps-1.95.0-"));
        assert!(!records[0].is_mount("shop-deps-1.96.0-"));
        assert!(!records[1].is_mount("shop-deps-1.95.0-"), "no mount");
    }

    #[test]
    fn sizes_are_read_in_powers_of_ten_and_of_two() {
        assert_eq!(bytes("4.096kB"), Some(4096));
        assert_eq!(bytes("2KiB"), Some(2048));
        assert_eq!(bytes("0B"), Some(0));
        assert_eq!(bytes("many"), None);
        assert_eq!(bytes("3 potatoes"), None);
    }
}
