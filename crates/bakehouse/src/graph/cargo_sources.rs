//! `[source]` in Cargo's configuration: folders of the repository that replace a registry or git repositories.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use super::file_state::unreadable;
use super::lock::Lock;
use super::parallel::parallel_map;
use super::patch::normalised;
use super::toml_file::read_toml;
use crate::problem::{Code, Problem};

/// The folders that Cargo takes crates from.
#[derive(Clone, Debug, Default)]
pub struct LocalSources {
    /// The folders, sorted.
    pub folders: BTreeSet<Utf8PathBuf>,
    /// The unpacked crates in those folders, by name and version. Crates in a local registry have a checksum in the
    /// lock, and are not listed here.
    pub crates: BTreeMap<NameAndVersion, Utf8PathBuf>,
}

/// Name and version, which identify a crate in a folder of crates.
pub type NameAndVersion = (String, String);

impl LocalSources {
    /// Reads the folders from the configuration files `configs`, nearest to the workspace first. Paths are absolute.
    ///
    /// # Errors
    /// `cargo-config` for a folder that does not exist or that an image cannot contain.
    pub fn read(configs: &[Utf8PathBuf]) -> Result<Self, Problem> {
        let declared = Declared::read(configs)?;
        let mut sources = Self::default();
        for name in declared.replacing() {
            for key in ["directory", "local-registry"] {
                let Some((file, value)) = declared.value(&name, key) else {
                    continue;
                };
                let folder = folder(file, &name, key, value)?;
                if key == "directory" {
                    sources.crates.extend(crates(&folder)?);
                }
                sources.folders.insert(folder);
            }
        }
        Ok(sources)
    }

    /// Applies `change` to each path.
    pub fn map_paths(&mut self, change: impl Fn(&Utf8PathBuf) -> Utf8PathBuf) {
        self.folders = self.folders.iter().map(&change).collect();
        for path in self.crates.values_mut() {
            *path = change(path);
        }
    }

    /// Returns the folder that the crate `name` is compiled from, if it is in the repository.
    pub fn crate_folder(&self, name: &str, version: &str) -> Option<&Utf8Path> {
        let key = (name.to_owned(), version.to_owned());
        self.crates.get(&key).map(Utf8PathBuf::as_path)
    }
}

/// Refuses a lock with crates from places that exist only on the machine that wrote it.
///
/// # Errors
/// `source-local`.
pub fn check_reachable(lock: &Lock) -> Result<(), Problem> {
    let local = lock.packages().iter().find_map(|package| {
        let source = package.source.as_deref()?;
        let (_, url) = source.split_once('+')?;
        url.starts_with("file:").then_some((package, url))
    });
    let Some((package, url)) = local else {
        return Ok(());
    };
    let url = url.split('#').next().unwrap_or(url);
    Err(Problem::new(
        Code::SourceLocal,
        format!(
            "Cargo.lock takes {} {} from {url}, which a builder does not have",
            package.name, package.version
        ),
    )
    .hint("name a place that every machine reaches, make it a path dependency, or vendor it: `cargo vendor` and a [source] in .cargo/config.toml"))
}

/// The `[source]` tables of several files, each with its file.
struct Declared<'a> {
    tables: Vec<(&'a Utf8Path, Table)>,
}

impl<'a> Declared<'a> {
    fn read(configs: &'a [Utf8PathBuf]) -> Result<Self, Problem> {
        let mut tables = Vec::new();
        for file in configs {
            if let Some(Value::Table(table)) = read_toml(file)?.remove("source") {
                tables.push((file.as_path(), table));
            }
        }
        Ok(Self { tables })
    }

    /// Returns the value of a key of the source `name`, from the nearest file that has one.
    fn value(&self, name: &str, key: &str) -> Option<(&'a Utf8Path, &str)> {
        self.tables.iter().find_map(|(file, table)| {
            let value = table.get(name)?.get(key)?.as_str()?;
            Some((*file, value))
        })
    }

    /// Returns the sources that replace others.
    fn replacing(&self) -> BTreeSet<String> {
        let names: BTreeSet<&String> = self
            .tables
            .iter()
            .flat_map(|(_, table)| table.keys())
            .collect();
        let replaced = names.into_iter();
        replaced
            .filter_map(|name| self.value(name, "replace-with"))
            .map(|(_, by)| by.to_owned())
            .collect()
    }
}

/// Returns the folder that `value` names in the configuration file `file`.
fn folder(file: &Utf8Path, name: &str, key: &str, value: &str) -> Result<Utf8PathBuf, Problem> {
    let refused = |what: &str, hint: &str| {
        let message = format!("{file} has `source.{name}.{key} = \"{value}\"`, {what}");
        Err(Problem::new(Code::CargoConfig, message).hint(hint))
    };
    if Utf8Path::new(value).is_absolute() {
        return refused(
            "an absolute path, which a builder does not have",
            "name it relative to the folder that contains `.cargo`",
        );
    }
    // Cargo resolves paths from the parent of the folder that contains the file.
    let base = file.parent().and_then(Utf8Path::parent).unwrap_or(file);
    let folder = normalised(&base.join(value));
    if !folder.is_dir() {
        return refused(
            "and there is no such folder",
            "commit it, or create it before bakehouse runs: `cargo vendor`",
        );
    }
    Ok(folder)
}

/// Returns the unpacked crates in `folder`.
fn crates(folder: &Utf8Path) -> Result<Vec<(NameAndVersion, Utf8PathBuf)>, Problem> {
    let mut folders = Vec::new();
    for entry in folder.read_dir_utf8().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.into_path();
        // Cargo skips hidden folders, and folders without a manifest.
        let hidden = path.file_name().is_some_and(|name| name.starts_with('.'));
        if !hidden && path.join("Cargo.toml").exists() {
            folders.push(path);
        }
    }
    folders.sort_unstable();
    let read = parallel_map(&folders, |path| {
        let manifest = read_toml(&path.join("Cargo.toml"))?;
        let package = manifest.get("package").and_then(Value::as_table);
        let text = |key: &str| Some(package?.get(key)?.as_str()?.to_owned());
        let version = text("version").unwrap_or_else(|| "0.0.0".to_owned());
        Ok(text("name").map(|name| ((name, version), path.clone())))
    });
    read.into_iter().filter_map(Result::transpose).collect()
}
