//! A generated file.

use camino::Utf8PathBuf;

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Relative to the context.
    pub path: Utf8PathBuf,
    pub text: String,
}
