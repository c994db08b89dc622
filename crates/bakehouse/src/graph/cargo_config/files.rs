//! The configuration files that Cargo reads, and their precedence.

use camino::{Utf8Path, Utf8PathBuf};

use super::file::ConfigFile;
use crate::problem::{Code, Problem};

/// Returns the files of the folders between `workspace` and `limit`, together with the files that they include, highest
/// precedence first.
///
/// # Errors
/// `cargo-config`, `file-unreadable`, `manifest-invalid`.
pub fn files(workspace: &Utf8Path, limit: &Utf8Path) -> Result<Vec<ConfigFile>, Problem> {
    let mut files = Vec::new();
    let above = workspace.ancestors();
    for folder in above.take_while(|folder| folder.starts_with(limit)) {
        if let Some(path) = of_folder(&folder.join(".cargo")) {
            add(ConfigFile::read(&path)?, &mut Vec::new(), &mut files)?;
        }
    }
    Ok(files)
}

/// Returns the file that Cargo reads in a folder `.cargo`: the one without an extension if both exist. One of them may
/// be a link to the other, for older versions of Cargo that only know that name.
fn of_folder(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let [old, new] = ["config", "config.toml"].map(|name| folder.join(name));
    let same = || {
        let [old, new] = [&old, &new].map(|path| path.canonicalize_utf8().ok());
        old.is_some() && old == new
    };
    if old.exists() && !(new.exists() && same()) {
        return Some(old);
    }
    let whole = [new, old].into_iter();
    let mut whole = whole.filter(|path| path.exists());
    let link = |path: &Utf8PathBuf| path.is_symlink();
    let first = whole.next()?;
    match whole.next() {
        Some(second) if link(&first) && !link(&second) => Some(second),
        _ => Some(first),
    }
}

/// Adds `file`, followed by the files that it includes, the last of them first since it takes precedence. `open` are
/// the files that the same file of a folder has included so far.
fn add(
    file: ConfigFile,
    open: &mut Vec<Utf8PathBuf>,
    files: &mut Vec<ConfigFile>,
) -> Result<(), Problem> {
    open.push(file.path.clone());
    let includes = file.includes.clone();
    let (source, path) = (file.source.clone(), file.path.clone());
    let mut below = Vec::new();
    for include in includes {
        if include.optional && !include.path.exists() {
            continue;
        }
        let refuse = |what: &str, hint: &str| {
            Problem::new(
                Code::CargoConfig,
                format!("{path} includes {}, {what}", include.path),
            )
            .at(&source, include.span.clone())
            .hint(hint)
        };
        if !include.path.exists() {
            return Err(refuse(
                "which does not exist",
                "Cargo refuses it, too: `{ path = \"…\", optional = true }` includes what may be missing",
            ));
        }
        if open.contains(&include.path) {
            return Err(refuse(
                "which was included before",
                "Cargo treats that as a cycle: include each file once",
            ));
        }
        let mut added = Vec::new();
        add(ConfigFile::read(&include.path)?, open, &mut added)?;
        below.push(added);
    }
    files.push(file);
    files.extend(below.into_iter().rev().flatten());
    Ok(())
}

/// Adds the existing files among `paths`, and the files that they include, to `files`, each once. Faults in them are
/// left to Cargo to report.
pub fn with_included(paths: impl IntoIterator<Item = Utf8PathBuf>, files: &mut Vec<Utf8PathBuf>) {
    let mut open: Vec<Utf8PathBuf> = paths.into_iter().collect();
    while let Some(path) = open.pop() {
        if path.is_file() && !files.contains(&path) {
            let includes = ConfigFile::read(&path).map(|file| file.includes);
            open.extend(includes.into_iter().flatten().map(|include| include.path));
            files.push(path);
        }
    }
}
