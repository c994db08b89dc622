//! The commits of a range, read from git.

use camino::{Utf8Path, Utf8PathBuf};

use super::command::{entries, git, printed, run};
use super::repository::Repository;
use crate::problem::{Code, Problem};
use jiff::Timestamp;

/// A commit and what it changes.
#[derive(Clone, Debug)]
pub struct Commit {
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// Files that differ from the commit before, relative to the workspace. Empty for the first commit.
    pub changed: Vec<Utf8PathBuf>,
}

impl Repository {
    /// Returns the commit `from`, then those after it along first parents up to `to`.
    ///
    /// # Errors
    /// `revision-unknown`; `config-value` if nothing leads from one to the other; `git-failed`.
    pub fn commits(&self, from: &str, to: &str) -> Result<Vec<Commit>, Problem> {
        let names = (from, to);
        let from = self.revision(from)?.id;
        let to = self.revision(to)?.id;
        let top = &self.top;
        let wrong = |what: &str| {
            Problem::new(
            Code::ConfigValue,
            format!("{}..{} {what}", names.0, names.1),
        )
        .hint("name a commit and a later one of the same branch; `git log --first-parent --oneline` shows them")
        };
        let ancestor = run(git(top).args(["merge-base", "--is-ancestor", &from, &to]))?;
        if !ancestor.status.success() {
            return Err(wrong("is no range: the first is no ancestor of the second"));
        }
        let listed = printed(git(top).args([
            "rev-list",
            "--first-parent",
            "--reverse",
            &format!("{from}..{to}"),
        ]))?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let ids: Vec<&str> = listed.lines().collect();
        if ids.is_empty() {
            return Err(wrong("has no commits"));
        }
        let mut before: Option<&str> = None;
        let mut commits = Vec::new();
        for id in [from.as_str()].into_iter().chain(ids) {
            let subject = printed(git(top).args(["show", "--no-patch", "--format=%s", id]))?;
            commits.push(Commit {
                id: id.to_owned(),
                subject: String::from_utf8_lossy(&subject).trim().to_owned(),
                changed: match before {
                    Some(before) => changed(self, before, id)?,
                    None => Vec::new(),
                },
            });
            before = Some(id);
        }
        Ok(commits)
    }
}

/// Returns the time of a commit, if the repository that `folder` is in has it.
pub fn committed(folder: &Utf8Path, commit: &str) -> Option<Timestamp> {
    let is_id = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_id {
        return None;
    }
    let shown = run(git(folder).args(["show", "--no-patch", "--format=%cI", commit, "--"])).ok()?;
    let text = String::from_utf8_lossy(&shown.stdout);
    text.trim().parse().ok()
}

fn changed(repository: &Repository, from: &str, to: &str) -> Result<Vec<Utf8PathBuf>, Problem> {
    let folder = repository.top.join(&repository.prefix);
    let listed = printed(git(&folder).args([
        "diff",
        "--name-only",
        "--no-renames",
        "--relative",
        "-z",
        from,
        to,
    ]))?;
    Ok(entries(&listed).map(Utf8PathBuf::from).collect())
}
