//! Manifests and locks that a package reads while it is compiled. The compile stages have other files in their
//! places, which are cut down to the needs of the images.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use memchr::memmem;

use super::inputs::normal;
use super::listing::is_of_a_build_script;
use super::parallel::parallel_map;
use super::sources::FilesRead;
use super::{Member, Sources, Workspace, literals};
use crate::names::PackageName;
use crate::problem::Problem;

/// Crates that read the lock for the build script that uses them.
const READ_THE_LOCK: [&str; 2] = ["built", "cargo-lock"];

impl Workspace {
    /// Adds to `sources` the manifests and the lock that `packages` read as they are.
    ///
    /// # Errors
    /// `file-unreadable`.
    pub fn add_as_is<'a>(
        &self,
        sources: &mut Sources,
        packages: impl IntoIterator<Item = &'a PackageName>,
    ) -> Result<(), Problem> {
        let members = packages
            .into_iter()
            .filter_map(|name| self.members.get(name));
        let members: Vec<&Member> = members.collect();
        let found = parallel_map(&members, |member| self.as_is(sources, member));
        let found = members
            .iter()
            .zip(found)
            .filter(|(_, paths)| !paths.is_empty());
        let found: BTreeMap<PackageName, BTreeSet<Utf8PathBuf>> = found
            .map(|(member, paths)| (member.name.clone(), paths))
            .collect();
        let paths: Vec<Utf8PathBuf> = found.values().flatten().cloned().collect();
        let read = Sources::read(&self.root, &paths, &BTreeSet::new(), &FilesRead::default())?;
        sources.files.extend(read.files);
        sources.as_is = found;
        Ok(())
    }

    /// Returns the manifests and locks that the sources of `member` name and that exist.
    fn as_is(&self, sources: &Sources, member: &Member) -> BTreeSet<Utf8PathBuf> {
        let lock = self.folder.join("Cargo.lock");
        let shared = member.workspace.join("Cargo.toml");
        let mut found = BTreeSet::new();
        let by_crate = |name: &&str| member.dependencies.contains(*name);
        if member.build_script && READ_THE_LOCK.iter().any(by_crate) {
            found.insert(lock.clone());
        }
        for (file, text) in member
            .sources
            .iter()
            .flat_map(|path| rust_below(sources, path))
        {
            let mut named = memmem::find_iter(text.as_bytes(), "Cargo.");
            if !named.any(|at| {
                ["toml", "lock"]
                    .iter()
                    .any(|end| text[at + 6..].starts_with(end))
            }) {
                continue;
            }
            let script = member.build_script && is_of_a_build_script(file, &member.dir);
            for string in literals::strings(text, script).unwrap_or_default() {
                match Utf8Path::new(&string).file_name() {
                    Some("Cargo.lock") => found.extend([lock.clone()]),
                    Some("Cargo.toml") => {
                        let beside = file.parent().unwrap_or(file);
                        let string = string.trim_start_matches('/');
                        let named = [beside, &member.dir].map(|dir| normal(&dir.join(string)));
                        found.extend(named.into_iter().filter(|path| self.is_a_manifest(path)));
                        // A script may walk up to it from the package's folder.
                        found.extend((script && string == "Cargo.toml").then(|| shared.clone()));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// Returns whether the stages have a different file at this path.
    fn is_a_manifest(&self, path: &Utf8Path) -> bool {
        let folder = path.parent().unwrap_or(path);
        let mut members = self.members.values();
        members.any(|member| member.dir == folder || member.workspace == folder)
            && self.root.join(path).is_file()
    }
}

/// Returns the Rust sources at or below `path`.
fn rust_below<'a>(
    sources: &'a Sources,
    path: &'a Utf8Path,
) -> impl Iterator<Item = (&'a Utf8Path, &'a str)> {
    let files = sources.rust.below(path);
    files.map(|(file, text)| (file, text.as_str()))
}
