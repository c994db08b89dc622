//! Edits of scenarios: turns each step into texts to write, once for all contenders.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::scenario::{Step, What};
use super::subject::Subject;
use super::tree::{self, Texts};
use crate::problem::{Code, Problem};

/// A step that is the same for every contender.
#[derive(Clone, Debug)]
pub enum Action {
    Write(Texts),
    Bake(What),
    /// Targets to bake, and the markers that correct binaries contain, by package.
    Measure(What, BTreeMap<String, u32>),
}

/// The master copy of the workspace and its edits, which all contenders get.
#[derive(Debug)]
pub struct Edits<'a> {
    subject: &'a Subject,
    master: Utf8PathBuf,
    /// Package → its current marker and the previous one.
    markers: BTreeMap<String, (u32, u32)>,
    next: u32,
}

/// Small crates without dependencies of their own. The first that the workspace does not have is added.
const CANDIDATES: [&str; 8] = [
    "fnv",
    "hex",
    "humantime",
    "matches",
    "unicode-xid",
    "arraydeque",
    "void",
    "static_assertions",
];

impl<'a> Edits<'a> {
    /// Creates the edits of the copy in `master`.
    pub fn new(subject: &'a Subject, master: Utf8PathBuf) -> Self {
        Self {
            subject,
            master,
            markers: BTreeMap::new(),
            next: 1,
        }
    }

    /// Writes the first marker into every file that scenarios edit. A stale binary would contain it.
    ///
    /// # Errors
    /// `file-unreadable`, `file-unwritable`.
    pub fn begin(&mut self) -> Result<(), Problem> {
        let parts = self.subject.parts.iter().map(|part| part.package.clone());
        let common = self
            .subject
            .common
            .iter()
            .map(|common| common.package.clone());
        let packages: BTreeSet<String> = parts.chain(common).collect();
        for package in packages {
            let texts = self.edit(&package)?;
            tree::write(&self.master, &texts)?;
        }
        Ok(())
    }

    /// Returns the marker that correct binaries contain, for each marked package.
    pub fn markers(&self) -> BTreeMap<String, u32> {
        let markers = self.markers.iter();
        markers
            .map(|(package, (marker, _))| (package.clone(), *marker))
            .collect()
    }

    /// Returns the actions of a scenario, and applies its edits to the master.
    ///
    /// # Errors
    /// Files or crates for an edit cannot be read, written or fetched.
    pub fn actions(&mut self, steps: &[Step]) -> Result<Vec<Action>, Problem> {
        let mut actions = Vec::new();
        for step in steps {
            let texts = match step {
                Step::Bake(what) => {
                    actions.push(Action::Bake(what.clone()));
                    continue;
                }
                Step::Measure(what) => {
                    actions.push(Action::Measure(what.clone(), self.markers()));
                    continue;
                }
                Step::Edit(package) => self.edit(package)?,
                Step::Back(package) => self.back(package)?,
                Step::BumpVersion(package) => {
                    let manifest = self.subject.folders[package].join("Cargo.toml");
                    tree::bump_version(|path| self.read(path), package, &manifest)?
                }
                Step::AddDependency(package) => self.add_dependency(package)?,
                Step::EditPack => self.edit_pack()?,
            };
            tree::write(&self.master, &texts)?;
            actions.push(Action::Write(texts));
        }
        Ok(actions)
    }

    fn read(&self, path: &Utf8Path) -> Result<String, Problem> {
        fs_err::read_to_string(self.master.join(path)).map_err(|error| {
            Problem::from_error(Code::FileUnreadable, error)
                .hint("check that the file exists and can be read")
        })
    }

    fn edit(&mut self, package: &str) -> Result<Texts, Problem> {
        let number = self.next;
        self.next += 1;
        let before = self.markers.get(package).map_or(number, |(now, _)| *now);
        self.markers.insert(package.to_owned(), (number, before));
        self.mark(package, number)
    }

    fn back(&mut self, package: &str) -> Result<Texts, Problem> {
        let (now, before) = self.markers[package];
        self.markers.insert(package.to_owned(), (before, now));
        self.mark(package, before)
    }

    /// Writes a marker. Packages that share a file share its marker, and only the last one's is expected.
    fn mark(&self, package: &str, number: u32) -> Result<Texts, Problem> {
        let part = self
            .subject
            .parts
            .iter()
            .find(|part| part.package == package);
        let common = self
            .subject
            .common
            .iter()
            .find(|common| common.package == package);
        let file = part
            .map(|part| &part.file)
            .or(common.map(|common| &common.file));
        let Some(file) = file else {
            return Ok(Texts::new());
        };
        Ok(Texts::from([(
            file.clone(),
            tree::marked(&self.read(file)?, number),
        )]))
    }

    fn add_dependency(&self, package: &str) -> Result<Texts, Problem> {
        let lock = self.read(Utf8Path::new("Cargo.lock"))?;
        let has = |name: &str| lock.contains(&format!("name = \"{name}\""));
        let Some(name) = CANDIDATES.into_iter().find(|name| !has(name)) else {
            return Err(Problem::new(
                Code::NothingToBake,
                "the workspace has every crate that could be added",
            )
            .hint("leave the scenario `dependency` out"));
        };
        self.cargo(&["add", "--quiet", "--package", package, name])?;
        self.cargo(&["metadata", "--format-version", "1"])?;
        let manifest = self.subject.folders[package].join("Cargo.toml");
        [manifest, "Cargo.toml".into(), "Cargo.lock".into()]
            .into_iter()
            .map(|path| Ok((path.clone(), self.read(&path)?)))
            .collect()
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(), Problem> {
        let failed = |said: String| {
            Problem::new(Code::CargoFailed, format!("cargo {} failed: {said}", arguments.join(" ")))
                .hint("adding a dependency needs the crates' registry; leave the scenario `dependency` out if there is none")
        };
        let output = Command::new("cargo")
            .current_dir(&self.master)
            .args(arguments)
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(failed(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ))
        }
    }

    fn edit_pack(&mut self) -> Result<Texts, Problem> {
        let Some(file) = &self.subject.pack_file else {
            return Ok(Texts::new());
        };
        let number = self.next;
        self.next += 1;
        let text = self.read(file)?;
        Ok(Texts::from([(
            file.clone(),
            format!("{text}# {}\n", tree::marker(number)),
        )]))
    }
}
