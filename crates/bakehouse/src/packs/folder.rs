//! Reader of a pack's folder. It does not follow links, but notes where they lead.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::program::Program;
use crate::problem::{Code, Problem};

/// A problem and the file that has it.
#[derive(Clone, Debug)]
pub struct Found {
    pub file: Utf8PathBuf,
    pub problem: Problem,
}

/// Largest size of a manifest. The platform reads no larger ones, and none is anywhere near.
pub const MOST_BYTES: u64 = 1 << 20;

/// The content of a pack's folder.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// The path as messages show it.
    pub path: Utf8PathBuf,
    /// The folder's name after following links.
    pub name: String,
    /// Entries by their path in the pack.
    pub entries: BTreeMap<Utf8PathBuf, Entry>,
    /// Problems with entries that could not be read.
    pub problems: Vec<Found>,
}

/// An entry of a pack.
#[derive(Clone, Debug)]
pub enum Entry {
    Folder,
    File(File),
    Link(Link),
    /// A socket, a pipe or a device.
    Other,
}

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    pub executable: bool,
    /// The program that an executable file contains.
    pub program: Option<Program>,
    /// The text of a manifest, or the reason why there is none.
    pub text: Option<Result<String, String>>,
}

/// The target of a symbolic link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// This path in the pack, after following all links.
    Inside(Utf8PathBuf),
    Outside,
    /// Nothing, or the link itself.
    Nowhere,
}

impl Folder {
    /// Reads the folder at `root`, which messages call `shown`.
    ///
    /// # Errors
    /// `pack-missing` if there is none, `file-unreadable` if it cannot be read at all.
    pub fn read(root: &Utf8Path, shown: &Utf8Path) -> Result<Self, Problem> {
        let real = root
            .canonicalize_utf8()
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => Problem::new(
                    Code::PackMissing,
                    format!("the pack's folder {shown} does not exist"),
                )
                .hint("make it, or correct `path` under [packs]"),
                _ => unreadable(shown, error),
            })?;
        if !real.is_dir() {
            return Err(
                Problem::new(Code::PackMissing, format!("{shown} is not a folder"))
                    .hint("a pack is a folder with a pack.yaml"),
            );
        }
        let mut folder = Self {
            path: shown.to_owned(),
            name: real.file_name().unwrap_or_default().to_owned(),
            ..Self::default()
        };
        folder.walk(&real, Utf8Path::new(""));
        Ok(folder)
    }

    fn walk(&mut self, root: &Utf8Path, inside: &Utf8Path) {
        let listed: std::io::Result<Vec<_>> =
            fs_err::read_dir(root.join(inside)).and_then(Iterator::collect);
        let entries = match listed {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(inside, error),
        };
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else {
                let name = entry.file_name();
                let file = self.path.join(inside);
                let problem = Problem::new(
                    Code::FileUnreadable,
                    format!(
                        "{file} holds a file whose name is not UTF-8: {}",
                        name.display()
                    ),
                );
                self.problems.push(Found {
                    file,
                    problem: problem.hint("rename it"),
                });
                continue;
            };
            // Version control's own folder or file.
            if name == ".git" {
                continue;
            }
            let path = inside.join(&name);
            match self.entry(root, &path) {
                Ok(entry) => {
                    let is_folder = matches!(entry, Entry::Folder);
                    self.entries.insert(path.clone(), entry);
                    if is_folder {
                        self.walk(root, &path);
                    }
                }
                Err(error) => self.unreadable(&path, error),
            }
        }
    }

    fn entry(&self, root: &Utf8Path, path: &Utf8Path) -> std::io::Result<Entry> {
        let full = root.join(path);
        let about = fs_err::symlink_metadata(&full)?;
        if about.is_symlink() {
            return Ok(Entry::Link(link(root, &full)));
        }
        if about.is_dir() {
            return Ok(Entry::Folder);
        }
        if !about.is_file() {
            return Ok(Entry::Other);
        }
        let executable = about.permissions().mode() & 0o111 != 0;
        let program = executable
            .then(|| fs_err::read(&full).map(|content| Program::of(&content)))
            .transpose()?;
        let text = is_manifest(path).then(|| text(&full)).transpose()?;
        Ok(Entry::File(File {
            executable,
            program,
            text,
        }))
    }

    fn unreadable(&mut self, path: &Utf8Path, error: std::io::Error) {
        let file = self.path.join(path);
        let problem = unreadable(&file, error);
        self.problems.push(Found { file, problem });
    }

    /// Returns the manifests of one kind, by name. Hidden ones are skipped: editors and copying tools leave them.
    pub fn manifests(&self, kind: &str) -> impl Iterator<Item = (&Utf8Path, &Entry)> {
        self.entries.iter().filter_map(move |(path, entry)| {
            let of_kind = path.parent() == Some(Utf8Path::new(kind)) && is_manifest(path);
            of_kind.then_some((path.as_path(), entry))
        })
    }

    /// Returns the entry at `path` and its path after following links; `None` if there is none.
    pub fn at(&self, path: &Utf8Path) -> Option<(Utf8PathBuf, &Entry)> {
        let mut at = Utf8PathBuf::new();
        let mut found = &Entry::Folder;
        for part in path.components() {
            let Utf8Component::Normal(name) = part else {
                continue;
            };
            at.push(name);
            found = self.entries.get(&at)?;
            if let Entry::Link(Link::Inside(to)) = found {
                at.clone_from(to);
                found = if at.as_str().is_empty() {
                    &Entry::Folder
                } else {
                    self.entries.get(&at)?
                };
            }
        }
        Some((at, found))
    }
}

/// Returns whether a file is `pack.yaml` or the manifest of an action or a sensor.
fn is_manifest(path: &Utf8Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.starts_with('.'));
    let folder = path.parent().map_or("", Utf8Path::as_str);
    match folder {
        "" => path.as_str() == "pack.yaml",
        "actions" | "sensors" => !hidden && matches!(path.extension(), Some("yaml" | "yml")),
        _ => false,
    }
}

fn link(root: &Utf8Path, full: &Utf8Path) -> Link {
    match full.canonicalize_utf8() {
        Ok(to) => match to.strip_prefix(root) {
            Ok(inside) => Link::Inside(inside.to_owned()),
            Err(_) => Link::Outside,
        },
        Err(_) => Link::Nowhere,
    }
}

fn text(full: &Utf8Path) -> std::io::Result<Result<String, String>> {
    let mut bytes = Vec::new();
    let file = fs_err::File::open(full)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Ok(Err(format!("is longer than {MOST_BYTES} bytes")));
    }
    Ok(String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned()))
}

fn unreadable(path: &Utf8Path, error: std::io::Error) -> Problem {
    Problem::new(
        Code::FileUnreadable,
        format!("{path} cannot be read: {error}"),
    )
    .hint("make it readable: the platform has to read it, too")
    .caused_by(error)
}
