//! What git and those who review are told of generated files: lines of `.gitattributes`.

use camino::{Utf8Path, Utf8PathBuf};

use super::OPTIONAL;
use crate::plan::config::{SCRIPTS, SKELETON};

/// The attributes of a generated file: the sum in its header needs the same line ends everywhere, reviews fold it away,
/// and a merge leaves one side as it is, for `bakehouse generate` to write it again.
const ATTRIBUTES: &str = "eol=lf linguist-generated -merge";

/// Files and folders that every plan has, in the folder of the generated files.
const FILES: [&str; 2] = ["Dockerfile", "Dockerfile.dockerignore"];
const FOLDERS: [&str; 2] = [SKELETON, SCRIPTS];

/// Returns the generated files and folders of them, relative to the workspace, as patterns.
pub fn patterns(folder: &Utf8Path, bake: &Utf8Path) -> Vec<Utf8PathBuf> {
    let files = FILES.iter().chain(&OPTIONAL).map(|name| folder.join(name));
    let folders = FOLDERS.iter().map(|name| folder.join(name).join("**"));
    [bake.to_owned()]
        .into_iter()
        .chain(files)
        .chain(folders)
        .collect()
}

/// Returns the line for a pattern.
pub fn line(pattern: &Utf8Path) -> String {
    format!("/{pattern} {ATTRIBUTES}")
}
