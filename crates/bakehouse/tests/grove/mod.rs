//! A workspace of three packages: the service `api` needs the library `common`, and neither needs `other`.

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

pub struct Grove {
    _folder: TempDir,
    root: Utf8PathBuf,
}

const FILES: [(&str, &str); 7] = [
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"api\"\nversion = \"0.1.0\"\ndependencies = [\"common\"]\n\n[[package]]\nname = \"common\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"other\"\nversion = \"0.1.0\"\n",
    ),
    (
        "crates/api/Cargo.toml",
        "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ncommon = { path = \"../common\" }\n",
    ),
    (
        "crates/common/Cargo.toml",
        "[package]\nname = \"common\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    ("crates/common/src/lib.rs", ""),
    (
        "crates/other/Cargo.toml",
        "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    ),
    ("crates/other/src/lib.rs", ""),
];

impl Grove {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The workspace lies one folder deeper, so that the test also owns the files outside it.
        let root = Utf8Path::from_path(folder.path()).unwrap().join("grove");
        let grove = Self {
            _folder: folder,
            root,
        };
        for (path, text) in FILES.iter().chain(files) {
            grove.write(path, text);
        }
        grove
    }

    pub fn path(&self, path: &str) -> Utf8PathBuf {
        self.root.join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Returns bakehouse's output in the workspace.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> std::process::Output {
        // Programs in `bin` replace those of the machine.
        let path = format!("{}:{}", self.path("bin"), std::env::var("PATH").unwrap());
        assert_cmd::Command::cargo_bin("bakehouse")
            .unwrap()
            .current_dir(&self.root)
            .env("PATH", path)
            .env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"))
            .args(arguments)
            .output()
            .unwrap()
    }
}
