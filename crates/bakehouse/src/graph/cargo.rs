//! Runs `cargo metadata`.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::process::{Command, Output};
use std::time::SystemTime;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use cargo_metadata::Metadata;

use super::fingerprint::{changed_since, fingerprint};
use super::metadata_cache::{Kept, MetadataCache};
use super::{artifact_refusal, context};
use crate::problem::{Code, Problem};

/// Runs `cargo metadata`, and reuses answers where possible.
#[derive(Clone, Debug, Default)]
pub struct Cargo {
    /// The cache of answers across runs.
    cache: Option<MetadataCache>,
    /// Answers of this run.
    answers: RefCell<Vec<Answer>>,
    asked: Cell<usize>,
}

/// An answer of Cargo's about a workspace, and the location of the workspace at that time.
#[derive(Clone, Debug)]
struct Answer {
    start: Utf8PathBuf,
    top: Utf8PathBuf,
    fingerprint: String,
    text: String,
}

impl Cargo {
    /// Creates a value that caches answers across runs. An answer is valid while everything that Cargo read is
    /// unchanged.
    pub fn remembering() -> Self {
        Self {
            cache: MetadataCache::of_user(),
            ..Self::default()
        }
    }

    /// Creates the same with the cache in `folder` instead of the user's.
    pub fn remembering_in(folder: &Utf8Path) -> Self {
        Self {
            cache: Some(MetadataCache::of(folder)),
            ..Self::default()
        }
    }

    /// Returns how often Cargo was run.
    pub fn asked(&self) -> usize {
        self.asked.get()
    }

    /// Returns a copy for a temporary folder: it has the answers so far, and does not write to the cache.
    pub fn for_once(&self) -> Self {
        Self {
            cache: None,
            ..self.clone()
        }
    }

    /// Runs `cargo metadata --no-deps` for the workspace of `manifest_path`, or of the current folder if `None`.
    ///
    /// # Errors
    /// `manifest-missing`, `cargo-missing`, `cargo-failed`.
    pub fn metadata(&self, manifest_path: Option<&Utf8Path>) -> Result<Metadata, Problem> {
        let start = start(manifest_path);
        let known = start.as_deref().and_then(|start| {
            let known = self.answered_before(start);
            known.or_else(|| self.cached(start))
        });
        if let Some(metadata) = known {
            tracing::debug!("cargo metadata is not run: nothing that it reads has changed");
            return Ok(metadata);
        }
        tracing::debug!("cargo metadata is run: no answer is known for this state");
        self.asked.update(|asked| asked + 1);
        let asked = SystemTime::now();
        let text = run(manifest_path)?;
        let metadata = parse(text.clone())?;
        if let Some(start) = start {
            self.remember(start, asked, &metadata, text);
        }
        Ok(metadata)
    }

    /// Returns an answer of this run about a workspace that has the same content, but may be in another place.
    fn answered_before(&self, start: &Utf8Path) -> Option<Metadata> {
        let top = top(start);
        let answers = self.answers.borrow();
        answers.iter().find_map(|answer| {
            let metadata = answer.moved(start, top)?;
            let same = fingerprint(&metadata, start, top)? == answer.fingerprint;
            same.then_some(metadata)
        })
    }

    /// Returns the cached answer if everything that Cargo reads is unchanged.
    fn cached(&self, start: &Utf8Path) -> Option<Metadata> {
        let Kept {
            fingerprint: then,
            text,
        } = self.cache.as_ref()?.get(start)?;
        let metadata = parse(text.clone()).ok()?;
        let top = top(start).to_owned();
        if fingerprint(&metadata, start, &top)? != then {
            return None;
        }
        self.answers.borrow_mut().push(Answer {
            start: start.to_owned(),
            top,
            fingerprint: then,
            text,
        });
        Some(metadata)
    }

    fn remember(&self, start: Utf8PathBuf, asked: SystemTime, metadata: &Metadata, text: String) {
        let top = top(&start).to_owned();
        if changed_since(metadata, &start, &top, asked) {
            return;
        }
        let Some(fingerprint) = fingerprint(metadata, &start, &top) else {
            return;
        };
        let kept = Kept { fingerprint, text };
        if let Some(cache) = &self.cache {
            cache.put(&start, &kept);
        }
        let Kept { fingerprint, text } = kept;
        self.answers.borrow_mut().push(Answer {
            start,
            top,
            fingerprint,
            text,
        });
    }
}

impl Answer {
    /// Returns the answer for the same files in the repository `top`, or `None` if `start` is another manifest in it.
    fn moved(&self, start: &Utf8Path, top: &Utf8Path) -> Option<Metadata> {
        if start.strip_prefix(top).ok()? != self.start.strip_prefix(&self.top).ok()? {
            return None;
        }
        let text = &self.text;
        let text = text.replace(&format!("{}/", self.top), &format!("{top}/"));
        let text = text.replace(&format!("\"{}\"", self.top), &format!("\"{top}\""));
        let metadata = parse(text).ok()?;
        // The replacement misses paths that JSON escapes.
        let moved = |path: &Utf8PathBuf| path.starts_with(top) || !path.starts_with(&self.top);
        let all = moved(&metadata.workspace_root)
            && metadata.packages.iter().all(|package| {
                let mut targets = package.targets.iter();
                let mut needed = package.dependencies.iter();
                moved(&package.manifest_path)
                    && targets.all(|target| moved(&target.src_path))
                    && needed.all(|dependency| dependency.path.as_ref().is_none_or(moved))
            });
        all.then_some(metadata)
    }
}

/// Returns the manifest that Cargo starts with, or `None` if there is none.
fn start(manifest_path: Option<&Utf8Path>) -> Option<Utf8PathBuf> {
    let here = Utf8PathBuf::from_path_buf(std::env::current_dir().ok()?).ok()?;
    let Some(path) = manifest_path else {
        let mut above = here.ancestors().map(|folder| folder.join("Cargo.toml"));
        return above.find(|path| path.exists());
    };
    // Cargo uses the path as it is written. One with `..` can name the same place in two ways.
    let plain = path
        .components()
        .all(|part| part != Utf8Component::ParentDir);
    plain.then(|| here.join(path))
}

/// Returns the repository that contains a manifest, or the manifest's folder if there is none.
fn top(start: &Utf8Path) -> &Utf8Path {
    context::limit(start.parent().unwrap_or(start))
}

/// Runs `cargo metadata --no-deps` for the workspace of `manifest_path`, or of the current folder if `None`.
///
/// # Errors
/// `manifest-missing`, `cargo-missing`, `cargo-failed`.
pub fn metadata(manifest_path: Option<&Utf8Path>) -> Result<Metadata, Problem> {
    Cargo::default().metadata(manifest_path)
}

/// Returns the command that runs Cargo, without arguments.
pub(super) fn command() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs Cargo, and returns what it did.
///
/// # Errors
/// `cargo-missing`.
pub(super) fn output(command: &mut Command) -> Result<Output, Problem> {
    command.output().map_err(|error| {
        Problem::new(Code::CargoMissing, format!("cargo cannot be run: {error}"))
            .hint("install Rust")
            .caused_by(error)
    })
}

/// Returns the output of `cargo metadata`.
fn run(manifest_path: Option<&Utf8Path>) -> Result<String, Problem> {
    let mut command = command();
    command.args([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--offline",
    ]);
    if let Some(path) = manifest_path {
        if !path.is_file() {
            return Err(Problem::new(
                Code::ManifestMissing,
                format!("there is no manifest at {path}"),
            )
            .hint("give the path of a Cargo.toml to --manifest-path"));
        }
        command.arg("--manifest-path").arg(path);
    }
    let output = output(&mut command)?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said = stderr.trim().trim_start_matches("error: ");
        if let Some(problem) = artifact_refusal::refused(said) {
            return Err(problem);
        }
        return Err(if said.contains("is not installed") {
            let line = said.lines().next().unwrap_or(said);
            Problem::new(Code::CargoFailed, format!("cargo cannot be run: {line}"))
                .hint("install it with `rustup toolchain install`, or set RUSTUP_TOOLCHAIN to one that is installed: any recent Cargo can read the workspace")
        } else if said.starts_with("could not find `Cargo.toml`") {
            Problem::new(Code::ManifestMissing, said.to_owned()).hint(
                "run bakehouse inside a Cargo workspace, or name its manifest with --manifest-path",
            )
        } else {
            Problem::new(Code::CargoFailed, format!("cargo metadata failed: {said}"))
                .hint("`cargo metadata --no-deps` in this folder shows the same; fix the manifest it names")
        });
    }
    String::from_utf8(output.stdout).map_err(unclear)
}

/// Parses an answer of `cargo metadata`.
///
/// # Errors
/// `cargo-failed`.
pub fn parse(text: String) -> Result<Metadata, Problem> {
    cargo_metadata::MetadataCommand::parse(text).map_err(unclear)
}

fn unclear(error: impl Error + Send + Sync + 'static) -> Problem {
    Problem::new(
        Code::CargoFailed,
        format!("cargo metadata's answer cannot be read: {error}"),
    )
    .hint("use the Cargo that the workspace is built with")
    .caused_by(error)
}

/// Runs `cargo metadata` for a package in the folder of a workspace that is neither a member nor excluded. Cargo
/// accepts such a package as a dependency, but refuses to describe it. So Cargo runs on a copy of the layout in another
/// place, made with links.
///
/// # Errors
/// As [`metadata`], and `file-unreadable`.
pub fn metadata_apart(dir: &Utf8Path) -> Result<Metadata, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::from_error(Code::FileUnreadable, error)
            .hint("make it readable for the user who runs bakehouse")
    };
    let folder = tempfile::tempdir().map_err(unreadable)?;
    let apart = folder.path().canonicalize().map_err(unreadable)?;
    let inside = dir.as_str().trim_start_matches('/');
    let copy = apart.join(inside);
    fs_err::create_dir_all(&copy).map_err(unreadable)?;
    for entry in fs_err::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        fs_err::os::unix::fs::symlink(entry.path(), copy.join(entry.file_name()))
            .map_err(unreadable)?;
    }
    let apart = apart.to_string_lossy().into_owned();
    let manifest = Utf8Path::new(&apart).join(inside).join("Cargo.toml");
    let text = run(Some(&manifest))?.replace(&apart, "");
    parse(text)
}
