//! The files of a repository that say what it ships.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::kinds::{Kind, Weight, kind, weight};
use crate::documents::header::{Owner, owner};

/// Most files of one kind that are read.
const MOST_FILES: usize = 200;
/// Most bytes of a file that is read.
const MOST_BYTES: u64 = 512 * 1024;

/// The files.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The paths of all files that git does not ignore.
    pub all: BTreeSet<Utf8PathBuf>,
    /// The texts of those that say something, the shallowest first.
    pub texts: Vec<Text>,
    /// Remarks on what was passed over.
    pub passed: Vec<String>,
}

/// A file that says something.
#[derive(Clone, Debug)]
pub struct Text {
    pub file: Utf8PathBuf,
    pub kind: Kind,
    pub weight: Weight,
    pub text: String,
}

/// Reads the files below `root`.
pub fn walk(root: &Utf8Path) -> Files {
    let mut files = Files::default();
    let walk = ignore::WalkBuilder::new(root)
        .require_git(false)
        .hidden(false)
        .filter_entry(|entry| {
            !matches!(
                entry.file_name().to_str(),
                Some(".git" | "node_modules" | "target")
            )
        })
        .build();
    for entry in walk.filter_map(Result::ok) {
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        let Ok(path) = Utf8PathBuf::from_path_buf(entry.into_path()) else {
            continue;
        };
        if let (true, Ok(path)) = (is_file, path.strip_prefix(root)) {
            files.all.insert(path.to_owned());
        }
    }
    let mut found: Vec<(Kind, usize, Utf8PathBuf)> = files
        .all
        .iter()
        .filter_map(|path| Some((kind(path)?, path.components().count(), path.clone())))
        .collect();
    found.sort();
    let (mut counted, mut last) = (0, None);
    let (mut too_many, mut too_large) = (0, Vec::new());
    for (kind, _, file) in found {
        if last != Some(kind) {
            (counted, last) = (0, Some(kind));
        }
        let weight = weight(&file);
        if weight == Weight::None {
            continue;
        }
        counted += 1;
        if counted > MOST_FILES {
            // Nobody misses the words of one document more.
            too_many += usize::from(kind != Kind::Document);
            continue;
        }
        let path = root.join(&file);
        let size = path.metadata().map_or(0, |metadata| metadata.len());
        if size > MOST_BYTES {
            if kind != Kind::Document {
                too_large.push(file);
            }
            continue;
        }
        if let Ok(text) = std::fs::read_to_string(&path)
            && owner(&text) == Owner::Foreign
        {
            files.texts.push(Text {
                file,
                kind,
                weight,
                text,
            });
        }
    }
    let large = too_large.into_iter();
    files
        .passed
        .extend(large.map(|file| format!("{file} is too large")));
    if too_many > 0 {
        files.passed.push(format!(
            "{too_many} more files, after {MOST_FILES} of their kind"
        ));
    }
    files
}
