//! A member of a test workspace.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A package in `crates/`.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: String,
    dependencies: Vec<String>,
    files: BTreeMap<String, String>,
}

impl Member {
    /// Creates a library with `source` as its `src/lib.rs`.
    pub fn library(name: &str, source: &str) -> Self {
        Self::new(name).file("src/lib.rs", source)
    }

    /// Creates a binary with `source` as its `src/main.rs`.
    pub fn binary(name: &str, source: &str) -> Self {
        Self::new(name).file("src/main.rs", source)
    }

    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            dependencies: Vec::new(),
            files: BTreeMap::new(),
        }
    }

    /// Adds a dependency on another member.
    #[must_use]
    pub fn uses(self, member: &str) -> Self {
        let line = format!("{member} = {{ path = \"../{member}\" }}");
        self.depends(&line)
    }

    /// Adds `line` to its dependencies.
    #[must_use]
    pub fn depends(mut self, line: &str) -> Self {
        self.dependencies.push(line.to_owned());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    pub(super) fn files(&self) -> BTreeMap<String, String> {
        let mut manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n",
            self.name
        );
        for line in &self.dependencies {
            let _ = writeln!(manifest, "{line}");
        }
        let mut files = self.files.clone();
        files.insert("Cargo.toml".to_owned(), manifest);
        files
    }
}
