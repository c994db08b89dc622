//! The configuration of a workspace: all files merged.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use super::check::{self, Effect, Override};
use super::files::files;
use super::named::{Folders, Named, Names, Native, Tool};
use crate::graph::toolchain_file::Channel;
use crate::problem::Problem;

/// The contents of Cargo's configuration files in the repository.
#[derive(Clone, Debug, Default)]
pub struct CargoConfig {
    /// The files, as absolute paths, highest precedence first.
    pub files: Vec<Utf8PathBuf>,
    /// The files and folders that they name.
    pub named: Vec<Named>,
    pub tools: Vec<Tool>,
    /// Requests to compile for the native processor.
    pub native: Vec<Native>,
    /// Variables that override settings of a developer's machine.
    pub overrides: BTreeMap<String, Override>,
    /// File and line of the setting that requires the program `git`.
    pub git: Option<String>,
    /// The triples with a linker of their own.
    pub linkers: BTreeSet<String>,
    /// The variables that the files set.
    pub env: BTreeSet<String>,
    /// The files that set environment variables.
    pub setting_env: Vec<Utf8PathBuf>,
    /// The `[profile]` tables of all files.
    pub profiles: Table,
    /// Warnings about keys that Cargo does not know.
    pub warnings: Vec<Problem>,
}

impl CargoConfig {
    /// Reads the files between `workspace` and `limit`, for a workspace that is built with the toolchain `channel`.
    ///
    /// # Errors
    /// `cargo-config`, `file-unreadable`, `manifest-invalid`, `path-outside`.
    pub fn read(
        workspace: &Utf8Path,
        limit: &Utf8Path,
        channel: Option<&Channel>,
    ) -> Result<Self, Problem> {
        let files = files(workspace, limit)?;
        let mut config = Self::default();
        for (at, file) in files.iter().enumerate() {
            for entry in &file.entries {
                match check::entry(file, entry, channel)? {
                    Some(Effect::Override(name, value)) => {
                        config.overrides.entry(name).or_insert(value);
                    }
                    Some(Effect::Warning(problem)) => config.warnings.push(problem),
                    None => {}
                }
                let key: Vec<&str> = entry.key.iter().map(String::as_str).collect();
                let nearer = files[..at].iter().flat_map(|file| &file.entries);
                let mut nearer = nearer.into_iter();
                match key[..] {
                    ["net", "git-fetch-with-cli"]
                        if !nearer.any(|other| other.key == entry.key) =>
                    {
                        let wanted = entry.value == super::Value::Flag(true);
                        config.git = wanted.then(|| file.place(entry));
                    }
                    ["env", name, ..] => {
                        config.env.insert(name.to_owned());
                        if config.setting_env.last() != Some(&file.path) {
                            config.setting_env.push(file.path.clone());
                        }
                    }
                    ["target", triple, "linker"] if is_triple(triple) => {
                        config.linkers.insert(triple.to_owned());
                    }
                    _ => {}
                }
            }
            lay_below(&mut config.profiles, &file.profiles);
            config.files.push(file.path.clone());
        }
        let surroundings = Folders { workspace, limit };
        let Names {
            paths,
            tools,
            native,
        } = surroundings
            .names(&files)
            .map_err(|mut all| all.remove(0))?;
        Ok(Self {
            named: paths,
            tools,
            native,
            ..config
        })
    }

    /// Returns the folders that have to be in the context because of the files.
    pub fn folders(&self) -> impl Iterator<Item = &Utf8Path> {
        let files = self.files.iter().filter_map(|path| match path.parent() {
            Some(folder) if folder.file_name() == Some(".cargo") => folder.parent(),
            folder => folder,
        });
        let named = self.named.iter().filter_map(|named| named.path.parent());
        files.chain(named)
    }

    /// Returns the profiles of `manifest`, overridden by the profiles of the files.
    pub fn profiles_above(&self, manifest: &Table) -> Table {
        let mut profiles = self.profiles.clone();
        if let Some(Value::Table(below)) = manifest.get("profile") {
            lay_below(&mut profiles, below);
        }
        Table::from_iter([("profile".to_owned(), Value::Table(profiles))])
    }
}

/// Adds the values of `below` that `table` lacks.
fn lay_below(table: &mut Table, below: &Table) {
    for (key, value) in below {
        match (table.get_mut(key), value) {
            (None, value) => {
                table.insert(key.clone(), value.clone());
            }
            (Some(Value::Table(own)), Value::Table(below)) => lay_below(own, below),
            (Some(_), _) => {}
        }
    }
}

/// Returns whether the key of a target is a triple and not a `cfg(…)`.
fn is_triple(key: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !key.is_empty() && key.bytes().all(plain)
}
