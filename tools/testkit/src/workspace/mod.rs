//! A Cargo workspace in a temporary folder, and edits to it.

mod edit;
mod member;
mod platform;
mod tree;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use crate::bake::Bake;
use crate::bakehouse::bakehouse;
use crate::images::Images;
use crate::ran::Ran;

pub use edit::in_year;
pub use member::Member;
pub use platform::repository;
pub use tree::Tree;

/// A workspace for one test. Its folder and its images are removed when it is dropped.
#[derive(Debug)]
pub struct Workspace {
    dir: Utf8PathBuf,
    _folder: TempDir,
    pub images: Images,
}

impl Workspace {
    /// Creates an empty folder.
    ///
    /// # Panics
    /// If that fails.
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("bakehouse-e2e-")
            .tempdir()
            .expect("a temporary folder can be made");
        let dir = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("its name is UTF-8");
        Self {
            dir,
            _folder: folder,
            images: Images::new(),
        }
    }

    /// Creates a workspace of `members` in `crates/` with the configuration `config`, locked by Cargo.
    pub fn of<'a>(members: impl IntoIterator<Item = &'a Member>, config: &str) -> Self {
        let workspace = Self::empty();
        workspace.write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
        );
        workspace.write("rust-toolchain.toml", TOOLCHAIN);
        workspace.write("bakehouse.toml", config);
        for member in members {
            workspace.add(member);
        }
        workspace.lock();
        workspace
    }

    /// Writes the files of `member`.
    pub fn add(&self, member: &Member) {
        for (path, text) in member.files() {
            self.write(&format!("crates/{}/{path}", member.name), &text);
        }
    }

    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Runs bakehouse in the workspace.
    pub fn bakehouse<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        bakehouse(&self.dir, arguments)
    }

    /// Runs `bakehouse generate`.
    ///
    /// # Panics
    /// If that fails.
    #[track_caller]
    pub fn generate(&self) {
        let _ = self.bakehouse(["generate"]).succeeded();
    }

    /// Returns a bake in the workspace.
    pub fn bake<'a>(&self, targets: impl IntoIterator<Item = &'a str>) -> Bake {
        Bake::new(&self.dir, self.images.namespace()).targets(targets)
    }

    /// Returns the current files.
    pub fn tree(&self) -> Tree {
        Tree::read(&self.dir)
    }
}

const TOOLCHAIN: &str = "[toolchain]\nchannel = \"1.95.0\"\n";
