//! The configuration of a workspace, all files together.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use super::check::{self, Finding};
use super::files::files;
use super::named::{Named, Names, Native, Surroundings, Tool};
use crate::graph::toolchain_file::Channel;
use crate::problem::Problem;

/// The value of a variable that takes a key's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Override {
    /// The builder's folder for what is built.
    TargetFolder,
    Text(&'static str),
}

/// What Cargo's configuration files in the repository say.
#[derive(Clone, Debug, Default)]
pub struct CargoConfig {
    /// The files, absolute: what one says wins over what those after it say.
    pub files: Vec<Utf8PathBuf>,
    /// What they name.
    pub named: Vec<Named>,
    pub tools: Vec<Tool>,
    /// Who asks for the processor of whoever compiles.
    pub native: Vec<Native>,
    /// Variables that take the place of what is about a developer's machine.
    pub overrides: BTreeMap<String, Override>,
    /// File and line that ask for the program `git`.
    pub git: Option<String>,
    /// The triples that have a linker of their own.
    pub linkers: BTreeSet<String>,
    /// The variables that they set.
    pub env: BTreeSet<String>,
    /// The files that set any.
    pub setting_env: Vec<Utf8PathBuf>,
    /// What they say under `[profile]`.
    pub profiles: Table,
    /// Keys that Cargo does not know.
    pub warnings: Vec<Problem>,
}

impl CargoConfig {
    /// Reads the files between `workspace` and `limit`, for a workspace that `channel` builds.
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
                    Some(Finding::Override(name, value)) => {
                        config.overrides.entry(name).or_insert(value);
                    }
                    Some(Finding::Warning(problem)) => config.warnings.push(problem),
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
        let surroundings = Surroundings { workspace, limit };
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

    /// The folders that have to be in the context for the files.
    pub fn folders(&self) -> impl Iterator<Item = &Utf8Path> {
        let files = self.files.iter().filter_map(|path| match path.parent() {
            Some(folder) if folder.file_name() == Some(".cargo") => folder.parent(),
            folder => folder,
        });
        let named = self.named.iter().filter_map(|named| named.path.parent());
        files.chain(named)
    }

    /// The profiles of `manifest`, with what the files say above it.
    pub fn profiles_above(&self, manifest: &Table) -> Table {
        let mut profiles = self.profiles.clone();
        if let Some(Value::Table(below)) = manifest.get("profile") {
            lay_below(&mut profiles, below);
        }
        Table::from_iter([("profile".to_owned(), Value::Table(profiles))])
    }
}

/// Fills in what `table` does not say.
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

/// Whether the key of a target names one, and is no `cfg(…)`.
fn is_triple(key: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !key.is_empty() && key.bytes().all(plain)
}
