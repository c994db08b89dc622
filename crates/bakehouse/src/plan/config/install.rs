//! The way in which CI gets this program.

use std::collections::BTreeMap;

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
}
