//! Measurements of builds on this machine. They are shown to people; no generated file depends on them.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

/// The path of the file, below the workspace.
pub const FILE: &str = "target/bakehouse/build.json";

/// Files, each with a value that identifies its content.
pub type Files = BTreeMap<Utf8PathBuf, String>;

/// Version 1 of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub version: u32,
    /// Seconds that each stage took when it last ran.
    pub stages: BTreeMap<String, f64>,
    /// Seconds of these that Cargo reported as its own.
    #[serde(default)]
    pub cargo: BTreeMap<String, f64>,
    /// The inputs of each stage when it last ran or was found in the cache, each with a value that identifies its content.
    #[serde(default)]
    pub seen: BTreeMap<String, BTreeMap<String, String>>,
    /// The files of packages, by the values that identify them in `seen`.
    #[serde(default)]
    pub files: BTreeMap<String, Files>,
}

impl Measured {
    /// Reads the file. Returns the default if it cannot be read.
    pub fn read(root: &Utf8Path) -> Self {
        let text = fs_err::read_to_string(root.join(FILE)).unwrap_or_default();
        let measured: Self = serde_json::from_str(&text).unwrap_or_default();
        if measured.version == 1 {
            measured
        } else {
            Self {
                version: 1,
                ..Self::default()
            }
        }
    }

    /// Writes the file. Errors are only logged, since they should not fail a build.
    pub fn write(&self, root: &Utf8Path) {
        let text = serde_json::to_string(self).expect("strings and numbers are JSON");
        let path = root.join(FILE);
        let write = || {
            let folder = path.parent().unwrap_or(root);
            fs_err::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            file.persist(&path).map_err(|error| error.error)
        };
        if let Err(error) = write() {
            tracing::debug!("{path} cannot be written: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_anything_else_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let nothing = Measured::read(root);
        assert_eq!((nothing.version, nothing.stages.len()), (1, 0));
        let mut measured = nothing;
        measured.stages.insert("deps".to_owned(), 12.5);
        measured.write(root);
        assert_eq!(Measured::read(root), measured);
        for text in [
            "",
            "[]",
            r#"{"version": 2, "stages": {}, "parts": {}, "files": {}}"#,
        ] {
            std::fs::write(root.join(FILE), text).unwrap();
            assert!(Measured::read(root).stages.is_empty(), "{text}");
        }
    }
}
