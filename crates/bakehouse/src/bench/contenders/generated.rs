//! The generated files, from the user's configuration with another strategy and base.

use toml_edit::DocumentMut;

use super::Contender;
use crate::pages::page;
use crate::problem::{Code, Problem};

/// Returns the user's configuration with the contender's strategy, its own base and its own names for mounts.
///
/// # Errors
/// `config-invalid`.
pub fn configuration(
    text: &str,
    contender: Contender,
    base: &str,
    salt: &str,
) -> Result<String, Problem> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        Problem::new(Code::ConfigInvalid, error.message().to_owned())
            .hint(format!(
                "{} lists the keys and their forms",
                page("configuration")
            ))
            .caused_by(error)
    })?;
    document.remove("platforms");
    // In the copy, generated files cannot collide with files of others.
    document.remove("output");
    document["name"] = toml_edit::value(format!("bench-{salt}"));
    let table = |document: &mut DocumentMut, key: &str| {
        if !document.contains_table(key) {
            document[key] = toml_edit::table();
        }
    };
    table(&mut document, "cache");
    document["cache"]["strategy"] = toml_edit::value(contender.key());
    table(&mut document, "bases");
    document["bases"]["builder"] = toml_edit::value(base);
    if let Some(bases) = document["bases"].as_table_mut() {
        bases.remove("packages");
    }
    Ok(document.to_string())
}
