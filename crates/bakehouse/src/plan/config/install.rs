//! The way in which CI gets this program.

use std::collections::BTreeMap;
use std::ops::Range;

/// The targets of runners that can bake: what `uname -m` prints, and the target of a release.
pub const RUNNERS: [(&str, &str); 2] = [
    ("aarch64", "aarch64-unknown-linux-musl"),
    ("x86_64", "x86_64-unknown-linux-musl"),
];

/// A command or a release, as `[ci] install` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Install {
    /// A shell command installs it.
    Command(String),
    /// It is downloaded and compared with a checksum.
    Release(Release),
}

/// A release of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The address of an archive, with `{target}` for the target.
    pub url: String,
    /// The SHA-256 checksums of the archives, by target; at least one, and only of [`RUNNERS`].
    pub sha256: BTreeMap<String, String>,
    /// The place of `install` in the configuration.
    pub place: Range<usize>,
}

impl Release {
    /// Returns the targets of [`RUNNERS`] that have no checksum.
    pub fn missing(&self) -> impl Iterator<Item = &'static str> {
        let targets = RUNNERS.iter().map(|(_, target)| *target);
        targets.filter(|target| !self.sha256.contains_key(*target))
    }
}

/// Returns the target of one of GitHub's own runners by its label; none for a label of the user.
pub fn target_of_runner(label: &str) -> Option<&'static str> {
    let system = label.strip_prefix("ubuntu-")?;
    let machine = match system.strip_suffix("-arm") {
        Some(_) => "aarch64",
        None if system == "latest" || is_version(system) => "x86_64",
        None => return None,
    };
    let mut runners = RUNNERS.iter();
    runners.find_map(|(name, target)| (*name == machine).then_some(*target))
}

fn is_version(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_of_a_runner_is_known_if_github_made_its_label() {
        let table = [
            ("ubuntu-24.04", Some("x86_64-unknown-linux-musl")),
            ("ubuntu-latest", Some("x86_64-unknown-linux-musl")),
            ("ubuntu-24.04-arm", Some("aarch64-unknown-linux-musl")),
            ("ubuntu-22.04-8-cores", None),
            ("self-hosted", None),
            ("arm", None),
        ];
        for (label, expected) in table {
            assert_eq!(target_of_runner(label), expected, "{label}");
        }
    }
}
