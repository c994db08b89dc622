//! Git repositories that Cargo can fetch from, on this machine and in containers.

use std::process::Command;

use camino::Utf8Path;
use fs_err as fs;

use crate::ran::Ran;
use crate::served::Served;

/// A host of git repositories, which runs until it is dropped.
#[derive(Debug)]
pub struct GitHost(Served);

impl GitHost {
    /// Starts the host without repositories.
    ///
    /// # Panics
    /// If there is no free port, or no git.
    #[track_caller]
    pub fn start() -> Self {
        Self(Served::start())
    }

    /// Returns the URL of the repository `name`.
    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.0.git())
    }

    /// Commits `files` as the complete contents of the repository `name` to its branch, and returns the commit. The
    /// first branch of a repository is `main`, which is used if no branch is named. `submodules` are folders with the
    /// names of other repositories.
    ///
    /// # Panics
    /// If git fails.
    #[track_caller]
    pub fn commit(
        &self,
        name: &str,
        branch: &str,
        files: &[(&str, &str)],
        submodules: &[(&str, &str)],
    ) -> String {
        let dir = self.dir().join(name);
        if !dir.exists() {
            git(
                self.dir(),
                &["init", "--quiet", "--initial-branch", branch, name],
            );
        }
        let has = |branch: &str| {
            let refs = git(&dir, &["branch", "--list", branch]);
            !refs.trim().is_empty()
        };
        let option = if has(branch) { "-q" } else { "-qB" };
        git(&dir, &["checkout", option, branch]);
        for (path, text) in files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
            fs::write(path, text).expect("a file can be written");
        }
        for (path, other) in submodules {
            if !dir.join(path).exists() {
                git(
                    &dir,
                    &["submodule", "--quiet", "add", &self.url(other), path],
                );
            }
        }
        git(&dir, &["add", "--all", "--force", "."]);
        git(
            &dir,
            &[
                "commit",
                "--quiet",
                "--allow-empty",
                "--message",
                "a change",
            ],
        );
        let commit = git(&dir, &["rev-parse", "HEAD"]).trim().to_owned();
        git(&dir, &["checkout", "-q", "main"]);
        commit
    }

    /// Tags a commit of the repository.
    ///
    /// # Panics
    /// If git fails.
    #[track_caller]
    pub fn tag(&self, name: &str, tag: &str, commit: &str) {
        git(&self.dir().join(name), &["tag", tag, commit]);
    }

    /// Makes the repository `copy` a copy of the current state of `name`.
    ///
    /// # Panics
    /// If git fails.
    #[track_caller]
    pub fn copy(&self, name: &str, copy: &str) {
        git(self.dir(), &["clone", "--quiet", "--bare", name, copy]);
    }

    /// Removes a repository.
    ///
    /// # Panics
    /// If there is no such repository.
    #[track_caller]
    pub fn remove(&self, name: &str) {
        fs::remove_dir_all(self.dir().join(name)).expect("a folder can be removed");
    }

    fn dir(&self) -> &Utf8Path {
        self.0.folder()
    }
}

/// Runs git in `dir`, with an anonymous author.
#[track_caller]
fn git(dir: &Utf8Path, arguments: &[&str]) -> String {
    let ran = Ran::of(
        Command::new("git")
            .current_dir(dir)
            .args([
                "-c",
                "user.name=nobody",
                "-c",
                "user.email=nobody@example.org",
            ])
            .args(arguments),
    );
    ran.succeeded().stdout
}
