//! Asks Cargo about workspaces.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::process::Command;
use std::time::SystemTime;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use cargo_metadata::Metadata;

use super::fingerprint::{changed_since, fingerprint};
use super::metadata_cache::{Kept, MetadataCache};
use super::{artifact_refusal, context};
use crate::problem::{Code, Problem};

/// Asks Cargo about workspaces, and no more often than it has to.
#[derive(Clone, Debug, Default)]
pub struct Cargo {
    /// Keeps answers from run to run.
    cache: Option<MetadataCache>,
    /// Answers of this run.
    answers: RefCell<Vec<Answer>>,
    asked: Cell<usize>,
}

/// What Cargo said of a workspace, and where it stood then.
#[derive(Clone, Debug)]
struct Answer {
    start: Utf8PathBuf,
    top: Utf8PathBuf,
    fingerprint: String,
    text: String,
}

impl Cargo {
    /// Remembers from run to run what Cargo said, as long as everything that it looked at is the same.
    pub fn remembering() -> Self {
        Self {
            cache: MetadataCache::of_user(),
            ..Self::default()
        }
    }

    /// The same, with another folder than the user's to remember in.
    pub fn remembering_in(folder: &Utf8Path) -> Self {
        Self {
            cache: Some(MetadataCache::of(folder)),
            ..Self::default()
        }
    }

    /// How often Cargo was run.
    pub fn asked(&self) -> usize {
        self.asked.get()
    }

    /// The same, for a folder that will soon be gone: it knows what was said so far, and keeps nothing.
    pub fn for_once(&self) -> Self {
        Self {
            cache: None,
            ..self.clone()
        }
    }

    /// `cargo metadata --no-deps` of the workspace that `manifest_path` belongs to; the current folder's when `None`.
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
            tracing::debug!("cargo is not asked: it would say what it said before");
            return Ok(metadata);
        }
        self.asked.update(|asked| asked + 1);
        let asked = SystemTime::now();
        let text = run(manifest_path)?;
        let metadata = parse(text.clone())?;
        if let Some(start) = start {
            self.remember(start, asked, &metadata, text);
        }
        Ok(metadata)
    }

    /// What it said in this run of a workspace that is the same, but for where it stands.
    fn answered_before(&self, start: &Utf8Path) -> Option<Metadata> {
        let top = top(start);
        let answers = self.answers.borrow();
        answers.iter().find_map(|answer| {
            let metadata = answer.moved(start, top)?;
            let same = fingerprint(&metadata, start, top)? == answer.fingerprint;
            same.then_some(metadata)
        })
    }

    /// The answer in the cache, if everything that Cargo reads is as it was then.
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
    /// What Cargo would say of the same files in the repository `top`; none when `start` is another manifest in it.
    fn moved(&self, start: &Utf8Path, top: &Utf8Path) -> Option<Metadata> {
        if start.strip_prefix(top).ok()? != self.start.strip_prefix(&self.top).ok()? {
            return None;
        }
        let text = &self.text;
        let text = text.replace(&format!("{}/", self.top), &format!("{top}/"));
        let text = text.replace(&format!("\"{}\"", self.top), &format!("\"{top}\""));
        let metadata = parse(text).ok()?;
        // A path that JSON writes in another way stays where it was.
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

/// The manifest that Cargo begins with; none where it finds none.
fn start(manifest_path: Option<&Utf8Path>) -> Option<Utf8PathBuf> {
    let here = Utf8PathBuf::from_path_buf(std::env::current_dir().ok()?).ok()?;
    let Some(path) = manifest_path else {
        let mut above = here.ancestors().map(|folder| folder.join("Cargo.toml"));
        return above.find(|path| path.exists());
    };
    // Cargo takes the path as it is written; one that goes up can name the same place in two ways.
    let plain = path
        .components()
        .all(|part| part != Utf8Component::ParentDir);
    plain.then(|| here.join(path))
}

/// The repository that a manifest stands in; its folder where there is none.
fn top(start: &Utf8Path) -> &Utf8Path {
    context::limit(start.parent().unwrap_or(start))
}

/// `cargo metadata --no-deps` of the workspace that `manifest_path` belongs to; the current folder's when `None`.
///
/// # Errors
/// `manifest-missing`, `cargo-missing`, `cargo-failed`.
pub fn metadata(manifest_path: Option<&Utf8Path>) -> Result<Metadata, Problem> {
    Cargo::default().metadata(manifest_path)
}

/// What `cargo metadata` prints.
fn run(manifest_path: Option<&Utf8Path>) -> Result<String, Problem> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
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
    let output = command.output().map_err(|error| {
        Problem::new(Code::CargoMissing, format!("cargo cannot be run: {error}"))
            .hint("install Rust")
            .caused_by(error)
    })?;
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
                .hint("`cargo metadata --no-deps` in this folder shows the same; mend the manifest it names")
        });
    }
    String::from_utf8(output.stdout).map_err(unclear)
}

/// Reads such an answer.
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

/// The same for a package that lies in the folder of a workspace and is neither a member nor excluded: Cargo takes it
/// as a dependency, but does not show it. It is shown a copy, elsewhere, of how its files lie.
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
