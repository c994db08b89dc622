//! The parts of a package's folder that its build reads, for folders that hold more than the package: other packages,
//! generated files, or a whole repository.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aho_corasick::{AhoCorasick, MatchKind};
use camino::{Utf8Path, Utf8PathBuf};
use memchr::memchr3_iter;

use super::context::check_plain;
use super::file_state::unreadable;
use super::known::{Known, known};
use super::literals;
use super::parallel::parallel_map;
use super::pattern::Ignored;
use super::sources::{FileKind, FilesRead, goes_through_folders, is_never_source};
use super::tracked::Tracked;
use crate::graph::{Member, Sources, Workspace};
use crate::names::PackageName;
use crate::problem::{Code, Problem};

/// Parts of packages' folders that do not belong to the packages.
#[derive(Clone, Debug, Default)]
pub struct Apart {
    /// Generated files and contents of packs, relative to the context.
    pub places: BTreeSet<Utf8PathBuf>,
    /// Paths that the configuration excludes, by package.
    pub excluded: BTreeMap<PackageName, Vec<Utf8PathBuf>>,
    /// All paths that count besides the folders of the targets, by package.
    pub only: BTreeMap<PackageName, Vec<Utf8PathBuf>>,
    /// Paths at which builds find files of images. Those of the host are not sources.
    pub embedded: BTreeSet<Utf8PathBuf>,
}

impl Workspace {
    /// Works out the sources of each package, given the places that are kept `apart`.
    ///
    /// # Errors
    /// `file-unreadable`; `path-outside` for a path that is read but cannot be written in a Dockerfile.
    pub fn take_apart(&mut self, apart: &Apart) -> Result<(), Problem> {
        let dirs: BTreeSet<Utf8PathBuf> = self.members.values().map(|m| m.dir.clone()).collect();
        let mut changed = Vec::new();
        let mut known = std::mem::take(&mut self.known);
        for member in self.members.values() {
            if let Some(sources) = self.parts_of(member, &dirs, apart, &mut known)? {
                changed.push((member.name.clone(), sources));
            }
        }
        self.known = known;
        for (name, sources) in changed {
            if let Some(member) = self.members.get_mut(&name) {
                member.development.retain(|folder| {
                    let mut sources = sources.iter();
                    sources.any(|source| folder.starts_with(source) && folder != source)
                });
                member.sources = sources.into_iter().collect();
            }
        }
        Ok(())
    }

    /// Returns the sources of `member`, or `None` if they are its whole folder. Adds files that it reads to `known`.
    fn parts_of(
        &self,
        member: &Member,
        dirs: &BTreeSet<Utf8PathBuf>,
        apart: &Apart,
        known: &mut FilesRead,
    ) -> Result<Option<BTreeSet<Utf8PathBuf>>, Problem> {
        let mut sources: BTreeSet<Utf8PathBuf> = member.around_targets.iter().cloned().collect();
        if let Some(only) = apart.only.get(&member.name) {
            sources.extend(only.iter().cloned());
            return Ok(Some(sources));
        }
        let inside = |path: &&Utf8PathBuf| path.starts_with(&member.dir) && **path != member.dir;
        // Third-party crates are separate inputs.
        let crates = self.local_sources.folders.iter();
        let nested: BTreeSet<&Utf8Path> = dirs
            .iter()
            .chain(crates)
            .filter(inside)
            .map(Utf8PathBuf::as_path)
            .collect();
        let excluded = apart.excluded.get(&member.name).into_iter().flatten();
        let embedded = apart.embedded.iter().filter(inside);
        let excluded: BTreeSet<&Utf8Path> =
            excluded.chain(embedded).map(Utf8PathBuf::as_path).collect();
        if !self.is_wide(member) && nested.is_empty() && excluded.is_empty() {
            return Ok(None);
        }
        let places = apart.places.iter().filter(inside).map(Utf8PathBuf::as_path);
        let folder = self.root.join(&member.dir);
        let ignored = std::fs::read_to_string(folder.join(".dockerignore"));
        let mut listing = Listing {
            root: &self.root,
            dir: &member.dir,
            without: nested.into_iter().chain(excluded).chain(places).collect(),
            ignored: Ignored::parse(&ignored.unwrap_or_default()),
            tracked: Tracked::of(&folder),
            found: BTreeSet::new(),
            doubtful: Vec::new(),
        };
        listing.folder(&member.dir)?;
        sources.append(&mut listing.found);
        let doubtful = std::mem::take(&mut listing.doubtful);
        if !doubtful.is_empty() {
            for path in self.named(member, &sources, doubtful, known)? {
                check_plain(&path).map_err(|problem| {
                    problem.hint(format!(
                        "rename it, or exclude it with `exclude` of [inputs.{}] in bakehouse.toml: the build of the package may read it",
                        member.name
                    ))
                })?;
                if listing.is_shared(&path) {
                    listing.folder(&path)?;
                } else {
                    sources.insert(path);
                }
            }
            sources.append(&mut listing.found);
        }
        Ok(Some(sources))
    }

    /// Returns whether the package's folder is the workspace's folder or the whole context.
    fn is_wide(&self, member: &Member) -> bool {
        member.dir.as_str().is_empty() || member.dir == self.folder
    }

    /// Returns the paths of `doubtful` that the Rust files and links of `sources` name, or that a build script may
    /// encounter. Adds these files to `known`.
    fn named(
        &self,
        member: &Member,
        sources: &BTreeSet<Utf8PathBuf>,
        doubtful: Vec<Doubtful>,
        known: &mut FilesRead,
    ) -> Result<Vec<Utf8PathBuf>, Problem> {
        let paths: Vec<Utf8PathBuf> = sources.iter().cloned().collect();
        let read = Sources::read(&self.root, &paths, &BTreeSet::new(), known)?;
        let links = read.files.iter();
        let links = links.filter(|(_, state)| state.kind == FileKind::Link);
        let links = links.map(|(path, _)| {
            let target = self.root.join(path).read_link_utf8();
            let target = target.map(|target| format!("link!({target:?})"));
            (path, target.unwrap_or_default())
        });
        let links: Vec<(&Utf8Path, String)> = links.collect();
        let rust = read.rust.iter();
        let rust = rust.map(|(path, text)| (path, text.as_str()));
        let links = links.iter().map(|(path, text)| (*path, text.as_str()));
        let mut texts: Vec<(&Utf8Path, &str)> = rust.chain(links).collect();
        let is_script =
            |path: &Utf8Path| member.build_script && is_of_a_build_script(path, &member.dir);
        let scripts: Vec<&str> = texts
            .iter()
            .filter(|(path, _)| is_script(path))
            .map(|(_, text)| *text)
            .collect();
        let goes_through: bool = scripts.iter().any(|text| goes_through_folders(text))
            && scripts.iter().any(|text| has_the_folder(text));
        let sought = doubtful
            .iter()
            .filter_map(|doubtful| doubtful.path.file_name());
        let sought = NamedInStrings::new(sought);
        texts.retain(|(path, text)| sought.may_be_in(text, is_script(path)));
        let names: BTreeSet<String> =
            parallel_map(&texts, |(path, text)| parts(text, is_script(path)))
                .into_iter()
                .flatten()
                .collect();
        known.add_below(&self.root, &read);
        let is_named = |doubtful: &Doubtful| {
            let name = doubtful.path.file_name().unwrap_or_default();
            goes_through && doubtful.may_be_come_upon
                || names.contains(name)
                || by_variable(&names, name)
        };
        Ok(doubtful
            .into_iter()
            .filter(is_named)
            .map(|doubtful| doubtful.path)
            .collect())
    }
}

/// Returns whether `path` can be the build script of the package in `dir`, or one of its modules.
pub(super) fn is_of_a_build_script(path: &Utf8Path, dir: &Utf8Path) -> bool {
    let inside = path.strip_prefix(dir).unwrap_or(path);
    let mut parts = inside.iter();
    inside.components().count() == 1 || parts.any(|part| matches!(part, "build" | "build.rs"))
}

/// Returns whether a build script may walk the package's own folder instead of naming the files that it reads.
fn has_the_folder(text: &str) -> bool {
    const SIGNS: [&str; 6] = [
        "CARGO_MANIFEST_DIR",
        "\".\"",
        "\"..\"",
        "\"./\"",
        "current_dir",
        "env::args",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// Returns the parts of all paths that a source may read while it is compiled, or a build script while it runs.
fn parts(text: &str, script: bool) -> Vec<String> {
    let strings = literals::strings(text, script).unwrap_or_else(|| {
        let between = text.split('"').skip(1).step_by(2);
        between.map(str::to_owned).collect()
    });
    let ends = |c: char| matches!(c, '/' | '\\') || script && " =:,;'\"*\n".contains(c);
    let parts = strings.iter().flat_map(|string| string.split(ends));
    parts.map(str::to_owned).collect()
}

/// Returns whether one of Cargo's variables contains the name of a file.
fn by_variable(names: &BTreeSet<String>, name: &str) -> bool {
    let upper = name.to_uppercase();
    upper.starts_with("README") && names.contains("CARGO_PKG_README")
        || upper.starts_with("LICEN") && names.contains("CARGO_PKG_LICENSE_FILE")
}

/// Names of files that are sought in the strings of sources.
struct NamedInStrings<'a> {
    anywhere: AhoCorasick,
    /// The names that can be a whole part of a path in a string.
    parts: HashSet<&'a str>,
    /// The others.
    odd: Vec<&'a str>,
}

/// The start of the variables in which Cargo tells what a manifest names.
const OF_MANIFEST: &str = "CARGO_PKG_";

impl<'a> NamedInStrings<'a> {
    fn new(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = names.collect();
        let is_odd = |name: &&str| name.contains(['"', '/', '\\']);
        let (odd, parts) = names.iter().copied().partition::<Vec<_>, _>(is_odd);
        let sought = names.iter().copied().chain([OF_MANIFEST]);
        Self {
            // The automaton scans many bytes at once only with this match kind.
            anywhere: AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostFirst)
                .build(sought)
                .expect("a few words make no large automaton"),
            parts: parts.into_iter().collect(),
            odd,
        }
    }

    /// Returns whether [`parts`] of a text may be one of the names.
    fn may_be_in(&self, text: &str, script: bool) -> bool {
        match script {
            true => self.anywhere.is_match(text),
            false => self.has_a_part(text),
        }
    }

    /// Returns whether one of the names is between two characters that can begin and end a part of a path in a string.
    fn has_a_part(&self, text: &str) -> bool {
        let mut begin = text.len();
        let part = memchr3_iter(b'"', b'/', b'\\', text.as_bytes()).any(|end| {
            let part = text.get(begin..end).unwrap_or_default();
            begin = end + 1;
            self.parts.contains(part) || part.starts_with(OF_MANIFEST)
        });
        part || self.odd.iter().any(|name| text.contains(name))
    }
}

/// A path that is read only if a source says so.
struct Doubtful {
    path: Utf8PathBuf,
    /// Set if a build script that walks folders may encounter it.
    may_be_come_upon: bool,
}

/// The listing of a package's folder.
struct Listing<'a> {
    root: &'a Utf8Path,
    dir: &'a Utf8Path,
    /// Paths in the folder that are not part of the package: other packages, and files that are there for another
    /// purpose.
    without: BTreeSet<&'a Utf8Path>,
    ignored: Ignored,
    tracked: Tracked,
    found: BTreeSet<Utf8PathBuf>,
    doubtful: Vec<Doubtful>,
}

impl Listing<'_> {
    /// Adds the contents of `folder`. An entry is added as a whole if all of it counts.
    fn folder(&mut self, folder: &Utf8Path) -> Result<(), Problem> {
        for (path, is_folder) in self.entries(folder)? {
            let name = path.file_name().unwrap_or_default();
            let manifest = matches!(name, "Cargo.toml" | "Cargo.lock");
            let never = name == ".git" || is_never_source(self.root.join(&path).as_std_path());
            if manifest && !is_folder || never || self.without.contains(path.as_path()) {
                continue;
            }
            let shared = self.is_shared(&path);
            let may_be_come_upon = match known(name, is_folder) {
                Some(Known::Tool) => Some(false),
                Some(Known::People) => Some(true),
                None if shared => None,
                None if is_folder && self.root.join(&path).join("Cargo.toml").is_file() => {
                    Some(true)
                }
                None if self.is_left_out(&path) => Some(false),
                // A file that only one developer has must not change what others generate.
                None if self.tracked.lacks(&self.root.join(&path)) => Some(false),
                None if check_plain(&path).is_err() => Some(true),
                None => None,
            };
            if let Some(may_be_come_upon) = may_be_come_upon {
                if !is_folder || self.holds_something(&path) {
                    self.doubtful.push(Doubtful {
                        path,
                        may_be_come_upon,
                    });
                }
            } else if shared || is_folder && self.is_left_out_in_part(&path) {
                self.folder(&path)?;
            } else if !is_folder || self.holds_something(&path) {
                self.found.insert(path);
            }
        }
        Ok(())
    }

    /// Returns whether `folder` contains something that is not part of the package.
    fn is_shared(&self, folder: &Utf8Path) -> bool {
        self.without.iter().any(|other| other.starts_with(folder))
    }

    /// Returns the entries of `folder` that git has or would take, in order, each with whether it is a folder.
    fn entries(&self, folder: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, bool>, Problem> {
        let mut found = BTreeMap::new();
        for entry in self.walk(folder, Some(1)).skip(1) {
            let entry = entry.map_err(unreadable)?;
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            if let Some(path) = self.relative(entry.path())? {
                found.insert(path, is_folder);
            }
        }
        if !self.tracked.is_all() {
            let entries = fs_err::read_dir(self.root.join(folder));
            for entry in entries.map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let Some(path) = Utf8Path::from_path(&entry.path()).map(Utf8Path::to_owned) else {
                    continue;
                };
                if self.tracked.has(&path) {
                    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                    found.extend(
                        self.relative(path.as_std_path())?
                            .map(|path| (path, is_folder)),
                    );
                }
            }
        }
        Ok(found)
    }

    /// Walks the entries of `folder` that git does not ignore, the folder itself first.
    fn walk(&self, folder: &Utf8Path, depth: Option<usize>) -> ignore::Walk {
        let follows_git = !self.tracked.is_all();
        ignore::WalkBuilder::new(self.root.join(folder))
            .max_depth(depth)
            .standard_filters(false)
            .parents(follows_git)
            .git_ignore(follows_git)
            .require_git(false)
            .build()
    }

    fn relative(&self, path: &std::path::Path) -> Result<Option<Utf8PathBuf>, Problem> {
        let Some(path) = Utf8Path::from_path(path) else {
            let problem = format!("{} is not UTF-8", path.display());
            return Err(Problem::new(Code::FileUnreadable, problem).hint("rename the file"));
        };
        Ok(path.strip_prefix(self.root).ok().map(Utf8Path::to_owned))
    }

    /// Returns whether `folder` contains a file that git has or would take. Other files would not be in every checkout.
    fn holds_something(&self, folder: &Utf8Path) -> bool {
        self.tracked.has(&self.root.join(folder)) && !self.tracked.is_all()
            || self.files_of(folder).next().is_some()
    }

    fn files_of(&self, folder: &Utf8Path) -> impl Iterator<Item = Utf8PathBuf> {
        let entries = self.walk(folder, None).filter_map(Result::ok);
        let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()));
        files.filter_map(|entry| self.relative(entry.path()).ok().flatten())
    }

    /// Returns whether the user's `.dockerignore` excludes `path` without including anything in it again.
    fn is_left_out(&self, path: &Utf8Path) -> bool {
        let out = |path: &Utf8Path| {
            let inside = path.strip_prefix(self.dir).unwrap_or(path);
            self.ignored.leaves_out(inside)
        };
        !self.ignored.is_empty() && out(path) && self.files_of(path).all(|file| out(&file))
    }

    /// Returns whether the user's `.dockerignore` excludes something in `folder`.
    fn is_left_out_in_part(&self, folder: &Utf8Path) -> bool {
        let out = |path: &Utf8Path| {
            let inside = path.strip_prefix(self.dir).unwrap_or(path);
            self.ignored.leaves_out(inside)
        };
        !self.ignored.is_empty() && self.files_of(folder).any(|file| out(&file))
    }
}
