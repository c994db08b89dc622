//! The contents of the files that images are built from.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use memchr::{memchr, memmem, memrchr};

use super::file_state::unreadable;
pub use super::file_state::{FileKind, FileState};
use super::parallel::parallel_map;
use super::path_map::PathMap;
use super::paths::in_order;
use super::read_file::{state, state_alone};
use crate::names::{PackageName, TargetName};
use crate::problem::{Code, Problem};

/// Everything that a build can read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Files and empty folders by their path relative to the context.
    pub files: PathMap<FileState>,
    /// The texts of the Rust sources among them, except links.
    pub rust: PathMap<Arc<String>>,
    /// Folders that no build reads: tests, benches and examples that no source names, and outputs.
    pub left_out: BTreeSet<Utf8PathBuf>,
    /// Paths that have one of the names in [`NEVER_SOURCES`] but are sources.
    pub kept: BTreeSet<Utf8PathBuf>,
    /// Manifests and locks that the compilation of each package reads unmodified.
    pub as_is: BTreeMap<PackageName, BTreeSet<Utf8PathBuf>>,
    /// The contexts of images of the user's Dockerfiles, by the image's name.
    pub images: BTreeMap<TargetName, Arc<ContextFiles>>,
    /// The values of environment variables that compilations read, except empty ones.
    pub variables: BTreeMap<String, String>,
}

/// The content of an image's context.
#[derive(Clone, Debug, Default)]
pub struct ContextFiles {
    /// The files, links and empty folders, by their paths relative to the workspace's context.
    pub files: PathMap<FileState>,
    /// The Dockerfile.
    pub dockerfile: Option<FileState>,
    /// Paths that Docker sends although no checkout has them, such as `node_modules`.
    pub stray: BTreeSet<Utf8PathBuf>,
}

/// Files that were read before.
#[derive(Clone, Debug, Default)]
pub struct FilesRead {
    /// The folder that their paths are relative to.
    root: Utf8PathBuf,
    /// Files with their texts if they are Rust sources. Strings are found faster than paths.
    files: HashMap<String, (FileState, Option<Arc<String>>)>,
    /// Files of contexts of images.
    sent: HashMap<String, FileState>,
}

impl FilesRead {
    /// Creates it for files below `root`.
    pub fn of(root: &Utf8Path) -> Self {
        Self {
            root: root.to_owned(),
            files: HashMap::new(),
            sent: HashMap::new(),
        }
    }

    /// Adds the files of `sources`, which are below `root`.
    pub(super) fn add_below(&mut self, root: &Utf8Path, sources: &Sources) {
        if self.root != root {
            *self = Self::of(root);
        }
        self.add(sources, |_| true);
    }

    /// Returns the files of contexts of images, if paths are relative to `root`.
    pub(super) fn sent_below(&self, root: &Utf8Path) -> Option<&HashMap<String, FileState>> {
        (self.root == root).then_some(&self.sent)
    }

    /// Adds the files of `sources` that `counts` is true for. Of links, and of sources that are not UTF-8, only their
    /// content tells what they name, so these are read again.
    pub fn add(&mut self, sources: &Sources, counts: impl Fn(&Utf8Path) -> bool) {
        for (path, state) in sources.files.iter() {
            let is_rust = path.extension() == Some("rs");
            let text = is_rust.then(|| sources.rust.get(path)).flatten();
            let tells = state.kind != FileKind::Link && (!is_rust || text.is_some());
            if tells && counts(path) {
                let known = (state.clone(), text.cloned());
                self.files.insert(path.as_str().to_owned(), known);
            }
        }
        let mut added: Vec<&Arc<ContextFiles>> = Vec::new();
        for context in sources.images.values() {
            if added.iter().any(|other| Arc::ptr_eq(other, context)) {
                continue;
            }
            added.push(context);
            let files = context.files.iter().filter(|(path, _)| counts(path));
            let files = files.map(|(path, state)| (path.as_str().to_owned(), state.clone()));
            self.sent.extend(files);
        }
    }
}

/// Names of folders that are not sources anywhere, except for a `target` that Cargo did not create.
pub const NEVER_SOURCES: [&str; 3] = [".git", "target", "node_modules"];

impl Sources {
    /// Reads every file at or below `paths`, which are relative to `root`. The folders of `development` are read only
    /// if a source names them, or if a build script may look for anything. Files in `known` are not read again.
    ///
    /// # Errors
    /// `input-missing` for a path that does not exist, `file-unreadable` for one that cannot be read.
    pub fn read(
        root: &Utf8Path,
        paths: &[Utf8PathBuf],
        development: &BTreeSet<Utf8PathBuf>,
        known: &FilesRead,
    ) -> Result<Self, Problem> {
        let place = Reading {
            root,
            known: (known.root == root).then_some(known),
        };
        let mut sources = Self::default();
        let mut named = NamedInSources::new(development);
        let named_in_part =
            |folder: &&Utf8PathBuf| paths.iter().any(|path| path.starts_with(folder));
        named.declared = development.iter().filter(named_in_part).collect();
        let mentioned = sources.add(place, paths, development, &named)?;
        let (needed, rest): (Vec<Utf8PathBuf>, Vec<Utf8PathBuf>) = development
            .iter()
            .cloned()
            .partition(|folder| mentioned.contains(folder));
        let none = BTreeSet::new();
        sources.add(place, &needed, &none, &NamedInSources::new(&none))?;
        let left_out = rest.into_iter().filter(|folder| !paths.contains(folder));
        sources.left_out = left_out.collect();
        Ok(sources)
    }

    /// Adds everything at or below `paths`, except for the folders `without`. Returns the folders of `named` that
    /// sources name.
    fn add(
        &mut self,
        place: Reading<'_>,
        paths: &[Utf8PathBuf],
        without: &BTreeSet<Utf8PathBuf>,
        named: &NamedInSources<'_>,
    ) -> Result<BTreeSet<Utf8PathBuf>, Problem> {
        let mut places = Vec::new();
        // Strings are found faster than paths.
        let without: HashSet<&str> = without.iter().map(|path| path.as_str()).collect();
        for walk in parallel_map(paths, |path| Walk::of(place.root, path, &without)) {
            let walk = walk?;
            places.extend(walk.places);
            self.kept.extend(walk.kept);
        }
        places.sort_unstable_by(|a: &Utf8PathBuf, b| in_order(a, b));
        places.dedup();
        let read = parallel_map(&places, |path| place.read(path, named));
        let mut mentioned = BTreeSet::new();
        let (mut files, mut rust) = (Vec::new(), Vec::new());
        for (path, read) in places.into_iter().zip(read) {
            let Some(read) = read? else { continue };
            mentioned.extend(read.mentioned);
            if let Some(text) = read.rust {
                rust.push((path.clone(), text));
            }
            files.push((path, read.state));
        }
        self.files.extend(files);
        self.rust.extend(rust);
        Ok(mentioned)
    }

    /// Adds the files of the third-party crates in `folders`. All of them are added, since Cargo checks that none is
    /// missing.
    ///
    /// # Errors
    /// `file-unreadable`.
    pub fn add_crates<'a>(
        &mut self,
        root: &Utf8Path,
        folders: impl IntoIterator<Item = &'a Utf8PathBuf>,
    ) -> Result<(), Problem> {
        let folders: Vec<&Utf8PathBuf> = folders.into_iter().collect();
        let read = parallel_map(&folders, |folder| {
            let mut files = Vec::new();
            let walk = ignore::WalkBuilder::new(root.join(folder))
                .standard_filters(false)
                .build();
            for entry in walk {
                let entry = entry.map_err(unreadable)?;
                let path = Utf8PathBuf::from_path_buf(entry.into_path()).map_err(|path| {
                    unreadable(std::io::Error::other(path.display().to_string()))
                })?;
                if path.is_dir() && !path.is_symlink() {
                    continue;
                }
                let inside = path.strip_prefix(root).unwrap_or(&path).to_owned();
                if let Some(state) = state_alone(&path)? {
                    files.push((inside, state));
                }
            }
            Ok(files)
        });
        let mut all = Vec::new();
        for files in read {
            all.extend(files?);
        }
        self.files.extend(all);
        Ok(())
    }

    /// Returns whether something below `folder` has one of the names in [`NEVER_SOURCES`].
    pub fn has_never_sources(&self, folder: &Utf8Path) -> bool {
        let named = |part| NEVER_SOURCES.contains(&part);
        self.below(folder).any(|(path, _)| {
            let inside = path.strip_prefix(folder).unwrap_or(path);
            inside.iter().any(named)
        })
    }

    /// Returns the files at or below `path`.
    pub fn below<'a>(
        &'a self,
        path: &'a Utf8Path,
    ) -> impl Iterator<Item = (&'a Utf8Path, &'a FileState)> {
        self.files.below(path)
    }
}

/// The place of sources, and the files of it that were read before.
#[derive(Clone, Copy)]
struct Reading<'a> {
    root: &'a Utf8Path,
    known: Option<&'a FilesRead>,
}

/// The contents of a path.
struct Read {
    state: FileState,
    /// The text of a Rust source.
    rust: Option<Arc<String>>,
    /// Folders of tests, benches and examples that it names.
    mentioned: Vec<Utf8PathBuf>,
}

impl Reading<'_> {
    /// Reads a path. Returns `None` if it is neither a file nor a folder.
    fn read(self, path: &Utf8Path, named: &NamedInSources<'_>) -> Result<Option<Read>, Problem> {
        if let Some(known) = self.known(path, named) {
            return Ok(Some(known));
        }
        let file = self.root.join(path);
        let rust = path.extension() == Some("rs");
        // Only the state of other files counts, unless they are links.
        if !rust
            && let Some(state) = state_alone(&file)?.filter(|state| state.kind != FileKind::Link)
        {
            return Ok(Some(Read {
                state,
                rust: None,
                mentioned: Vec::new(),
            }));
        }
        let Some((state, content)) = state(&file)? else {
            return Ok(None);
        };
        let mentioned = named.look(path, state.kind, &content);
        let rust = rust && state.kind != FileKind::Link;
        let text = rust.then(|| String::from_utf8(content).ok()).flatten();
        Ok(Some(Read {
            state,
            rust: text.map(Arc::new),
            mentioned,
        }))
    }

    /// Returns a file that was read before.
    fn known(self, path: &Utf8Path, named: &NamedInSources<'_>) -> Option<Read> {
        let (state, rust) = self.known?.files.get(path.as_str())?;
        let mentioned = rust
            .as_ref()
            .map(|text| named.look(path, state.kind, text.as_bytes()));
        Some(Read {
            state: state.clone(),
            rust: rust.clone(),
            mentioned: mentioned.unwrap_or_default(),
        })
    }
}

/// The paths at or below a path.
struct Walk {
    /// Files, links and empty folders, relative to the context.
    places: Vec<Utf8PathBuf>,
    kept: Vec<Utf8PathBuf>,
}

impl Walk {
    fn of(root: &Utf8Path, path: &Utf8Path, without: &HashSet<&str>) -> Result<Self, Problem> {
        let mut walk = Self {
            places: Vec::new(),
            kept: Vec::new(),
        };
        let Ok(metadata) = root.join(path).symlink_metadata() else {
            return Err(Problem::new(Code::InputMissing, format!("{path} does not exist"))
                .hint("a package, `files` or [inputs] of bakehouse.toml names it: create it, or fix the path"));
        };
        walk.named_target(path);
        if metadata.is_dir() {
            walk.folder(root, path, without)?;
        } else {
            walk.places.push(path.to_owned());
        }
        Ok(walk)
    }

    fn folder(
        &mut self,
        root: &Utf8Path,
        folder: &Utf8Path,
        without: &HashSet<&str>,
    ) -> Result<(), Problem> {
        let mut empty = true;
        let entries = fs_err::read_dir(root.join(folder)).map_err(unreadable)?;
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let problem = format!("{} is not UTF-8", entry.path().display());
                return Err(Problem::new(Code::FileUnreadable, problem).hint("rename the file"));
            };
            let path = folder.join(name);
            if NEVER_SOURCES.contains(&name) && is_never_source(&entry.path())
                || without.contains(path.as_str())
            {
                continue;
            }
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                self.named_target(&path);
                self.folder(root, &path, without)?;
            } else if kind.is_file() || kind.is_symlink() {
                self.named_target(&path);
                self.places.push(path);
            } else {
                continue;
            }
            empty = false;
        }
        // Excluded entries are not sent, so a folder that contains nothing else arrives empty.
        if empty {
            self.places.push(folder.to_owned());
        }
        Ok(())
    }

    fn named_target(&mut self, path: &Utf8Path) {
        if path.file_name() == Some("target") {
            self.kept.push(path.to_owned());
        }
    }
}

/// Returns whether a package's folder holds anything besides manifests.
pub fn holds_sources(folder: &Utf8Path) -> bool {
    let mut entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    entries.any(|entry| {
        let manifest = matches!(entry.file_name(), "Cargo.toml" | "Cargo.lock");
        !manifest && !is_never_source(entry.path().as_std_path())
    })
}

/// Returns a source file that is beside its manifest, and the files of the modules that it declares.
///
/// # Errors
/// `file-unreadable`.
pub fn modules(file: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Problem> {
    let text = fs_err::read_to_string(file).map_err(unreadable)?;
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

/// Returns whether a path has a name in [`NEVER_SOURCES`] and is not a source. A folder `target` counts if Cargo
/// marked it as its output, or if it is beside a manifest.
pub(super) fn is_never_source(path: &Path) -> bool {
    match path.file_name().and_then(std::ffi::OsStr::to_str) {
        Some("target") => {
            path.join("CACHEDIR.TAG").exists() || path.with_file_name("Cargo.toml").exists()
        }
        Some(name) => NEVER_SOURCES.contains(&name),
        None => false,
    }
}

/// Folders of tests, benches and examples that other sources name.
struct NamedInSources<'a> {
    folders: &'a BTreeSet<Utf8PathBuf>,
    /// The folders among them that the configuration declares as inputs of other packages.
    declared: BTreeSet<&'a Utf8PathBuf>,
}

impl<'a> NamedInSources<'a> {
    fn new(folders: &'a BTreeSet<Utf8PathBuf>) -> Self {
        Self {
            folders,
            declared: BTreeSet::new(),
        }
    }

    /// Returns the folders that a file, or the target of a link, names. Too many matches are harmless, also from test
    /// code.
    fn look(&self, path: &Utf8Path, kind: FileKind, content: &[u8]) -> Vec<Utf8PathBuf> {
        let source = path.extension() == Some("rs") || kind == FileKind::Link;
        if !source || self.folders.is_empty() {
            return Vec::new();
        }
        // A build script that walks folders may read any of them.
        let script = path
            .components()
            .any(|part| matches!(part.as_str(), "build.rs" | "build"))
            && goes_through_folders(&String::from_utf8_lossy(content));
        let mentioned: BTreeSet<&str> = DEVELOPMENT
            .into_iter()
            .filter(|name| lines_with(content, name).any(|line| has_part(&line, name)))
            .collect();
        if !script && mentioned.is_empty() {
            return Vec::new();
        }
        let named = |folder: &&Utf8PathBuf| {
            let (Some(package), Some(name)) = (folder.parent(), folder.file_name()) else {
                return false;
            };
            if path.starts_with(package) {
                script || mentioned.contains(name)
            } else {
                let from_outside = format!("{}/{name}", package.file_name().unwrap_or_default());
                mentioned.contains(name)
                    && !self.declared.contains(folder)
                    && lines_with(content, &from_outside).next().is_some()
            }
        };
        self.folders.iter().filter(named).cloned().collect()
    }
}

/// The folders where Cargo finds tests, benches and examples by itself.
pub const DEVELOPMENT: [&str; 3] = ["benches", "examples", "tests"];

/// Returns whether a build script walks a folder without naming it in the same place, in which case it may be any
/// folder.
pub(super) fn goes_through_folders(text: &str) -> bool {
    const SIGNS: [&str; 6] = [
        "GlobWalker",
        "WalkBuilder::new(",
        "WalkDir::new(",
        "glob(",
        "read_dir(",
        "walk_dir(",
    ];
    SIGNS.iter().any(|sign| {
        text.match_indices(sign).any(|(at, sign)| {
            if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                return false;
            }
            let argument = text[at + sign.len()..].trim_start_matches(['&', ' ', '\n']);
            let named = argument.strip_prefix('"').is_some_and(|path| {
                path.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            });
            !named
        })
    })
}

/// Returns the lines of `content` that contain `word`, except comments. A line may come several times.
fn lines_with<'a>(content: &'a [u8], word: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    memmem::find_iter(content, word).filter_map(|at| {
        let (before, after) = content.split_at(at);
        let begin = memrchr(b'\n', before).map_or(0, |end| end + 1);
        let line = match memchr(b'\n', after) {
            Some(end) => {
                let line = &content[begin..at + end];
                line.strip_suffix(b"\r").unwrap_or(line)
            }
            None => &content[begin..],
        };
        let line = String::from_utf8_lossy(line);
        (!line.trim_start().starts_with("//")).then_some(line)
    })
}

/// Returns whether `name` is a path, or a part of one, in a string of `line`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_does_not_hold_its_namesakes_neighbours() {
        let state = FileState {
            kind: FileKind::Plain,
            digest: blake3::hash(b""),
            bytes: 0,
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
        let rows: [(&str, &str, &[&str]); 10] = [
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
            ("a/build.rs", "for file in fs::read_dir(\"proto\")? {}", &[]),
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
            let found =
                NamedInSources::new(&folders).look(path.into(), FileKind::Plain, text.as_bytes());
            let found: Vec<&str> = found.iter().map(|path| path.as_str()).collect();
            assert_eq!(found, expected, "{path}: {text}");
        }
    }
}
