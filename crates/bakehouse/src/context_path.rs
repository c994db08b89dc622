//! The type of paths in the Docker context.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

/// A path relative to the Docker context. It can be read as a path everywhere, but is only created from one explicitly,
/// since paths relative to the workspace, of the machine, in images and in build steps look alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ContextPath(Utf8PathBuf);

impl ContextPath {
    /// Creates the path from one that is relative to the context.
    pub fn new(path: impl Into<Utf8PathBuf>) -> Self {
        Self(path.into())
    }

    /// Creates a list or set from paths that are relative to the context.
    pub fn all<C: FromIterator<Self>>(
        paths: impl IntoIterator<Item = impl Into<Utf8PathBuf>>,
    ) -> C {
        paths.into_iter().map(Self::new).collect()
    }

    /// Returns a path below this one.
    pub fn join(&self, path: impl AsRef<Utf8Path>) -> Self {
        Self(self.0.join(path))
    }
}

impl Deref for ContextPath {
    type Target = Utf8Path;

    fn deref(&self) -> &Utf8Path {
        &self.0
    }
}

impl AsRef<Utf8Path> for ContextPath {
    fn as_ref(&self) -> &Utf8Path {
        &self.0
    }
}

impl AsRef<Path> for ContextPath {
    fn as_ref(&self) -> &Path {
        self.0.as_ref()
    }
}

impl Borrow<Utf8Path> for ContextPath {
    fn borrow(&self) -> &Utf8Path {
        &self.0
    }
}

impl From<ContextPath> for Utf8PathBuf {
    fn from(path: ContextPath) -> Self {
        path.0
    }
}

impl fmt::Display for ContextPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_path_is_found_and_written_as_the_path_that_it_was_created_from() {
        let paths: BTreeSet<ContextPath> = ContextPath::all(["crates/b", "crates/a", "crates.md"]);
        assert!(paths.contains(Utf8Path::new("crates/a")));
        let text = serde_json::to_string(&paths).unwrap();
        assert_eq!(text, r#"["crates/a","crates/b","crates.md"]"#);
        let joined = ContextPath::new("docker").join("skeleton");
        assert_eq!(joined.to_string(), "docker/skeleton");
    }
}
