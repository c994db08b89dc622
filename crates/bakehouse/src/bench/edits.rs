//! Edits of scenarios: turns each step into texts to write, once for all contenders.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::judge::Expected;
use super::moves::{Move, Which};
use super::neighbours;
use super::scenario::{Step, What};
use super::subject::Subject;
use super::tree::{self, Texts};
use crate::problem::{Code, Problem};

/// A step that is the same for every contender.
#[derive(Clone, Debug)]
pub enum Action {
    Write(Texts),
    Bake(What),
    /// Targets to bake, and the contents of correct binaries.
    Measure(What, Expected),
}

/// The master copy of the workspace and its edits, which all contenders get.
#[derive(Debug)]
pub struct Edits<'a> {
    subject: &'a Subject,
    master: Utf8PathBuf,
    /// Package → its current marker and the previous one.
    markers: BTreeMap<String, (u32, u32)>,
    next: u32,
    moving: Vec<Moving>,
    /// For each change of a dependency that can be taken back, the files before it and the crates that it moved.
    undo: Vec<(Texts, Vec<Moving>)>,
}

/// A crate that is moved.
#[derive(Clone, Debug)]
struct Moving {
    which: Which,
    name: String,
    /// The version that the lock has.
    current: String,
    /// Versions that the lock had before, newest last.
    earlier: Vec<String>,
    /// Versions that no step moved it to yet.
    unseen: Vec<String>,
}

impl Moving {
    fn new(one: Move) -> Self {
        Self {
            which: one.which,
            name: one.name,
            current: one.version,
            earlier: Vec::new(),
            unseen: one.versions,
        }
    }

    /// Returns the version to move to.
    fn target(&self, unseen: bool) -> Option<&String> {
        let earlier = self.earlier.last().filter(|_| !unseen);
        self.unseen.first().or(earlier)
    }

    fn go(&mut self, version: String) {
        self.unseen.retain(|one| *one != version);
        self.earlier
            .push(std::mem::replace(&mut self.current, version));
    }
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
    pub fn new(subject: &'a Subject, master: Utf8PathBuf, moves: Vec<Move>) -> Self {
        Self {
            moving: moves.into_iter().map(Moving::new).collect(),
            undo: Vec::new(),
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

    /// Returns what correct binaries contain.
    pub fn expected(&self) -> Expected {
        let markers = self.markers.iter();
        let moving = self.moving.iter();
        Expected {
            markers: markers
                .map(|(package, (marker, _))| (package.clone(), *marker))
                .collect(),
            gone: moving
                .flat_map(|one| {
                    let gone = one
                        .earlier
                        .iter()
                        .filter(|version| **version != one.current);
                    gone.map(|version| format!("{}-{version}", one.name))
                })
                .collect(),
        }
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
                    actions.push(Action::Measure(what.clone(), self.expected()));
                    continue;
                }
                Step::Edit(package) => self.edit(package)?,
                Step::Back(package) => self.back(package)?,
                Step::BumpVersion(package) => {
                    let manifest = self.subject.folders[package].join("Cargo.toml");
                    tree::bump_version(|path| self.read(path), package, &manifest)?
                }
                Step::AddDependency(package) => self.add_dependency(package)?,
                Step::MoveDependency { which, unseen } => self.move_dependency(*which, *unseen)?,
                Step::Undo => self.undo(),
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

    fn add_dependency(&mut self, package: &str) -> Result<Texts, Problem> {
        let lock = self.read(Utf8Path::new("Cargo.lock"))?;
        let has = |name: &str| lock.contains(&format!("name = \"{name}\""));
        let Some(name) = CANDIDATES.into_iter().find(|name| !has(name)) else {
            return Err(Problem::new(
                Code::NothingToBake,
                "the workspace has every crate that could be added",
            )
            .hint("leave the scenario `dependency` out"));
        };
        let manifest = self.subject.folders[package].join("Cargo.toml");
        let files = [manifest, "Cargo.toml".into(), "Cargo.lock".into()];
        let before = self.read_all(&files)?;
        self.cargo(&["add", "--quiet", "--package", package, name])?;
        self.cargo(&["metadata", "--format-version", "1"])?;
        self.undo.push((before, self.moving.clone()));
        self.read_all(&files)
    }

    fn read_all(&self, files: &[Utf8PathBuf]) -> Result<Texts, Problem> {
        let files = files.iter();
        files
            .map(|path| Ok((path.clone(), self.read(path)?)))
            .collect()
    }

    fn move_dependency(&mut self, which: Which, unseen: bool) -> Result<Texts, Problem> {
        let lock = ["Cargo.lock".into()];
        let before = self.read_all(&lock)?;
        let moving = self.moving.clone();
        let one = self.moving.iter_mut().find(|one| one.which == which);
        let target = one.and_then(|one| Some((one.target(unseen)?.clone(), one)));
        let Some((version, one)) = target else {
            return Err(Problem::new(
                Code::NothingToBake,
                "there is no further version that it was not moved to before",
            )
            .hint("measure fewer rounds"));
        };
        neighbours::update(&self.master, &one.name, &one.current, &version)?;
        one.go(version);
        self.undo.push((before, moving));
        self.read_all(&lock)
    }

    fn undo(&mut self) -> Texts {
        let Some((texts, moving)) = self.undo.pop() else {
            return Texts::new();
        };
        self.moving = moving;
        texts
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_moves_to_versions_that_it_did_not_have_and_else_back() {
        let mut moving = Moving::new(Move {
            which: Which::Leaf,
            name: "hex".to_owned(),
            version: "0.4.3".to_owned(),
            dependents: 0,
            of: 10,
            versions: vec!["0.4.2".to_owned(), "0.4.1".to_owned()],
        });
        for version in ["0.4.2", "0.4.1"] {
            assert_eq!(moving.target(true).unwrap(), version);
            moving.go(version.to_owned());
            assert_eq!(moving.current, version);
        }
        assert_eq!(moving.target(true), None);
        assert_eq!(moving.target(false).unwrap(), "0.4.2");
    }
}
