//! What git and those who review are told of generated files: lines of `.gitattributes`.

use camino::Utf8Path;

use super::OPTIONAL;
use crate::plan::config::SKELETON;

/// The attributes of a generated file: the sum in its header needs the same line ends everywhere, reviews fold it away,
/// and a merge leaves one side as it is, for `bakehouse generate` to write it again.
const ATTRIBUTES: &str = "eol=lf linguist-generated -merge";

/// Files and folders that every plan has, in the folder of the generated files.
const FILES: [&str; 2] = ["Dockerfile", "Dockerfile.dockerignore"];
const FOLDERS: [&str; 2] = ["build", SKELETON];

/// Returns a line for each generated file or folder of them, relative to the workspace.
pub fn lines(folder: &Utf8Path, bake: &Utf8Path) -> Vec<String> {
    let files = FILES.iter().chain(&OPTIONAL).map(|name| folder.join(name));
    let folders = FOLDERS.iter().map(|name| folder.join(name).join("**"));
    let paths = [bake.to_owned()].into_iter().chain(files).chain(folders);
    paths.map(|path| format!("/{path} {ATTRIBUTES}")).collect()
}
