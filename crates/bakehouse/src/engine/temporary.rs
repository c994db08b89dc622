//! Temporary files of a bake.

use std::io::Write;

use tempfile::NamedTempFile;

use crate::problem::{Code, Problem};

/// Creates a temporary file with this text.
///
/// # Errors
/// `file-unwritable`.
pub fn temporary_file(prefix: &str, suffix: &str, text: &str) -> Result<NamedTempFile, Problem> {
    let write = || {
        let mut file = tempfile::Builder::new()
            .prefix(prefix)
            .suffix(suffix)
            .tempfile()?;
        file.write_all(text.as_bytes())?;
        Ok(file)
    };
    write().map_err(|error: std::io::Error| {
        let message = format!("a temporary file cannot be created: {error}");
        Problem::new(Code::FileUnwritable, message)
            .hint("free space, or point TMPDIR at a folder that can be written")
            .caused_by(error)
    })
}
