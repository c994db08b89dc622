//! A model as a repository on disk, with the repositories and files that are served for it.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::edits::{Edit, next_value};
use super::model::{GIT, HTTP, Model, commit_of};
use super::package::join;
use super::parts::{LOCAL, VENDOR};
use super::shape::Source;
use super::{archive, manifest, repository, sources};
use crate::ran::Ran;
use crate::served::Served;
use crate::unique::unique;
use crate::workspace::Workspace;

/// A binary of a shape, and the way it is built.
#[derive(Clone, Debug)]
pub struct Service {
    pub name: String,
    pub package: String,
    pub features: Vec<String>,
}

/// A shape on disk, in a git repository. It is removed when the value is dropped.
#[derive(Debug)]
pub struct Laid {
    pub repository: Workspace,
    /// The folder of the workspace.
    pub dir: Utf8PathBuf,
    pub services: Vec<Service>,
    served: Utf8PathBuf,
    /// A file, and the text that it gets after the workspace is locked.
    late: Option<(String, String)>,
}

impl Model {
    /// Returns every text file of the repository except `Cargo.lock`.
    pub fn tree(&self) -> BTreeMap<String, String> {
        let mut model = self.clone();
        if model.shape.star {
            model.exclude_the_rest();
        }
        let mut files = model.files.clone();
        manifest::write(&model, &mut files);
        for package in model.members.iter().chain(&model.others) {
            sources::write(package, &mut files);
        }
        if matches!(model.shape.source, Source::Vendor { .. }) {
            for one in &model.crates {
                let folder = model.path(&format!("{VENDOR}/{}-{}", one.name, one.version));
                for (path, text) in one.files() {
                    files.insert(join(&folder, &path), text);
                }
            }
        }
        files
    }

    /// Keeps Cargo from treating other folders as members.
    fn exclude_the_rest(&mut self) {
        let mut none = self.clone();
        none.shape.star = false;
        let mut folders: Vec<String> = none.tree().into_keys().collect();
        for folder in [VENDOR, LOCAL, ".git"] {
            folders.push(self.path(&format!("{folder}/x")));
        }
        folders.push(self.config());
        if self.shape.edges >> 15 == 1 {
            folders.push(self.path("docker/x"));
        }
        let members: Vec<&String> = self.members.iter().map(|one| &one.folder).collect();
        for path in &folders {
            let Ok(inside) = Utf8Path::new(path).strip_prefix(&self.workspace) else {
                continue;
            };
            let mut parts = inside.iter();
            if let (Some(top), Some(_)) = (parts.next(), parts.next()) {
                let folder = join(&self.workspace, top);
                if !members.contains(&&folder) {
                    self.excluded.insert(folder);
                }
            }
        }
    }

    fn services(&self) -> Vec<Service> {
        let packages = self.members.iter();
        let services = packages.flat_map(|package| {
            package.binaries.iter().map(|binary| Service {
                name: binary.name.clone(),
                package: package.name.clone(),
                features: self.features.get(&binary.name).cloned().unwrap_or_default(),
            })
        });
        services.collect()
    }
}

impl Laid {
    /// Writes all files, without locking or committing anything.
    ///
    /// # Panics
    /// If that fails.
    #[track_caller]
    pub fn new(model: &Model, served: &Served) -> Self {
        let folder = unique();
        let repository = Workspace::empty();
        let mut laid = Self {
            late: None,
            dir: repository.dir().join(&model.workspace),
            repository,
            services: model.services(),
            served: served.folder().join(&folder),
        };
        let (git, http) = (
            format!("{}/{folder}", served.git()),
            format!("{}/{folder}", served.http()),
        );
        let mut commits = Vec::new();
        for repository in &model.repositories {
            let commit = repository::make(&laid.served, repository, &git);
            commits.push((commit_of(&repository.name), commit));
        }
        let filled = |text: &str| {
            let mut text = text.replace(GIT, &git).replace(HTTP, &http);
            for (placeholder, commit) in &commits {
                text = text.replace(placeholder, commit);
            }
            text
        };
        for (path, text) in model.tree() {
            laid.repository.write(&path, &filled(&text));
            if text.starts_with("#!") {
                let file = laid.repository.dir().join(path);
                let mode = Permissions::from_mode(0o755);
                fs::set_permissions(file, mode).expect("a mode can be set");
            }
        }
        laid.late = (!model.late.is_empty()).then(|| (model.config(), filled(&model.late)));
        match model.shape.source {
            Source::Registry => {}
            Source::Vendor { sums } => {
                for one in &model.crates {
                    let name = format!("{VENDOR}/{}-{}", one.name, one.version);
                    archive::vendor(&laid.dir.join(name), one, sums);
                }
            }
            Source::Local => archive::local(&laid.dir.join(LOCAL), &model.crates),
            Source::Mirror => {
                archive::sparse(
                    &laid.served.join("mirror"),
                    &model.crates,
                    &format!("{http}/mirror"),
                );
            }
        }
        if !model.shop.is_empty() {
            archive::sparse(
                &laid.served.join("shop"),
                &model.shop,
                &format!("{http}/shop"),
            );
        }
        laid
    }

    /// Writes the text that is added only after locking.
    #[track_caller]
    pub fn locked(&self) {
        if let Some((path, text)) = &self.late {
            let is_there = self.repository.dir().join(path).is_file();
            let old = is_there.then(|| self.repository.read(path));
            let text = old.unwrap_or_default() + text;
            self.repository.write(path, &text);
        }
    }

    /// Makes the edit, or returns `None` if there is nothing to edit. `cargo` runs Cargo in the workspace.
    pub fn make(&self, edit: &Edit, cargo: &dyn Fn(&[&str]) -> Ran) -> Option<()> {
        let files = &self.repository;
        let is_there = |path: &str| files.dir().join(path).is_file();
        match edit {
            Edit::Value { path, nth } => {
                let text = is_there(path).then(|| files.read(path))?;
                files.write(path, &next_value(&text, *nth)?);
                self.sum_again(path);
            }
            Edit::Replace {
                path,
                old,
                new,
                lock,
            } => {
                let text = is_there(path).then(|| files.read(path))?;
                files.write(path, &text.contains(old).then(|| text.replace(old, new))?);
                self.sum_again(path);
                if *lock && cargo(&["update", "--workspace"]).code != Some(0) {
                    return None;
                }
            }
            Edit::Write { path, text } => files.write(path, text),
            Edit::Append { path, text } => {
                let old = is_there(path).then(|| files.read(path))?;
                files.write(path, &(old + text));
            }
            Edit::Remove { path } => is_there(path).then(|| files.remove(path))?,
            Edit::Rename { from, to } => is_there(from).then(|| files.rename(from, to))?,
            Edit::Commit {
                repository,
                package,
                path,
            } => {
                let (old, new) = repository::change(&self.served, repository, path)?;
                for (path, text) in self.manifests() {
                    let moved = text.replace(&old, &new).replace("\"v1\"", "\"v2\"");
                    if moved != text {
                        fs::write(path, moved).expect("a file can be written");
                    }
                }
                if cargo(&["update", package]).code != Some(0) {
                    return None;
                }
            }
        }
        Some(())
    }

    /// Copies all files.
    ///
    /// # Panics
    /// If that fails.
    pub fn copy_to(&self, folder: &Utf8Path) {
        for path in self.repository.tree().paths() {
            let to = folder.join(path);
            fs::create_dir_all(to.parent().unwrap_or(folder)).expect("a folder can be made");
            fs::copy(self.repository.dir().join(path), to).expect("a file can be copied");
        }
    }

    fn manifests(&self) -> Vec<(Utf8PathBuf, String)> {
        let tree = self.repository.tree();
        let paths = tree
            .paths()
            .filter(|path| path.ends_with("Cargo.toml") && !path.contains("docker/"));
        let read = |path: &str| (self.repository.dir().join(path), self.repository.read(path));
        paths.map(read).collect()
    }

    /// Updates the checksum of `path`, if it is in a vendored folder that lists checksums.
    fn sum_again(&self, path: &str) {
        let path = self.repository.dir().join(path);
        if let Some(folder) = path
            .ancestors()
            .find(|folder| folder.join(".cargo-checksum.json").is_file())
        {
            archive::sum_again(folder, &path);
        }
    }

    /// Sets the modification time of all files to now, so that Cargo does not consider any of them unchanged.
    pub fn touch(&self) {
        let now = std::time::SystemTime::now();
        for path in self.repository.tree().paths() {
            let file = self.repository.dir().join(path);
            if !path.starts_with(".git/") && file.is_file() {
                self.repository.set_mtime(path, now);
            }
        }
    }

    /// Returns the folder in which Bake runs and the Bake file relative to it, if the context is above the workspace.
    pub fn above(&self) -> Option<(&Utf8Path, String)> {
        let root = self.repository.dir();
        let name = self.dir.strip_prefix(root).ok()?.as_str();
        let dockerfile = format!("\"{name}/docker/Dockerfile\"");
        let file = fs::read_to_string(self.dir.join("docker-bake.hcl")).ok()?;
        let is_above = !name.is_empty() && file.contains(&dockerfile);
        is_above.then(|| (root, format!("{name}/docker-bake.hcl")))
    }

    /// Commits everything.
    #[track_caller]
    pub fn commit(&self) {
        if !self.repository.dir().join(".git").exists() {
            self.repository
                .git(["init", "--quiet", "--initial-branch", "main"]);
        }
        self.repository.git(["add", "--all"]);
        self.repository
            .git(["commit", "--quiet", "--allow-empty", "--message", "next"]);
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.served);
    }
}
