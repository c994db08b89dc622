//! Other versions of a locked crate. Cargo's cache of the index proposes them, and `cargo update --precise` decides.

use std::collections::BTreeSet;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use semver::Version;
use serde::Deserialize;

use crate::graph::lock::Lock;
use crate::problem::{Code, Problem};

/// Proposals that Cargo is asked about, for each crate.
const ASKED: usize = 8;

/// The other versions of a workspace's crates.
#[derive(Debug)]
pub struct Neighbours {
    root: Utf8PathBuf,
    /// Folders in which Cargo keeps what it read of indexes.
    indexes: Vec<Utf8PathBuf>,
    rustc: Option<Version>,
}

impl Neighbours {
    /// Reads what the workspace in `root` can be moved to. Its lock is the same afterwards.
    pub fn of(root: &Utf8Path) -> Self {
        let home = std::env::var("CARGO_HOME")
            .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")))
            .unwrap_or_default();
        let index = Utf8Path::new(&home).join("registry/index");
        let mut indexes: Vec<Utf8PathBuf> = index
            .read_dir_utf8()
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path().join(".cache")))
            .collect();
        indexes.sort();
        let output = Command::new("rustc")
            .current_dir(root)
            .arg("--version")
            .output();
        let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        Self {
            root: root.to_owned(),
            indexes,
            rustc: said
                .ok()
                .and_then(|said| said.split(' ').nth(1)?.parse().ok()),
        }
    }

    /// Returns up to `most` versions to which `cargo update` moves the crate and nothing else, nearest first.
    pub fn versions(&mut self, name: &str, version: &str, most: usize) -> Vec<String> {
        let Ok(current) = Version::parse(version) else {
            return Vec::new();
        };
        let path = self.root.join("Cargo.lock");
        let Ok(before) = fs_err::read_to_string(&path) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for proposal in self.proposals(name, &current).into_iter().take(ASKED) {
            let proposal = proposal.to_string();
            let moved = update(&self.root, name, version, &proposal);
            let after = fs_err::read_to_string(&path).unwrap_or_default();
            if moved.is_ok() && is_only_move(&before, &after, name, version, &proposal) {
                found.push(proposal);
            }
            if after != before && fs_err::write(&path, &before).is_err() {
                return Vec::new();
            }
            if found.len() == most {
                break;
            }
        }
        found
    }

    /// Returns the versions near `current` that a caret requirement of it or of its predecessors may take.
    fn proposals(&self, name: &str, current: &Version) -> Vec<Version> {
        let mut known = BTreeSet::new();
        for index in &self.indexes {
            let text = fs_err::read(index.join(index_path(name))).unwrap_or_default();
            known.extend(published(&text, self.rustc.as_ref()));
        }
        if known.is_empty() {
            known.extend(guessed(current));
        }
        nearest(known, current)
    }
}

/// Moves a locked crate to another version.
///
/// # Errors
/// `cargo-failed`.
pub fn update(root: &Utf8Path, name: &str, from: &str, to: &str) -> Result<(), Problem> {
    let failed = |said: &str| {
        Problem::new(
            Code::CargoFailed,
            format!("`{name}` cannot be moved from {from} to {to}: {said}"),
        )
        .hint("moving a dependency needs the crates' registry; leave its scenario out if there is none")
    };
    let output = Command::new("cargo")
        .current_dir(root)
        .args([
            "update",
            "--package",
            &format!("{name}@{from}"),
            "--precise",
            to,
        ])
        .output()
        .map_err(|error| failed(&error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// Returns whether the locks differ in the version of that crate only.
fn is_only_move(before: &str, after: &str, name: &str, from: &str, to: &str) -> bool {
    let entries = |text: &str| -> Option<BTreeSet<(String, String)>> {
        let lock = Lock::parse(text).ok()?;
        let packages = lock.packages().iter();
        Some(
            packages
                .map(|one| (one.name.clone(), one.version.clone()))
                .collect(),
        )
    };
    let (Some(mut before), Some(after)) = (entries(before), entries(after)) else {
        return false;
    };
    before.remove(&(name.to_owned(), from.to_owned()))
        && before.insert((name.to_owned(), to.to_owned()))
        && before == after
}

/// Returns the path of a crate in an index.
fn index_path(name: &str) -> String {
    let name = name.to_lowercase();
    match name.len() {
        0..=2 => format!("{}/{name}", name.len()),
        3 => format!("3/{}/{name}", &name[..1]),
        _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
    }
}

/// Returns the versions in a file of Cargo's cache of an index that are not withdrawn and that `rustc` compiles.
fn published(cached: &[u8], rustc: Option<&Version>) -> Vec<Version> {
    #[derive(Deserialize)]
    struct Entry {
        vers: Version,
        #[serde(default)]
        yanked: bool,
        rust_version: Option<String>,
    }
    let lines = cached.split(|byte| *byte == 0 || *byte == b'\n');
    let entries = lines.filter_map(|line| serde_json::from_slice::<Entry>(line).ok());
    entries
        .filter(|entry| {
            let oldest = entry.rust_version.as_deref().and_then(padded);
            let compiles = oldest
                .zip(rustc)
                .is_none_or(|(oldest, rustc)| oldest <= *rustc);
            !entry.yanked && compiles
        })
        .map(|entry| entry.vers)
        .collect()
}

/// Parses a version that may have fewer than three parts.
fn padded(version: &str) -> Option<Version> {
    let missing = 2_usize.saturating_sub(version.matches('.').count());
    Version::parse(&(version.to_owned() + &".0".repeat(missing))).ok()
}

/// Returns versions that are likely to exist, for when nothing is known of the crate.
fn guessed(current: &Version) -> Vec<Version> {
    let (major, minor, patch) = (current.major, current.minor, current.patch);
    let older = (1..=patch.min(4)).map(|less| Version::new(major, minor, patch - less));
    let newer = (1..=2).map(|more| Version::new(major, minor, patch + more));
    let minors = (1..=minor.min(2)).map(|less| Version::new(major, minor - less, 0));
    older.chain(newer).chain(minors).collect()
}

/// Returns the compatible ones among `known`, nearest first, and of two as near the older first.
fn nearest(known: BTreeSet<Version>, current: &Version) -> Vec<Version> {
    let compatible = |version: &Version| {
        version.pre.is_empty()
            && version.major == current.major
            && (current.major > 0 || version.minor == current.minor)
            && (current.major > 0 || current.minor > 0)
    };
    let mut sorted: BTreeSet<Version> = known.into_iter().filter(compatible).collect();
    sorted.insert(current.clone());
    let own = sorted.iter().position(|version| version == current);
    let own = own.unwrap_or_default();
    let mut indexed: Vec<(usize, Version)> = sorted.into_iter().enumerate().collect();
    indexed.retain(|(index, _)| *index != own);
    indexed.sort_by_key(|(index, _)| (index.abs_diff(own), *index));
    indexed.into_iter().map(|(_, version)| version).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(versions: &[Version]) -> Vec<String> {
        versions.iter().map(Version::to_string).collect()
    }

    fn nearest_of(known: &[&str], current: &str) -> Vec<String> {
        let known = known.iter().map(|version| Version::parse(version).unwrap());
        texts(&nearest(known.collect(), &Version::parse(current).unwrap()))
    }

    #[test]
    fn neighbours_are_compatible_and_the_nearest_come_first() {
        let known = [
            "0.9.0",
            "1.0.0",
            "1.0.1",
            "1.1.0",
            "1.2.0",
            "2.0.0",
            "1.3.0-rc.1",
        ];
        assert_eq!(nearest_of(&known, "1.1.0"), ["1.0.1", "1.2.0", "1.0.0"]);
        assert_eq!(
            nearest_of(&["0.3.1", "0.4.0", "0.4.2"], "0.4.1"),
            ["0.4.0", "0.4.2"]
        );
        assert_eq!(nearest_of(&["0.0.1", "0.0.3"], "0.0.2"), [""; 0]);
        assert_eq!(nearest_of(&[], "1.0.0"), [""; 0]);
    }

    #[test]
    fn withdrawn_versions_and_those_for_a_newer_compiler_are_left_out() {
        let cached = b"\x03\x02\0\0\0etag: x\0\
            1.0.0\0{\"name\":\"a\",\"vers\":\"1.0.0\",\"yanked\":false}\0\
            1.0.1\0{\"name\":\"a\",\"vers\":\"1.0.1\",\"yanked\":true}\0\
            1.0.2\0{\"name\":\"a\",\"vers\":\"1.0.2\",\"yanked\":false,\"rust_version\":\"1.95\"}\0\
            1.0.3\0{\"name\":\"a\",\"vers\":\"1.0.3\",\"yanked\":false,\"rust_version\":\"1.96.0\"}\0";
        let rustc = Version::new(1, 95, 0);
        assert_eq!(texts(&published(cached, Some(&rustc))), ["1.0.0", "1.0.2"]);
        assert_eq!(texts(&published(b"not an index", None)), [""; 0]);
    }

    #[test]
    fn crates_are_found_in_the_index() {
        assert_eq!(index_path("a"), "1/a");
        assert_eq!(index_path("cc"), "2/cc");
        assert_eq!(index_path("syn"), "3/s/syn");
        assert_eq!(index_path("Inflector"), "in/fl/inflector");
    }

    #[test]
    fn a_move_that_brings_other_crates_is_none() {
        let lock = |a: &str, more: &str| {
            format!(
                "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"{a}\"\nsource = \"registry+x\"\n{more}"
            )
        };
        let (before, after) = (lock("1.0.0", ""), lock("1.0.1", ""));
        assert!(is_only_move(&before, &after, "a", "1.0.0", "1.0.1"));
        assert!(!is_only_move(&before, &before, "a", "1.0.0", "1.0.1"));
        let more = lock(
            "1.0.1",
            "\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n",
        );
        assert!(!is_only_move(&before, &more, "a", "1.0.0", "1.0.1"));
    }
}
