//! Git repositories that are served: a working folder, and a bare repository for clients.

use std::process::Command;

use camino::Utf8Path;
use fs_err as fs;

use super::edits::next_value;
use super::model::Repository;
use crate::ran::Ran;

/// Creates a repository with the branch `side` and the tag `v1`, and returns its commit.
#[track_caller]
pub fn make(served: &Utf8Path, repository: &Repository, address: &str) -> String {
    let work = served.join(format!("work-{}", repository.name));
    let bare = served.join(format!("{}.git", repository.name));
    for folder in [&work, &bare] {
        fs::create_dir_all(folder).expect("a folder can be made");
    }
    git(
        &bare,
        &["init", "--quiet", "--bare", "--initial-branch", "main"],
    );
    git(&work, &["init", "--quiet", "--initial-branch", "main"]);
    git(&work, &["remote", "add", "origin", bare.as_str()]);
    for (path, text) in &repository.files {
        let path = work.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&work)).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    if let Some((folder, of)) = &repository.submodule {
        let url = format!("{address}/{of}.git");
        git(&work, &["submodule", "--quiet", "add", &url, folder]);
    }
    commit(&work);
    git(&work, &["branch", "side"]);
    git(&work, &["tag", "v1"]);
    git(&work, &["push", "--quiet", "origin", "main", "side", "v1"]);
    git(&work, &["rev-parse", "HEAD"])
}

/// Commits the next value of a file, on both branches and as the tag `v2`. Returns the commits before and after, or
/// `None` if there is no such repository.
pub fn change(served: &Utf8Path, name: &str, path: &str) -> Option<(String, String)> {
    let work = served.join(format!("work-{name}"));
    let before = work.is_dir().then(|| git(&work, &["rev-parse", "HEAD"]))?;
    let file = work.join(path);
    let text = fs::read_to_string(&file).ok()?;
    fs::write(&file, next_value(&text, 0)?).expect("a file can be written");
    commit(&work);
    git(&work, &["branch", "--force", "side"]);
    git(&work, &["tag", "--force", "v2"]);
    git(&work, &["push", "--quiet", "origin", "main", "side"]);
    git(&work, &["push", "--quiet", "--force", "origin", "v2"]);
    Some((before, git(&work, &["rev-parse", "HEAD"])))
}

fn commit(work: &Utf8Path) {
    // A repository may contain files that it ignores.
    git(work, &["add", "--all", "--force"]);
    git(work, &["commit", "--quiet", "--message", "next"]);
}

#[track_caller]
fn git(dir: &Utf8Path, arguments: &[&str]) -> String {
    let ran = Ran::of(
        Command::new("git")
            .current_dir(dir)
            .args(["-c", "user.name=e2e", "-c", "user.email=e2e@localhost"])
            .args(["-c", "commit.gpgsign=false"])
            .args(arguments)
            .env("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
            .env("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z"),
    );
    ran.succeeded().stdout.trim().to_owned()
}
