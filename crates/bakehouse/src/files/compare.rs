//! What differs between the documents and the disk. Changes are data, so that a dry run is free.

use std::collections::HashSet;
use std::fmt;
use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};

use crate::documents::header::{Owner, owner};
use crate::documents::{Document, OPTIONAL};
use crate::graph::parallel::parallel_map;
use crate::plan::config::{SCRIPTS, SKELETON};
use crate::problem::{Code, Problem};

/// A file that is not as the plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Relative to the context.
    pub path: Utf8PathBuf,
    pub kind: ChangeKind,
}

/// What has to be done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Create {
        text: String,
    },
    Update {
        old: String,
        text: String,
    },
    /// A generated file that no plan has any more.
    Remove {
        old: String,
    },
}

impl Change {
    /// A unified diff.
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
    /// Whose the file is that the change takes away; `None` when there is none.
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

/// Compares `documents` with the files below `root`, sorted by path. In the skeleton and among the scripts, in the `folder`
/// of the generated files, there should be no others, and of those that not every plan has none that it does not have.
///
/// # Errors
/// `file-unreadable`.
pub fn compare(
    root: &Utf8Path,
    folder: &Utf8Path,
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
            && let Some(old) = read(&root.join(&path))?
            && owner(&old) != Owner::Foreign
        {
            changes.push(Change {
                path,
                kind: ChangeKind::Remove { old },
            });
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

/// Compares `documents` with their files below `root`, and looks at no others.
///
/// # Errors
/// `file-unreadable`.
pub fn changes(root: &Utf8Path, documents: &[Document]) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for change in parallel_map(documents, |document| change(root, document)) {
        changes.extend(change?);
    }
    Ok(changes)
}

/// What has to be done to a document's file, if anything.
fn change(root: &Utf8Path, document: &Document) -> Result<Option<Change>, Problem> {
    let text = || document.text.clone();
    let kind = match read(&root.join(&document.path))? {
        Some(old) if old == document.text => return Ok(None),
        Some(old) => ChangeKind::Update { old, text: text() },
        None => ChangeKind::Create { text: text() },
    };
    let path = document.path.clone();
    Ok(Some(Change { path, kind }))
}

fn read(path: &Utf8Path) -> Result<Option<String>, Problem> {
    match fs_err::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        // Where a folder's place is taken by a file, writing is what fails.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Problem::from_error(Code::FileUnreadable, error).hint(
            "make it readable, or move it away: bakehouse does not overwrite what it cannot read",
        )),
    }
}

/// The files at and below a folder, which may not be there; links left out.
fn files_below(root: &Utf8Path, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Problem> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
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
            // What has another name was written by somebody else.
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
