//! Edits of the files, as a user makes them.

use std::process::Command;
use std::time::{Duration, SystemTime};

use fs_err as fs;

use super::Workspace;
use crate::ran::Ran;

impl Workspace {
    /// Writes a file, and creates its folder if needed.
    ///
    /// # Panics
    /// If that fails, as for all edits.
    #[track_caller]
    pub fn write(&self, path: &str, text: &str) {
        let path = self.dir.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder can be made");
        }
        fs::write(path, text).expect("a file can be written");
    }

    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.dir.join(path)).expect("a file can be read")
    }

    #[track_caller]
    pub fn append(&self, path: &str, text: &str) {
        let old = self.read(path);
        self.write(path, &(old + text));
    }

    /// Replaces `old`, which must be present.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "`{old}` is not in {path}:\n{text}");
        self.write(path, &text.replace(old, new));
    }

    #[track_caller]
    pub fn remove(&self, path: &str) {
        let path = self.dir.join(path);
        if path.is_dir() {
            fs::remove_dir_all(path).expect("a folder can be removed");
        } else {
            fs::remove_file(path).expect("a file can be removed");
        }
    }

    #[track_caller]
    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.dir.join(from), self.dir.join(to)).expect("a file can be renamed");
    }

    /// Sets the modification time of a file.
    #[track_caller]
    pub fn set_mtime(&self, path: &str, time: SystemTime) {
        fs::File::options()
            .append(true)
            .open(self.dir.join(path))
            .and_then(|file| file.set_modified(time))
            .expect("a time can be set");
    }

    /// Sets the modification time of every file in `crates/`.
    #[track_caller]
    pub fn set_mtimes(&self, time: SystemTime) {
        for path in self
            .tree()
            .paths()
            .filter(|path| path.starts_with("crates/"))
        {
            self.set_mtime(path, time);
        }
    }

    /// Updates Cargo.lock for the manifests, with as few changes as possible.
    #[track_caller]
    pub fn lock(&self) {
        let _ = self.cargo(["update", "--workspace"]).succeeded();
    }

    pub fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        Ran::of(Command::new(cargo).current_dir(&self.dir).args(arguments))
    }

    /// Runs git with an anonymous author.
    #[track_caller]
    pub fn git<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        Ran::of(
            Command::new("git")
                .current_dir(&self.dir)
                .args(["-c", "user.name=e2e", "-c", "user.email=e2e@localhost"])
                .args(["-c", "commit.gpgsign=false"])
                .args(arguments),
        )
        .succeeded()
        .stdout
    }

    /// Makes the next bake compile everything again, with mounts of its own. The shared engine's cache is left alone.
    /// Workspaces with the same `name` share the results of bakes.
    #[track_caller]
    pub fn make_cold(&self, name: &str) {
        self.share_no_layer(name);
        let config = self.read("bakehouse.toml");
        self.write(
            "bakehouse.toml",
            &format!("name = \"e2e-{name}\"\n{config}"),
        );
    }

    /// Makes the next bake run each stage that compiles. It adds settings for a crate that does not exist: every stage
    /// reads the profile `release` in the workspace's manifest.
    #[track_caller]
    pub fn share_no_layer(&self, name: &str) {
        self.append(
            "Cargo.toml",
            &format!("\n[profile.release.package.cold-{name}]\n"),
        );
    }
}

/// Returns a time in `year`, which must not be before 1970.
pub fn in_year(year: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs((year - 1970) * 31_556_952 + 86_400)
}
