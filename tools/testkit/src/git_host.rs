//! Git repositories that Cargo can fetch from, on this machine and in containers.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use fs_err as fs;
use tempfile::TempDir;

use crate::engine::gateway;
use crate::ran::Ran;

/// A host of git repositories, until it is dropped.
#[derive(Debug)]
pub struct GitHost {
    folder: TempDir,
    address: String,
    daemon: Child,
}

impl GitHost {
    /// Starts with no repository.
    ///
    /// # Panics
    /// When there is no free port, or no `git daemon`.
    #[track_caller]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let host = gateway();
        let free = TcpListener::bind((host.as_str(), 0)).expect("a port is free");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let daemon = Command::new("git")
            .args(["daemon", "--reuseaddr", "--export-all"])
            .arg(format!("--listen={host}"))
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", folder.path().display()))
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("git daemon starts");
        let address = format!("{host}:{port}");
        let end = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(&address).is_err() {
            assert!(Instant::now() < end, "git daemon does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            folder,
            address,
            daemon,
        }
    }

    /// The URL of the repository `name`.
    pub fn url(&self, name: &str) -> String {
        format!("git://{}/{name}", self.address)
    }

    /// Makes `files` the content of the repository `name`, by a commit on its branch, and returns the commit. The first
    /// branch of a repository is `main`, which is used when no branch is named. `submodules` are folders with the names
    /// of other repositories.
    ///
    /// # Panics
    /// When git refuses.
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

    /// Names a commit of the repository.
    ///
    /// # Panics
    /// When git refuses.
    #[track_caller]
    pub fn tag(&self, name: &str, tag: &str, commit: &str) {
        git(&self.dir().join(name), &["tag", tag, commit]);
    }

    /// Makes the repository `copy` the same as `name` is now.
    ///
    /// # Panics
    /// When git refuses.
    #[track_caller]
    pub fn copy(&self, name: &str, copy: &str) {
        git(self.dir(), &["clone", "--quiet", "--bare", name, copy]);
    }

    /// Removes a repository.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn remove(&self, name: &str) {
        fs::remove_dir_all(self.dir().join(name)).expect("a folder can be removed");
    }

    fn dir(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).expect("its name is UTF-8")
    }
}

impl Drop for GitHost {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
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
