//! Differences between the documents and the disk. Changes are data, so that a dry run is free.

use std::collections::HashSet;
use std::fmt;
use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};

use crate::context_path::ContextPath;
use crate::documents::header::{Owner, owner};
use crate::documents::{Document, OPTIONAL};
use crate::graph::parallel::parallel_map;
use crate::plan::config::{SCRIPTS, SKELETON};
use crate::problem::{Code, Problem};

/// A file that differs from the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Relative to the folder that the change is applied to. That is the context only for the files of a plan.
    pub path: Utf8PathBuf,
    pub kind: ChangeKind,
}

/// The action that makes the file match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Create {
        text: String,
    },
    Update {
        old: String,
        text: String,
    },
    /// A generated file that the plan no longer has.
    Remove {
        old: String,
    },
}

impl Change {
    /// Returns a unified diff.
    pub fn diff(&self) -> String {
        let (old, new) = match &self.kind {
            ChangeKind::Create { text } => ("", text.as_str()),
            ChangeKind::Update { old, text } => (old.as_str(), text.as_str()),
            ChangeKind::Remove { old } => (old.as_str(), ""),
        };
        let path = self.path.as_str();
        similar::TextDiff::from_lines(old, new)
            .unified_diff()
            .header(path, path)
            .to_string()
    }
}

impl Change {
    /// Returns who wrote the file that the change overwrites or removes; `None` if there is no such file.
    pub fn owner(&self) -> Option<Owner> {
        match &self.kind {
            ChangeKind::Create { .. } => None,
            ChangeKind::Update { old, .. } | ChangeKind::Remove { old } => Some(owner(old)),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.kind {
            ChangeKind::Create { .. } => "create",
            ChangeKind::Update { .. } => "update",
            ChangeKind::Remove { .. } => "remove",
        };
        write!(f, "{verb} {}", self.path)?;
        if self.owner() == Some(Owner::Conflicted) {
            f.write_str(", which was in conflict")?;
        }
        Ok(())
    }
}

/// Compares `documents` with the files below `root`. The changes are sorted by path. Generated files in `folder` that
/// the plan does not have are removed: any in the folders of the skeleton and of the scripts, and those documents that
/// only some plans have.
///
/// # Errors
/// `file-unreadable`.
pub fn compare(
    root: &Utf8Path,
    folder: &ContextPath,
    documents: &[Document],
) -> Result<Vec<Change>, Problem> {
    let mut changes = changes(root, documents)?;
    let wanted: HashSet<&str> = documents
        .iter()
        .map(|document| document.path.as_str())
        .collect();
    let optional = OPTIONAL.iter().map(|path| folder.join(path));
    let optional = optional.filter(|path| root.join(path).is_file());
    let skeleton = files_below(root, &folder.join(SKELETON))?;
    let scripts = files_below(root, &folder.join(SCRIPTS))?;
    for path in skeleton.into_iter().chain(scripts).chain(optional) {
        if !wanted.contains(path.as_str())
            && let Some(old) = read_text(&root.join(&path))?
            && owner(&old) != Owner::Foreign
        {
            changes.push(Change {
                path: path.into(),
                kind: ChangeKind::Remove { old },
            });
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

/// Compares `documents` with their files below `root`, and ignores all other files.
///
/// # Errors
/// `file-unreadable`.
pub fn changes<P: AsRef<Utf8Path> + Sync>(
    root: &Utf8Path,
    documents: &[Document<P>],
) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for change in parallel_map(documents, |document| change(root, document)) {
        changes.extend(change?);
    }
    Ok(changes)
}

/// Returns the change that a document's file needs, if any.
fn change<P: AsRef<Utf8Path>>(
    root: &Utf8Path,
    document: &Document<P>,
) -> Result<Option<Change>, Problem> {
    let text = || document.text.clone();
    let kind = match read(&root.join(&document.path))? {
        Some(old) if old == document.text => return Ok(None),
        Some(old) => ChangeKind::Update { old, text: text() },
        None => ChangeKind::Create { text: text() },
    };
    let path = document.path.as_ref().to_owned();
    Ok(Some(Change { path, kind }))
}

/// Reads the file of a document.
fn read(path: &Utf8Path) -> Result<Option<String>, Problem> {
    present(fs_err::read_to_string(path))
}

/// Reads a file that may be somebody else's. One that is not text, such as an editor's swap file, is.
fn read_text(path: &Utf8Path) -> Result<Option<String>, Problem> {
    let bytes = present(fs_err::read(path))?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
}

fn present<T>(read: std::io::Result<T>) -> Result<Option<T>, Problem> {
    match read {
        Ok(content) => Ok(Some(content)),
        // If a file takes the place of a folder, writing reports it.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Problem::from_error(Code::FileUnreadable, error).hint(
            "make it readable, or move it away: bakehouse does not overwrite what it cannot read",
        )),
    }
}

/// Lists the files at and below a folder, which may be missing. Links are left out.
fn files_below(root: &Utf8Path, folder: &ContextPath) -> Result<Vec<ContextPath>, Problem> {
    let mut files = Vec::new();
    let mut open = vec![folder.clone()];
    while let Some(folder) = open.pop() {
        let full = root.join(&folder);
        if !full.is_dir() {
            continue;
        }
        let unreadable = |error: std::io::Error| {
            Problem::from_error(Code::FileUnreadable, error)
                .hint("make it readable, or move it away")
        };
        for entry in fs_err::read_dir(full).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let kind = entry.file_type().map_err(unreadable)?;
            // Bakehouse writes only UTF-8 names, so any other file belongs to somebody else.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if kind.is_dir() {
                open.push(folder.join(name));
            } else if kind.is_file() {
                files.push(folder.join(name));
            }
        }
    }
    Ok(files)
}
