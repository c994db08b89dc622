//! The files of a folder.

use std::collections::BTreeMap;

use camino::Utf8Path;
use fs_err as fs;

/// Every file with its content, and empty folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Vec<u8>>);

impl Tree {
    /// Reads everything below `dir`.
    ///
    /// # Panics
    /// If something cannot be read.
    #[track_caller]
    pub fn read(dir: &Utf8Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![dir.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir_utf8().expect("a folder can be read") {
                let path = entry.expect("an entry can be read").into_path();
                let name = path.strip_prefix(dir).unwrap_or(&path).to_string();
                if path.is_dir() && !path.is_symlink() {
                    files.insert(name + "/", Vec::new());
                    folders.push(path);
                } else {
                    let content = fs::read(&path).expect("a file can be read");
                    files.insert(name, content);
                }
            }
        }
        Self(files)
    }

    /// Returns the paths of all files, relative to the folder.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|path| !path.ends_with('/'))
    }

    /// Returns the paths that differ.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let all = self.0.keys().chain(other.0.keys());
        let mut paths: Vec<String> = all
            .filter(|path| self.0.get(*path) != other.0.get(*path))
            .cloned()
            .collect();
        paths.sort();
        paths.dedup();
        paths
    }
}
