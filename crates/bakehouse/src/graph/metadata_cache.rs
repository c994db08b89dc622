//! A cache of `cargo metadata` output, so that Cargo is not run again while its inputs are unchanged.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};

use super::fingerprint::Digest;
use super::{cargo_config, which_cargo};

/// The number of bytes to keep. The oldest answers are deleted first.
const LIMIT: u64 = 64 << 20;

/// A folder with one answer per file. The first line is the fingerprint of Cargo's inputs, the rest is the answer.
#[derive(Clone, Debug)]
pub struct MetadataCache {
    folder: PathBuf,
}

/// An answer, and the fingerprint of Cargo's inputs.
pub struct Kept {
    pub fingerprint: String,
    pub text: String,
}

impl MetadataCache {
    /// Returns the user's cache: the folder `BAKEHOUSE_CACHE`, or else one in the usual place for caches. `None` if
    /// there is no such place, or the variable is empty.
    pub fn of_user() -> Option<Self> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let absolute = |path: PathBuf| path.is_absolute().then_some(path);
        let folder = match variable("BAKEHOUSE_CACHE") {
            Some(folder) => Some(folder),
            None => variable("XDG_CACHE_HOME")
                .and_then(absolute)
                .or_else(|| Some(variable("HOME")?.join(".cache")))
                .map(|caches| caches.join("bakehouse")),
        };
        let folder = folder.and_then(absolute)?;
        Some(Self::of(&folder))
    }

    /// Returns the cache in a folder of caches.
    pub fn of(folder: impl AsRef<Path>) -> Self {
        Self {
            folder: folder.as_ref().join("cargo"),
        }
    }

    /// Returns the answer for the workspace of the manifest `start`.
    pub fn get(&self, start: &Utf8Path) -> Option<Kept> {
        let text = std::fs::read_to_string(self.file(start)?).ok()?;
        let (fingerprint, text) = text.split_once('\n')?;
        Some(Kept {
            fingerprint: fingerprint.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Stores an answer. If that fails, Cargo is run again next time.
    pub fn put(&self, start: &Utf8Path, kept: &Kept) {
        if let Err(error) = self.try_to_put(start, kept) {
            tracing::debug!("the answer of cargo metadata is not cached: {error}");
        }
    }

    fn try_to_put(&self, start: &Utf8Path, kept: &Kept) -> std::io::Result<()> {
        let Some(path) = self.file(start) else {
            return Ok(());
        };
        fs_err::create_dir_all(&self.folder)?;
        // Concurrent readers see either the old text or the new one.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        writeln!(file, "{}", kept.fingerprint)?;
        file.write_all(kept.text.as_bytes())?;
        file.persist(path)?;
        self.forget_the_oldest()
    }

    fn forget_the_oldest(&self) -> std::io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs_err::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            entries.push((metadata.modified()?, metadata.len(), entry.path()));
        }
        entries.sort();
        let mut left = LIMIT;
        for (_, size, path) in entries.into_iter().rev() {
            match left.checked_sub(size) {
                Some(less) => left = less,
                None => fs_err::remove_file(path)?,
            }
        }
        Ok(())
    }

    fn file(&self, start: &Utf8Path) -> Option<PathBuf> {
        let mut digest = surroundings()?;
        digest.part("manifest", start.as_str());
        Some(self.folder.join(&digest.finish()[..32]))
    }
}

/// Returns a digest of everything outside the workspace that affects Cargo's answer: which Cargo it is, its
/// configuration and the environment. `None` if that cannot be determined.
fn surroundings() -> Option<Digest> {
    let mut digest = Digest::new("cargo metadata, form 2");
    let here = Utf8PathBuf::from_path_buf(std::env::current_dir().ok()?).ok()?;
    let variables: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| {
            let deciding = ["CARGO", "RUSTC", "RUSTUP"];
            name == "HOME" || deciding.iter().any(|start| name.starts_with(start))
        })
        .collect();
    for (name, value) in &variables {
        digest.part(name, value);
    }
    let home = |variable: &str, usual: &str| {
        let named = variables.get(variable).map(Utf8PathBuf::from);
        named.or_else(|| Some(Utf8Path::new(variables.get("HOME")?).join(usual)))
    };
    let program = variables.get("CARGO").map_or("cargo", String::as_str);
    let rustup = home("RUSTUP_HOME", ".rustup")?;
    let toolchain = variables.get("RUSTUP_TOOLCHAIN").map(String::as_str);
    which_cargo::tell(&mut digest, program, &here, &rustup, toolchain)?;

    let above = here.ancestors();
    let configs = above
        .flat_map(|folder| [".cargo/config", ".cargo/config.toml"].map(|name| folder.join(name)));
    let cargo = home("CARGO_HOME", ".cargo")?;
    let own = ["config", "config.toml"].map(|name| cargo.join(name));
    let mut files = Vec::new();
    cargo_config::with_included(configs.chain(own), &mut files);
    for path in files {
        digest.part("config", path.as_str());
        digest.part("content", &std::fs::read_to_string(&path).ok()?);
    }
    Some(digest)
}
