//! The inputs of an output, part by part. Its input hash covers all parts; `bakehouse why` compares them.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::about;
use super::hash::InputHash;
use crate::graph::path_map::PathMap;
use crate::graph::paths::in_order;
use crate::graph::sources::FileState;
use crate::names::{PackageName, TargetName};

/// One input of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A key of `bakehouse.toml`.
    Setting(String),
    /// The pinned release of Rust.
    Toolchain,
    /// The identity in `toolchain.json`.
    Identity,
    /// A file with Cargo's configuration.
    CargoConfig(Utf8PathBuf),
    /// A key in the manifest of a workspace, such as `profile.release`.
    Workspace(Utf8PathBuf, String),
    /// A package that is compiled: its manifest, files and declared inputs.
    Package(PackageName),
    /// The enabled features of a package that is compiled.
    Features(PackageName),
    /// The requests of another package, compiled together with it, to crates that both need.
    FeatureRequests(PackageName),
    /// An entry of the lock: `name version`.
    Locked(Arc<str>),
    /// The folder of a third-party crate in the repository.
    Crate(Utf8PathBuf),
    /// A file that is shipped beside the binary.
    Shipped(Utf8PathBuf),
    /// A Dockerfile of the user's.
    Dockerfile(Utf8PathBuf),
    /// A file of the context of such a Dockerfile.
    Sent(Utf8PathBuf),
    /// An image whose files a package embeds.
    Embedded(TargetName),
    /// An image that the image ships files of, or is built on.
    Image(TargetName),
}

impl Part {
    /// Returns the place of its kind among all kinds.
    fn rank(&self) -> u8 {
        match self {
            Self::Setting(_) => 0,
            Self::Toolchain => 1,
            Self::Identity => 2,
            Self::CargoConfig(_) => 3,
            Self::Workspace(..) => 4,
            Self::Package(_) => 5,
            Self::Features(_) => 6,
            Self::FeatureRequests(_) => 7,
            Self::Locked(_) => 8,
            Self::Crate(_) => 9,
            Self::Shipped(_) => 10,
            Self::Dockerfile(_) => 11,
            Self::Sent(_) => 12,
            Self::Embedded(_) => 13,
            Self::Image(_) => 14,
        }
    }
}

/// The order in which hashes cover the parts.
impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Setting(a), Self::Setting(b)) => a.cmp(b),
            (Self::Workspace(a, of_a), Self::Workspace(b, of_b)) => {
                in_order(a, b).then_with(|| of_a.cmp(of_b))
            }
            (Self::Package(a), Self::Package(b))
            | (Self::Features(a), Self::Features(b))
            | (Self::FeatureRequests(a), Self::FeatureRequests(b)) => a.cmp(b),
            (Self::Locked(a), Self::Locked(b)) => a.cmp(b),
            (Self::CargoConfig(a), Self::CargoConfig(b))
            | (Self::Crate(a), Self::Crate(b))
            | (Self::Shipped(a), Self::Shipped(b))
            | (Self::Dockerfile(a), Self::Dockerfile(b))
            | (Self::Sent(a), Self::Sent(b)) => in_order(a, b),
            (Self::Embedded(a), Self::Embedded(b)) | (Self::Image(a), Self::Image(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(key) => match about::field(key) {
                Some(field) => write!(f, "{field} of the package"),
                None => write!(f, "{key}"),
            },
            Self::Toolchain => write!(f, "the release of Rust"),
            Self::Identity => write!(f, "toolchain.json"),
            Self::CargoConfig(path) => write!(f, "{path}"),
            Self::Workspace(manifest, key) => write!(f, "{key} in {manifest}"),
            Self::Package(name) => write!(f, "package {name}"),
            Self::Features(name) => write!(f, "features of {name}"),
            Self::FeatureRequests(name) => {
                write!(f, "requests of {name} to crates that others need, too")
            }
            Self::Locked(name) => write!(f, "{name} in Cargo.lock"),
            Self::Crate(path) => write!(f, "{path}"),
            Self::Shipped(path) => write!(f, "{path}, a shipped file"),
            Self::Dockerfile(path) | Self::Sent(path) => write!(f, "{path}"),
            Self::Embedded(name) => write!(f, "image {name}, which is embedded"),
            Self::Image(name) => write!(f, "image {name}"),
        }
    }
}

/// Everything that can change an output. Equal inputs give equal outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs(pub BTreeMap<Part, Arc<str>>);

impl Inputs {
    pub(super) fn set(&mut self, part: Part, value: impl Into<Arc<str>>) {
        self.0.insert(part, value.into());
    }

    pub(super) fn setting(&mut self, key: impl Into<String>, value: impl Into<Arc<str>>) {
        self.set(Part::Setting(key.into()), value);
    }

    /// Adds the inputs of another binary of the same image. What differs between the two is kept of both.
    pub(super) fn join(&mut self, other: Self) {
        if self.0.is_empty() {
            *self = other;
            return;
        }
        for (part, value) in other.0 {
            match self.0.entry(part) {
                Entry::Vacant(free) => {
                    free.insert(value);
                }
                Entry::Occupied(mut known) if *known.get() != value => {
                    let both = format!("{}\n{value}", known.get());
                    known.insert(both.into());
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    /// Returns the input hash of an output of that kind.
    pub fn hash(&self, kind: &str) -> String {
        let mut hash = InputHash::new(kind);
        for (part, value) in &self.0 {
            let (name, of): (&str, &str) = match part {
                Part::Setting(key) => ("setting", key),
                Part::Toolchain => ("toolchain", ""),
                Part::Identity => ("identity", ""),
                Part::CargoConfig(path) => ("cargo-config", path.as_str()),
                Part::Workspace(manifest, key) => {
                    hash.part("manifest", manifest.as_str());
                    ("workspace", key)
                }
                Part::Package(name) => ("package", name),
                Part::Features(name) => ("features", name),
                Part::FeatureRequests(name) => ("feature requests", name),
                Part::Locked(name) => ("locked", name),
                Part::Crate(path) => ("crate", path.as_str()),
                Part::Shipped(path) => ("shipped", path.as_str()),
                Part::Dockerfile(path) => ("dockerfile", path.as_str()),
                Part::Sent(path) => ("sent", path.as_str()),
                Part::Embedded(name) => ("embedded", name),
                Part::Image(name) => ("image", name),
            };
            hash.part(name, of);
            hash.part("value", value);
        }
        hash.finish()
    }
}

/// The inputs of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageInputs {
    /// Its manifest, as the compile stages see it.
    pub manifest: String,
    /// The other manifests that it reads, as those stages show them, by their paths.
    pub others: BTreeMap<Utf8PathBuf, String>,
    /// Its files and declared inputs.
    pub files: PathMap<FileState>,
    pub(super) digest: Arc<str>,
}

impl PackageInputs {
    pub(super) fn new(
        manifest: String,
        others: BTreeMap<Utf8PathBuf, String>,
        files: PathMap<FileState>,
    ) -> Self {
        let mut hash = InputHash::new("package");
        hash.part("manifest", &manifest);
        for (path, text) in &others {
            hash.part("other manifest", path.as_str());
            hash.part("text", text);
        }
        add_files(&mut hash, files.iter());
        Self {
            digest: hash.finish().into(),
            manifest,
            others,
            files,
        }
    }

    /// Returns the number of bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }

    /// Returns the kind and content of its files.
    pub fn texts(&self) -> BTreeMap<&Utf8Path, String> {
        let files = self.files.iter();
        files
            .map(|(file, state)| (file, file_text(state)))
            .collect()
    }
}

/// Returns the hash of the files of a third-party crate.
pub(super) fn crate_digest<'a>(
    files: impl Iterator<Item = (&'a Utf8Path, &'a FileState)>,
) -> String {
    let mut hash = InputHash::new("crate");
    add_files(&mut hash, files);
    hash.finish()
}

fn add_files<'a>(hash: &mut InputHash, files: impl Iterator<Item = (&'a Utf8Path, &'a FileState)>) {
    for (file, state) in files {
        hash.part("file", file.as_str());
        hash.part("state", &file_text(state));
    }
}

/// Describes the kind and content of a file.
pub fn file_text(state: &FileState) -> String {
    let FileState {
        kind,
        digest,
        // The digest alone identifies the content.
        bytes: _,
    } = state;
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let kind = kind.as_str();
    let digest = digest.as_bytes();
    // Every file of every package gets here, and the hash's own digits take ten times as long.
    let mut text = String::with_capacity(kind.len() + 1 + 2 * digest.len());
    text.push_str(kind);
    text.push(' ');
    for byte in digest {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(half)]));
        }
    }
    text
}
