//! Copies of this repository's flake, and a separate Nix that neither fetches nor builds.
//!
//! Stand-ins (`stub/`) replace the inputs. They contain only the parts of nixpkgs and rust-overlay that the flake uses.
//! So everything is really evaluated; `docs/toolchain.md` says what is not built.

pub mod check;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use bakehouse_testkit::Ran;

/// Files of the repository in a copy: the flake, and everything that it reads.
const COPIED: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "crates",
    "flake.lock",
    "flake.nix",
    "pins.toml",
    "rust-toolchain.toml",
    "toolchain.json",
    "tools",
];

/// A folder with a copy of the flake, and a Nix store beside it.
pub struct Flake {
    temporary: tempfile::TempDir,
}

impl Flake {
    /// Creates a copy of this repository's flake.
    pub fn copy() -> Self {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let flake = Self { temporary };
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for name in COPIED {
            copy(&repository.join(name), &flake.dir().join(name));
        }
        flake
    }

    /// Returns the folder without links, because Nix refuses a store below a link.
    pub fn dir(&self) -> PathBuf {
        self.base().join("copy")
    }

    fn base(&self) -> PathBuf {
        let path = self.temporary.path();
        path.canonicalize().expect("it exists")
    }

    /// Returns the text of a file.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.dir().join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Replaces the text of a file.
    pub fn write(&self, path: &str, text: &str) {
        std::fs::write(self.dir().join(path), text)
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Replaces `from`, which the file must contain.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let old = self.read(path);
        assert!(old.contains(from), "{path} holds no {from:?}");
        self.write(path, &old.replace(from, to));
    }

    /// Returns Nix's name of the flake in `folder`, or of the copy itself if `folder` is empty.
    pub fn reference(&self, folder: &str) -> String {
        format!("path:{}", self.dir().join(folder).display())
    }

    /// Returns the arguments that replace the inputs by the stand-ins. The inputs are below the input `above`, or of
    /// the flake itself if `above` is empty.
    pub fn stubs(&self, above: &str) -> Vec<String> {
        let mut arguments = vec!["--no-write-lock-file".to_owned()];
        for input in ["nixpkgs", "rust-overlay"] {
            arguments.push("--override-input".to_owned());
            arguments.push(format!("{above}{input}"));
            arguments.push(self.reference(&format!("tools/nix/stub/{input}")));
        }
        arguments
    }

    /// Runs `nix`.
    pub fn nix<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        self.run("nix", arguments)
    }

    /// Runs one of Nix's programs with a store of its own and without a place to fetch from.
    pub fn run<S: AsRef<OsStr>>(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Ran {
        let state = self.base().join("nix");
        let config = [
            "experimental-features = nix-command flakes",
            "sandbox = false",
            "build-users-group =",
            "substituters =",
            "flake-registry =",
            "connect-timeout = 1",
            "download-attempts = 1",
            // The store exists only as long as the test.
            "fsync-metadata = false",
        ];
        Ran::of(
            Command::new(program)
                .args(arguments)
                .current_dir(self.base())
                .env("HOME", state.join("home"))
                .env_remove("XDG_CACHE_HOME")
                .env_remove("XDG_CONFIG_HOME")
                .env_remove("NIX_PATH")
                .env("NIX_CONFIG", config.join("\n"))
                .env("NIX_REMOTE", "local")
                .env("NIX_STORE_DIR", state.join("store"))
                .env("NIX_STATE_DIR", state.join("state"))
                .env("NIX_LOG_DIR", state.join("log")),
        )
    }

    /// Returns all files in Nix's language, sorted.
    pub fn nix_files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.dir().join("flake.nix")];
        find(&self.dir().join("tools/nix"), &mut files);
        files.sort();
        files
    }
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if path.is_dir() {
            find(&path, found);
        } else if path.extension() == Some(OsStr::new("nix")) {
            found.push(path);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).expect("a folder can be made");
        for path in entries(from) {
            copy(&path, &to.join(path.file_name().expect("a name")));
        }
    } else {
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder can be made");
        std::fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("it can be read").path())
}
