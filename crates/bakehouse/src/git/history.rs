//! The files that past commits changed.

use camino::{Utf8Path, Utf8PathBuf};

use super::command::{entries, git, printed, run};
use crate::problem::Problem;

/// Returns the files that each of the last `most` commits changed, newest commit first, relative to `folder`. Merge
/// commits are skipped, since the commits that they bring in are listed. Empty without a repository or a commit.
///
/// # Errors
/// `git-failed`.
pub fn changed(folder: &Utf8Path, most: usize) -> Result<Vec<Vec<Utf8PathBuf>>, Problem> {
    let head = run(git(folder).args(["rev-parse", "--quiet", "--verify", "HEAD"]));
    if !head.is_ok_and(|head| head.status.success()) {
        return Ok(Vec::new());
    }
    let listed = printed(git(folder).args([
        "log",
        "-z",
        "--no-merges",
        "--no-renames",
        "--name-only",
        "--relative",
        "--format=%x01",
        &format!("--max-count={most}"),
        "HEAD",
    ]))?;
    Ok(read(&listed))
}

/// Parses such a list into commits, each with its files.
pub fn read(listed: &[u8]) -> Vec<Vec<Utf8PathBuf>> {
    let mut commits: Vec<Vec<Utf8PathBuf>> = Vec::new();
    for entry in entries(listed) {
        // The first file of a commit follows its mark and a line break.
        let (mark, file) = match entry.strip_prefix('\u{1}') {
            Some(rest) => (true, rest),
            None => (false, entry.as_str()),
        };
        if mark {
            commits.push(Vec::new());
        }
        let file = file.trim_start_matches('\n');
        if let (Some(commit), false) = (commits.last_mut(), file.is_empty()) {
            commit.push(file.into());
        }
    }
    commits
}
