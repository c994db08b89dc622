//! A small disk, which can be filled up.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use crate::ran::Ran;

/// A file system in memory with an adjustable size.
#[derive(Debug)]
pub struct Disk {
    path: Utf8PathBuf,
    _folder: TempDir,
}

impl Disk {
    /// Creates a disk of this size.
    ///
    /// # Panics
    /// If it cannot be mounted, which requires root.
    #[track_caller]
    pub fn new(megabytes: u64) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("bakehouse-disk-")
            .tempdir()
            .expect("a temporary folder can be made");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("its name is UTF-8");
        mount(&format!("size={megabytes}m"), &path);
        Self {
            path,
            _folder: folder,
        }
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Resizes the disk so that this much is free.
    ///
    /// # Panics
    /// If it cannot be resized.
    #[track_caller]
    pub fn leave(&self, megabytes: u64) {
        let said = Ran::of(Command::new("df").args([
            "--block-size=1M",
            "--output=used",
            self.path.as_str(),
        ]));
        let said = said.succeeded().stdout;
        let used: u64 = said
            .split_whitespace()
            .last()
            .and_then(|used| used.parse().ok())
            .unwrap_or_else(|| panic!("df says {said}"));
        mount(&format!("remount,size={}m", used + megabytes), &self.path);
    }
}

fn mount(options: &str, path: &Utf8Path) {
    let arguments = [
        "-t",
        "tmpfs",
        "-o",
        options,
        "bakehouse-disk",
        path.as_str(),
    ];
    let _ = Ran::of(Command::new("mount").args(arguments)).succeeded();
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The unmount is lazy, since killed processes may still be about to exit.
        let _ = Command::new("umount")
            .args(["--lazy", self.path.as_str()])
            .output();
    }
}
