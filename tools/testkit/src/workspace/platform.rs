//! The reference platform as a workspace.

use std::fs::Permissions;
use std::process::Command;
use std::sync::LazyLock;

use camino::Utf8Path;
use fs_err as fs;

use super::Workspace;
use crate::ran::Ran;

/// Returns the root of this repository.
///
/// # Panics
/// If the sources of this crate no longer exist.
pub fn repository() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("testkit lies two folders down")
}

impl Workspace {
    /// Copies this repository: all files that git has or would take.
    ///
    /// # Panics
    /// If it cannot be copied.
    #[track_caller]
    pub fn platform() -> Self {
        let workspace = Self::empty();
        for file in FILES.iter() {
            let path = workspace.dir.join(&file.path);
            let folder = path.parent().expect("a file lies in a folder");
            fs::create_dir_all(folder).expect("a folder can be made");
            fs::write(&path, &file.content).expect("a file can be written");
            fs::set_permissions(&path, file.permissions.clone()).expect("a mode can be set");
        }
        workspace
    }
}

struct File {
    path: String,
    content: Vec<u8>,
    permissions: Permissions,
}

/// The files are read once, so that an edit during a test run does not make copies differ.
static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let listed = Ran::of(Command::new("git").current_dir(repository()).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))
    .succeeded();
    let read = |path: &str| {
        let from = repository().join(path);
        // Git also lists files that were deleted without a commit.
        from.is_file().then(|| File {
            path: path.to_owned(),
            content: fs::read(&from).expect("a file can be read"),
            permissions: fs::metadata(&from)
                .expect("a file has a mode")
                .permissions(),
        })
    };
    listed
        .stdout
        .split_terminator('\0')
        .filter_map(read)
        .collect()
});
