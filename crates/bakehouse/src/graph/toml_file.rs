//! Reads manifests and other files of Cargo.

use camino::Utf8Path;

use crate::problem::{Code, Problem};

/// Reads a manifest, or another file of Cargo.
///
/// # Errors
/// `file-unreadable`, `manifest-invalid`.
pub fn read_toml(path: &Utf8Path) -> Result<toml::Table, Problem> {
    let text = fs_err::read_to_string(path).map_err(|error| {
        Problem::from_error(Code::FileUnreadable, error)
            .hint("check that the file exists and can be read")
    })?;
    let table: Result<toml::Table, toml::de::Error> = text.parse();
    table.map_err(|error| {
        Problem::new(
            Code::ManifestInvalid,
            format!("{path} is not valid TOML: {}", error.message()),
        )
        .hint("fix the file at the place shown by `cargo metadata --no-deps`")
        .caused_by(error)
    })
}

/// Reads a package's or workspace's manifest, and converts old spellings of keys to the new ones.
///
/// # Errors
/// As [`read_toml`].
pub fn read_manifest(path: &Utf8Path) -> Result<toml::Table, Problem> {
    let mut table = read_toml(path)?;
    modernise(&mut table);
    if let Some(targets) = table.get_mut("target").and_then(toml::Value::as_table_mut) {
        let targets = targets.iter_mut();
        targets
            .filter_map(|(_, target)| target.as_table_mut())
            .for_each(modernise);
    }
    Ok(table)
}

/// If a manifest has both spellings, Cargo uses the new one.
fn modernise(table: &mut toml::Table) {
    for (old, new) in [
        ("build_dependencies", "build-dependencies"),
        ("dev_dependencies", "dev-dependencies"),
        ("project", "package"),
    ] {
        if let Some(value) = table.remove(old) {
            table.entry(new).or_insert(value);
        }
    }
}
