//! Lines of `.gitattributes` for generated files.

use camino::{Utf8Path, Utf8PathBuf};

use super::OPTIONAL;
use crate::plan::config::{SCRIPTS, SKELETON};

/// The attributes of a generated file. The sum in its header needs the same line ends everywhere, reviews should fold
/// it away, and a merge should leave one side unchanged, which `bakehouse generate` then writes again.
const ATTRIBUTES: &str = "eol=lf linguist-generated -merge";

/// The files of every plan, in the folder of generated files.
const FILES: [&str; 2] = ["Dockerfile", "Dockerfile.dockerignore"];
const FOLDERS: [&str; 2] = [SKELETON, SCRIPTS];

/// Returns patterns for the generated files and their folders, relative to the workspace.
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
