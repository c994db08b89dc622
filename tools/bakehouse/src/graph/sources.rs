//! What the files that images are built from hold.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};

use crate::problem::{Code, Problem};

/// A file as a build sees it: its content and whether it can be run, never its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    pub kind: FileKind,
    /// BLAKE3 of the content, or of a link's target.
    pub digest: blake3::Hash,
    pub size: u64,
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Plain,
    Executable,
    Link,
}

/// What a build can read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Files by their path relative to the context.
    pub files: BTreeMap<Utf8PathBuf, FileState>,
    /// Folders of tests, benches and examples that no source names, and folders of outputs: no build reads them.
    pub left_out: BTreeSet<Utf8PathBuf>,
    /// Folders that are named like one of [`NEVER_SOURCES`] and are sources all the same.
    pub kept: BTreeSet<Utf8PathBuf>,
    /// What environment variables hold that compilations get; without those that are empty.
    pub variables: BTreeMap<String, String>,
}

/// Folders that are no sources, wherever they stand; but for a `target` that Cargo did not make.
pub const NEVER_SOURCES: [&str; 3] = [".git", "target", "node_modules"];

impl Sources {
    /// Reads every file at or below `paths`, which are relative to `root`, but for those of `development`: folders
    /// that are read only when a source names them, or is a build script that may look for anything.
    ///
    /// # Errors
    /// `input-missing` for a path that does not exist, `file-unreadable` for one that cannot be read.
    pub fn read(
        root: &Utf8Path,
        paths: &[Utf8PathBuf],
        development: &BTreeSet<Utf8PathBuf>,
    ) -> Result<Self, Problem> {
        let mut sources = Self::default();
        let mut named = Named::new(development);
        let named_in_part =
            |folder: &&Utf8PathBuf| paths.iter().any(|path| path.starts_with(folder));
        named.declared = development.iter().filter(named_in_part).collect();
        for path in paths {
            sources.add(root, path, development, &mut named)?;
        }
        let none = BTreeSet::new();
        for folder in development {
            if named.found.contains(folder) {
                sources.add(root, folder, &none, &mut Named::new(&none))?;
            } else if !paths.contains(folder) {
                sources.left_out.insert(folder.clone());
            }
        }
        Ok(sources)
    }

    fn add(
        &mut self,
        root: &Utf8Path,
        path: &Utf8Path,
        without: &BTreeSet<Utf8PathBuf>,
        named: &mut Named<'_>,
    ) -> Result<(), Problem> {
        let full = root.join(path);
        if full.symlink_metadata().is_err() {
            return Err(Problem::new(Code::InputMissing, format!("{path} does not exist"))
                .hint("a package, `files` or [inputs] of bakehouse.toml names it: create it, or mend the path"));
        }
        let skip: BTreeSet<Utf8PathBuf> = without.iter().map(|folder| root.join(folder)).collect();
        let walk = ignore::WalkBuilder::new(&full)
            .standard_filters(false)
            .filter_entry(move |entry| {
                entry.depth() == 0
                    || (!is_never_source(entry.path())
                        && !Utf8Path::from_path(entry.path()).is_some_and(|p| skip.contains(p)))
            })
            .build();
        for entry in walk {
            let entry = entry.map_err(|error| unreadable(&error))?;
            let file = Utf8PathBuf::from_path_buf(entry.into_path()).map_err(|path| {
                Problem::new(
                    Code::FileUnreadable,
                    format!("{} is not UTF-8", path.display()),
                )
                .hint("rename the file")
            })?;
            let relative = file.strip_prefix(root).unwrap_or(&file);
            if file.file_name() == Some("target") && file.is_dir() {
                self.kept.insert(relative.to_owned());
            }
            if let Some((state, content)) = state(&file)? {
                named.look(relative, state.kind, &content);
                self.files.insert(relative.to_owned(), state);
            }
        }
        Ok(())
    }

    /// The files at or below `path`.
    pub fn below<'a>(
        &'a self,
        path: &'a Utf8Path,
    ) -> impl Iterator<Item = (&'a Utf8Path, &'a FileState)> {
        self.files
            .range(path.to_owned()..)
            .take_while(move |(file, _)| file.as_str().starts_with(path.as_str()))
            .filter(move |(file, _)| file.starts_with(path))
            .map(|(file, state)| (file.as_path(), state))
    }
}

/// `folder`, or, when it holds `nested` packages, what it holds beside them. Without what git ignores, so that each
/// checkout gives the same list.
///
/// # Errors
/// `file-unreadable`.
pub fn listed(
    folder: &Utf8Path,
    nested: &BTreeSet<&Utf8Path>,
) -> Result<Vec<Utf8PathBuf>, Problem> {
    let inside = |folder: &Utf8Path| nested.iter().any(|package| package.starts_with(folder));
    if !inside(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    if nested.contains(folder) {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    let walk = ignore::WalkBuilder::new(folder)
        .max_depth(Some(1))
        .hidden(false)
        .require_git(false)
        // What one user alone ignores must not decide.
        .git_global(false)
        .git_exclude(false)
        .build();
    for entry in walk.skip(1) {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let path = Utf8PathBuf::from_path_buf(entry.into_path()).unwrap_or_default();
        let name = path.file_name().unwrap_or_default();
        let manifest = matches!(name, "Cargo.toml" | "Cargo.lock");
        if manifest || name.starts_with(".git") || is_never_source(path.as_std_path()) {
            continue;
        }
        paths.extend(listed(&path, nested)?);
    }
    Ok(paths)
}

/// A source file that stands beside its manifest, and the modules that it declares.
///
/// # Errors
/// `file-unreadable`.
pub fn modules(file: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Problem> {
    let text = fs_err::read_to_string(file).map_err(|error| unreadable(&error))?;
    let declared = text.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line
            .rsplit_once("mod ")
            .filter(|(before, _)| before.is_empty() || before.trim_end().starts_with("pub"))?;
        line.1.split(';').next().map(str::trim)
    });
    let beside = declared.flat_map(|name| [format!("{name}.rs"), name.to_owned()]);
    let beside = beside.map(|name| file.with_file_name(name));
    let mut paths: Vec<Utf8PathBuf> = beside.filter(|path| path.exists()).collect();
    paths.push(file.to_owned());
    Ok(paths)
}

/// Whether a folder is named like one that is no source, and is none: Cargo puts its outputs beside a manifest, and
/// marks them.
fn is_never_source(path: &Path) -> bool {
    match path.file_name().and_then(std::ffi::OsStr::to_str) {
        Some("target") => {
            path.join("CACHEDIR.TAG").exists() || path.with_file_name("Cargo.toml").exists()
        }
        Some(name) => NEVER_SOURCES.contains(&name),
        None => false,
    }
}

/// Folders of tests, benches and examples that other sources name.
struct Named<'a> {
    folders: &'a BTreeSet<Utf8PathBuf>,
    /// Those of which the configuration says what other packages read.
    declared: BTreeSet<&'a Utf8PathBuf>,
    found: BTreeSet<Utf8PathBuf>,
}

impl<'a> Named<'a> {
    fn new(folders: &'a BTreeSet<Utf8PathBuf>) -> Self {
        Self {
            folders,
            declared: BTreeSet::new(),
            found: BTreeSet::new(),
        }
    }

    /// Looks at a file, or at the target of a link. One word too much is harmless; so is what stands in a test.
    fn look(&mut self, path: &Utf8Path, kind: FileKind, content: &[u8]) {
        let source = path.extension() == Some("rs") || kind == FileKind::Link;
        if !source || self.found.len() == self.folders.len() {
            return;
        }
        let text = String::from_utf8_lossy(content);
        let lines = || {
            text.lines()
                .filter(|line| !line.trim_start().starts_with("//"))
        };
        // A build script that goes through folders may go through any.
        let script = path
            .components()
            .any(|part| matches!(part.as_str(), "build.rs" | "build"))
            && ["read_dir", "WalkDir", "glob("]
                .iter()
                .any(|walk| text.contains(walk));
        let mentioned: BTreeSet<&str> = DEVELOPMENT
            .into_iter()
            .filter(|name| lines().any(|line| has_part(line, name)))
            .collect();
        if !script && mentioned.is_empty() {
            return;
        }
        for folder in self.folders {
            let (Some(package), Some(name)) = (folder.parent(), folder.file_name()) else {
                continue;
            };
            let named = if path.starts_with(package) {
                script || mentioned.contains(name)
            } else {
                let from_outside = format!("{}/{name}", package.file_name().unwrap_or_default());
                mentioned.contains(name)
                    && !self.declared.contains(folder)
                    && lines().any(|line| line.contains(&from_outside))
            };
            if named {
                self.found.insert(folder.clone());
            }
        }
    }
}

/// Where Cargo finds tests, benches and examples by itself.
pub const DEVELOPMENT: [&str; 3] = ["benches", "examples", "tests"];

/// Whether `name` is a part of a path, or a whole one, in a string of `line`.
fn has_part(line: &str, name: &str) -> bool {
    let edge = |c: Option<char>| matches!(c, Some('/' | '"' | '\\' | ' ') | None);
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (
            line[..at].chars().next_back(),
            line[at + name.len()..].chars().next(),
        );
        edge(before)
            && edge(after)
            && (before == Some('"') || before == Some('/') || after == Some('/'))
    })
}

fn unreadable(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::FileUnreadable, error.to_string())
        .hint("make it readable for the user who runs bakehouse")
}

/// What a path is, with its content or the target of the link; nothing for a folder.
fn state(file: &Utf8Path) -> Result<Option<(FileState, Vec<u8>)>, Problem> {
    let metadata = fs_err::symlink_metadata(file).map_err(|error| unreadable(&error))?;
    let (kind, content) = if metadata.is_symlink() {
        let target = fs_err::read_link(file).map_err(|error| unreadable(&error))?;
        (FileKind::Link, target.into_os_string().into_encoded_bytes())
    } else if metadata.is_file() {
        let content = fs_err::read(file).map_err(|error| unreadable(&error))?;
        let executable = metadata.permissions().mode() & 0o111 != 0;
        let kind = if executable {
            FileKind::Executable
        } else {
            FileKind::Plain
        };
        (kind, content)
    } else {
        return Ok(None);
    };
    let size = if kind == FileKind::Link {
        0
    } else {
        content.len() as u64
    };
    let state = FileState {
        kind,
        digest: blake3::hash(&content),
        size,
    };
    Ok(Some((state, content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_does_not_hold_its_namesakes_neighbours() {
        let state = FileState {
            kind: FileKind::Plain,
            digest: blake3::hash(b""),
            size: 0,
        };
        let paths = ["crates/api-v2/a", "crates/api/a", "crates/api.rs"];
        let files = paths.iter().map(|path| ((*path).into(), state.clone()));
        let sources = Sources {
            files: files.collect(),
            ..Sources::default()
        };
        let below: Vec<_> = sources
            .below("crates/api".into())
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(below, ["crates/api/a"]);
    }

    #[test]
    fn a_folder_of_tests_is_a_source_when_a_source_names_it() {
        let folders: BTreeSet<Utf8PathBuf> = ["a/tests", "a/examples", "b/tests"]
            .map(Utf8PathBuf::from)
            .into();
        let rows: [(&str, &str, &[&str]); 9] = [
            ("a/src/lib.rs", "mod tests { use super::*; }", &[]),
            ("a/src/lib.rs", "//! See examples/one.rs.", &[]),
            (
                "a/src/lib.rs",
                "#![doc = include_str!(\"../examples/one.rs\")]",
                &["a/examples"],
            ),
            (
                "a/build.rs",
                "let path = root.join(\"tests\");",
                &["a/tests"],
            ),
            (
                "a/build.rs",
                "for file in fs::read_dir(folder)? {}",
                &["a/examples", "a/tests"],
            ),
            (
                "b/src/lib.rs",
                "include_str!(\"../../a/tests/x.json\")",
                &["a/tests", "b/tests"],
            ),
            (
                "c/src/lib.rs",
                "include_str!(\"../../a/tests/x.json\")",
                &["a/tests"],
            ),
            ("c/src/lib.rs", "let latests = attests / 2;", &[]),
            ("a/README.md", "in tests/ are tests", &[]),
        ];
        for (path, text, expected) in rows {
            let mut named = Named::new(&folders);
            named.look(path.into(), FileKind::Plain, text.as_bytes());
            let found: Vec<&str> = named.found.iter().map(|path| path.as_str()).collect();
            assert_eq!(found, expected, "{path}: {text}");
        }
    }
}
