//! The attributes that git gives to paths.

use camino::{Utf8Path, Utf8PathBuf};

use super::command::{entries, git, printed};
use crate::problem::Problem;

/// Returns those of `paths` in `folder` for which no file sets one of `attributes`.
///
/// # Errors
/// `git-failed`.
pub fn lacking(
    folder: &Utf8Path,
    attributes: &[&str],
    paths: Vec<Utf8PathBuf>,
) -> Result<Vec<Utf8PathBuf>, Problem> {
    let mut command = git(folder);
    command
        .args(["check-attr", "-z"])
        .args(attributes)
        .arg("--");
    let listed = printed(command.args(&paths))?;
    // Each entry is a path, an attribute and a value.
    let listed: Vec<String> = entries(&listed).collect();
    let is_lacking = |path: &Utf8PathBuf| {
        let mut answers = listed.chunks_exact(3);
        answers.any(|answer| answer[0] == *path && answer[2] == "unspecified")
    };
    Ok(paths.into_iter().filter(is_lacking).collect())
}
