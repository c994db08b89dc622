//! A fingerprint of everything that `cargo metadata --no-deps` reads of a workspace. While the fingerprint is
//! unchanged, so is the answer.
//!
//! Cargo reads the manifests of the members and of path dependencies, and looks for a workspace in the folders above
//! each of them. It lists the folders that the patterns of `members` match, and it looks for source files that are
//! targets without being named in a manifest.

use std::collections::{BTreeSet, HashSet};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Metadata, Package};

use super::parallel::parallel_map;
use super::toml_file::read_toml;

/// Folders of a package in which every source file is a target.
const LISTED: [&str; 4] = ["benches", "examples", "src/bin", "tests"];

/// A digest of named parts. Each part is framed by its length, so different lists of parts never collide.
pub struct Digest(blake3::Hasher);

impl Digest {
    pub fn new(kind: &str) -> Self {
        let mut digest = Self(blake3::Hasher::new());
        digest.part("kind", kind);
        digest
    }

    pub fn part(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            self.0.update(&(text.len() as u64).to_le_bytes());
            self.0.update(text.as_bytes());
        }
    }

    /// Returns the digest as hex digits.
    pub fn finish(self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// Computes the fingerprint of everything that Cargo reads of a workspace. `metadata` is Cargo's answer for the
/// manifest `start`. Paths below `top` are taken relative to it, so that other checkouts have the same fingerprint.
/// Returns `None` if the fingerprint cannot be determined.
pub fn fingerprint(metadata: &Metadata, start: &Utf8Path, top: &Utf8Path) -> Option<String> {
    let candidates = candidates(&metadata.workspace_root)?;
    let above = folders(metadata, start, &candidates)?;
    let mut digest = Digest::new("fingerprint");
    digest.part("start", relative(start, top));
    digest.part("workspace", relative(&metadata.workspace_root, top));
    for folder in &candidates {
        digest.part("folder", relative(folder, top));
    }
    for (folder, manifest) in above
        .iter()
        .zip(parallel_map(&above, |folder| manifest(folder)))
    {
        if let Some(manifest) = manifest? {
            digest.part("manifest", relative(folder, top));
            digest.part("content", &manifest);
        }
    }
    let targets = parallel_map(&metadata.packages, targets);
    for (package, targets) in metadata.packages.iter().zip(targets) {
        digest.part("package", relative(folder(package)?, top));
        digest.part("targets", &targets?);
    }
    Some(digest.finish())
}

/// Returns whether any of it may have changed since `time`, so that it is unclear which state Cargo saw.
pub fn changed_since(
    metadata: &Metadata,
    start: &Utf8Path,
    top: &Utf8Path,
    time: SystemTime,
) -> bool {
    let Some(candidates) = candidates(&metadata.workspace_root) else {
        return true;
    };
    let Some(folders) = folders(metadata, start, &candidates) else {
        return true;
    };
    // Folders above the repository are also used by others, for example as the folder for temporary files.
    let folders = folders.into_iter().filter(|folder| folder.starts_with(top));
    // Strings compare faster than paths.
    let mut folders: HashSet<String> = folders.map(ToString::to_string).collect();
    for package in &metadata.packages {
        let dir = folder(package).into_iter();
        let names = || ["src"].into_iter().chain(LISTED);
        folders.extend(dir.flat_map(|dir| names().map(move |name| dir.join(name).into_string())));
        let sources = package.targets.iter();
        let sources = sources.filter_map(|target| target.src_path.parent());
        folders.extend(sources.map(ToString::to_string));
    }
    let after = |path: &Utf8Path| {
        // Programs cannot set back the time of the last change. File clocks may lag by a tick.
        path.symlink_metadata().is_ok_and(|metadata| {
            let seconds = u64::try_from(metadata.ctime()).unwrap_or_default();
            let nanoseconds = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
            UNIX_EPOCH + Duration::new(seconds, nanoseconds) + Duration::from_millis(10) >= time
        })
    };
    let mut folders = folders.iter().map(Utf8Path::new);
    folders.any(|folder| after(folder) || after(&folder.join("Cargo.toml")))
}

/// Returns the folders whose manifests Cargo reads or looks for, sorted.
fn folders<'a>(
    metadata: &'a Metadata,
    start: &'a Utf8Path,
    candidates: &'a BTreeSet<Utf8PathBuf>,
) -> Option<Vec<&'a Utf8Path>> {
    let mut folders = vec![start.parent()?, &metadata.workspace_root];
    folders.extend(candidates.iter().map(Utf8PathBuf::as_path));
    for package in &metadata.packages {
        folders.push(folder(package)?);
        let dependencies = package.dependencies.iter();
        folders.extend(dependencies.filter_map(|dependency| dependency.path.as_deref()));
    }
    // Strings compare faster than paths. All folders above a known folder are known too.
    let mut above: HashSet<&str> = HashSet::new();
    for folder in folders {
        let mut new = folder.ancestors();
        while new
            .next()
            .is_some_and(|folder| above.insert(folder.as_str()))
        {}
    }
    let mut above: Vec<&str> = above.into_iter().collect();
    above.sort_unstable();
    Some(above.into_iter().map(Utf8Path::new).collect())
}

fn folder(package: &Package) -> Option<&Utf8Path> {
    package.manifest_path.parent()
}

/// Returns `path` relative to `top`, or unchanged if it is elsewhere.
fn relative<'a>(path: &'a Utf8Path, top: &Utf8Path) -> &'a str {
    path.strip_prefix(top).unwrap_or(path).as_str()
}

/// Returns the digest of a folder's manifest, if it has one. `None` if it cannot be read.
fn manifest(folder: &Utf8Path) -> Option<Option<String>> {
    match std::fs::read(folder.join("Cargo.toml")) {
        Ok(content) => Some(Some(blake3::hash(&content).to_hex().to_string())),
        Err(_) if !folder.join("Cargo.toml").exists() => Some(None),
        Err(_) => None,
    }
}

/// Returns the folders that patterns of the workspace may match, with or without a manifest: Cargo complains about
/// a match without one. `None` if that would search whole trees.
fn candidates(root: &Utf8Path) -> Option<BTreeSet<Utf8PathBuf>> {
    let manifest = read_toml(&root.join("Cargo.toml")).ok()?;
    let workspace = manifest.get("workspace");
    let lists = ["members", "default-members"];
    let lists = lists.map(|key| workspace.and_then(|workspace| workspace.get(key)?.as_array()));
    let patterns = lists.into_iter().flatten().flatten();
    let mut found = BTreeSet::new();
    for pattern in patterns.filter_map(toml::Value::as_str) {
        if !is_pattern(pattern) {
            continue;
        }
        let mut folders = vec![root.to_owned()];
        for part in Utf8Path::new(pattern) {
            if part == "**" {
                return None;
            }
            folders = folders
                .iter()
                .flat_map(|folder| {
                    if is_pattern(part) {
                        inner_folders(folder)
                    } else {
                        vec![folder.join(part)]
                    }
                })
                .collect();
        }
        found.extend(folders);
    }
    Some(found)
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Returns the folders in a folder, including links to folders.
fn inner_folders(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten();
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let kind = entry.file_type();
            kind.is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && entry.path().is_dir())
        })
        .map(|entry| entry.path().to_owned())
        .collect()
}

/// Returns a digest of everything that decides which targets a package has.
fn targets(package: &Package) -> Option<String> {
    let dir = folder(package)?;
    let mut digest = Digest::new("targets");
    for name in ["src/lib.rs", "src/main.rs", "build.rs"] {
        digest.part(name, kind(&dir.join(name)));
    }
    for name in LISTED {
        let inner = dir.join(name);
        let entries = inner.read_dir_utf8().into_iter().flatten();
        let mut entries: Vec<Utf8PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.into_path()))
            .filter(|path| path.extension() == Some("rs") || path.join("main.rs").exists())
            .collect();
        entries.sort();
        for path in &entries {
            digest.part(name, path.file_name()?);
            digest.part("is", kind(path));
        }
    }
    // A manifest may name a file. The oldest edition looks for a file with the target's name.
    for target in &package.targets {
        digest.part(&target.name, kind(&target.src_path));
        let named = dir.join("src").join(format!("{}.rs", target.name));
        digest.part("in src", kind(&named));
    }
    Some(digest.finish())
}

fn kind(path: &Utf8Path) -> &'static str {
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => "folder",
        Ok(_) => "file",
        Err(_) => "nothing",
    }
}
