//! A small workspace with one thing of each kind: libraries, variants, a pack binary, unused dev-dependencies.

pub mod pins;

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;

/// A copy of `tests/fixtures/shop` that a test may change.
pub struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shop");
        copy(&fixture, &folder.path().join("shop"));
        Self { folder }
    }

    /// Copies the shop and configures it for the builder's own platform only.
    pub fn native() -> Self {
        let shop = Self::new();
        let platforms = "platforms = [\"linux/amd64\", \"linux/arm64\"]\n";
        shop.edit("bakehouse.toml", platforms, "");
        shop
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join("shop").join(inside)
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn folder(&self, path: &str) {
        std::fs::create_dir_all(self.path(path)).unwrap();
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let old = self.read(path);
        assert!(old.contains(from), "{path} holds no {from:?}");
        self.write(path, &old.replace(from, to));
    }

    pub fn bakehouse(&self, arguments: &[&str]) -> Output {
        bakehouse(&self.path(""), arguments)
    }

    /// Returns the names that `affected --since` lists: services, then packs.
    pub fn affected(&self, since: &str) -> Vec<String> {
        let output = self.bakehouse(&["affected", "--since", since, "--format", "json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        names(&output)
    }

    /// Runs git in the workspace, with a fixed identity and without the user's settings.
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.path(""), arguments)
    }

    /// Creates a repository with all files in its first commit.
    pub fn commit_all(&self) {
        if !self.path(".git").exists() {
            self.git(&["init", "--quiet", "--initial-branch", "main"]);
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "a state"]);
    }

    pub fn generate(&self) {
        let output = self.bakehouse(&["generate"]);
        assert!(output.status.success(), "{}", stderr(&output));
    }

    /// Returns `name → input hash` of services and pack binaries.
    pub fn hashes(&self) -> std::collections::BTreeMap<String, String> {
        self.hashes_with(&[])
    }

    /// Returns the hashes with these variables in the environment.
    pub fn hashes_with(
        &self,
        variables: &[(&str, &str)],
    ) -> std::collections::BTreeMap<String, String> {
        let output = Command::cargo_bin("bakehouse")
            .unwrap()
            .current_dir(self.path(""))
            .args(["plan", "--format", "json"])
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let binaries = plan["packs"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|pack| pack["binaries"].as_array().unwrap());
        plan["services"]
            .as_array()
            .unwrap()
            .iter()
            .chain(binaries)
            .map(|item| {
                let text = |key: &str| item[key].as_str().unwrap().to_owned();
                (text("name"), text("input_hash"))
            })
            .collect()
    }
}

/// Returns the names whose hash is another one afterwards.
pub fn changed<'a>(
    before: &'a std::collections::BTreeMap<String, String>,
    after: &std::collections::BTreeMap<String, String>,
) -> Vec<&'a str> {
    let changed = before.iter().filter(|(name, hash)| after[*name] != **hash);
    changed.map(|(name, _)| name.as_str()).collect()
}

/// Runs bakehouse in `folder`.
pub fn bakehouse(folder: &Path, arguments: &[&str]) -> Output {
    Command::cargo_bin("bakehouse")
        .unwrap()
        .current_dir(folder)
        .env_remove("RUST_BACKTRACE")
        .env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Returns the names that `affected --format json` lists: services, then packs.
pub fn names(output: &Output) -> Vec<String> {
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["version"], 1);
    ["services", "packs"]
        .iter()
        .flat_map(|key| shown[key].as_array().unwrap())
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

/// Runs git in `folder` and returns its output.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args([
            "-c",
            "user.name=nobody",
            "-c",
            "user.email=nobody@localhost",
        ])
        .args(["-c", "protocol.file.allow=always"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        stderr(&output)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
