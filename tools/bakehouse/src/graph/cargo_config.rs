//! Cargo's configuration files: which ones there are, what they include, and what they may not decide in an image.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use super::cargo::read_toml;
use super::patch::normalised;
use crate::problem::{Code, Problem};

/// The files between `workspace` and `limit`, the nearest first, each before what it includes.
pub fn files(workspace: &Utf8Path, limit: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut files = Vec::new();
    let above = workspace.ancestors();
    for folder in above.take_while(|folder| folder.starts_with(limit)) {
        let mut names = [".cargo/config.toml", ".cargo/config"].iter();
        let paths = names.find_map(|name| Some(folder.join(name)).filter(|path| path.is_file()));
        with_included(paths, &mut files);
    }
    files
}

/// Adds those of `paths` that are there, and what they include, to `files`, each once.
pub fn with_included(paths: impl IntoIterator<Item = Utf8PathBuf>, files: &mut Vec<Utf8PathBuf>) {
    for path in paths {
        if path.is_file() && !files.contains(&path) {
            // One that Cargo cannot read either is told of where settings are looked for.
            let table = read_toml(&path).unwrap_or_default();
            files.push(path.clone());
            with_included(included(&path, &table), files);
        }
    }
}

/// The paths that the file `path` includes. One that is not there is either optional or Cargo complains of it.
fn included(path: &Utf8Path, table: &Table) -> Vec<Utf8PathBuf> {
    let folder = path.parent().unwrap_or(path);
    let named = |value: &Value| {
        let path = value.get("path").unwrap_or(value).as_str()?;
        Some(normalised(&folder.join(path)))
    };
    match table.get("include") {
        Some(Value::Array(values)) => values.iter().filter_map(named).collect(),
        Some(value) => named(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The variables of Cargo's that have to be set so that the files do not decide what is about the machine that they
/// are for.
///
/// # Errors
/// `cargo-config` for a setting that cannot be followed in an image.
pub fn overrides(configs: &[Utf8PathBuf]) -> Result<BTreeSet<&'static str>, Problem> {
    let mut variables = BTreeSet::new();
    for path in configs {
        let table = read_toml(path)?;
        let build = table.get("build").and_then(Value::as_table);
        let says = |key: &str| build.is_some_and(|build| build.contains_key(key));
        let refused = if says("target") {
            Some("build.target")
        } else if table.contains_key("paths") {
            Some("paths")
        } else if table
            .get("patch")
            .is_some_and(|patch| patch != &Value::Table(Table::new()))
        {
            Some("patch")
        } else {
            None
        };
        if let Some(key) = refused {
            return Err(Problem::new(
                Code::CargoConfig,
                format!("{path} sets `{key}`, which images cannot follow"),
            )
            .hint(match key {
                "build.target" => "images are built for `platforms` of bakehouse.toml; set the target on the command line where it is wanted",
                "paths" => "replace the crate by [patch] in the workspace's Cargo.toml",
                _ => "move it into the workspace's Cargo.toml",
            }));
        }
        for (key, variable) in [
            ("rustc-wrapper", "RUSTC_WRAPPER"),
            ("rustc-workspace-wrapper", "RUSTC_WORKSPACE_WRAPPER"),
            ("target-dir", "CARGO_TARGET_DIR"),
            ("build-dir", "CARGO_BUILD_BUILD_DIR"),
        ] {
            if says(key) {
                variables.insert(variable);
            }
        }
    }
    Ok(variables)
}

/// What the flags of the files give the compiler by `--cfg`, as they are written, for whatever target.
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

/// The words under each key `rustflags`, at whatever depth.
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
