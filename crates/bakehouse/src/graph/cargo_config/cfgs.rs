//! The `cfg`s that the flags of configuration files set.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use toml::{Table, Value};

use crate::graph::toml_file::read_toml;

/// Returns the values of `--cfg` in the flags of the files, as they are written, for whatever target.
pub fn cfgs(configs: &[Utf8PathBuf]) -> BTreeSet<String> {
    let mut flags = Vec::new();
    for path in configs {
        flags_of(&read_toml(path).unwrap_or_default(), &mut flags);
    }
    let mut found = BTreeSet::new();
    let mut words = flags.iter();
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--cfg") {
            Some("") => words.next().map(String::as_str),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        found.extend(value.map(str::to_owned));
    }
    found
}

/// Collects the words under each key `rustflags`, at any depth.
fn flags_of(table: &Table, flags: &mut Vec<String>) {
    for (key, value) in table {
        match value {
            Value::Table(inner) => flags_of(inner, flags),
            Value::String(text) if key == "rustflags" => {
                flags.extend(text.split_whitespace().map(str::to_owned));
            }
            Value::Array(words) if key == "rustflags" => {
                let words = words.iter().filter_map(Value::as_str);
                flags.extend(words.map(str::to_owned));
            }
            _ => {}
        }
    }
}
