//! The workspace as it was at a revision.

use std::cell::Cell;
use std::panic::resume_unwind;
use std::thread::scope;

use camino::{Utf8Path, Utf8PathBuf};

use super::session::{Planned, Session};
use crate::git::{Repository, Revision, Snapshot, snapshot};
use crate::graph::sources::FilesRead;
use crate::problem::{Code, Problem, Problems};

/// The files of a revision.
pub struct CheckedOut {
    repository: Repository,
    revision: Revision,
    snapshot: Snapshot,
}

impl CheckedOut {
    /// Checks out the revision with that name, of the repository that `folder` is in.
    ///
    /// # Errors
    /// `revision-unknown` and git's own errors.
    pub fn new(folder: &Utf8Path, name: &str) -> Result<Self, Problem> {
        let repository = Repository::of(folder)?;
        let revision = repository.revision(name)?;
        let snapshot = repository.check_out(&revision)?;
        Ok(Self {
            repository,
            revision,
            snapshot,
        })
    }

    /// Works out the plan of the work tree, and checks out the revision meanwhile.
    ///
    /// # Errors
    /// Those of the plan come first.
    pub fn beside_plan(session: &Session, name: &str) -> Result<(Planned, Self), Problems> {
        let manifest = session.global.manifest_path.as_deref();
        let folder = manifest.and_then(Utf8Path::parent);
        let folder = folder.filter(|folder| !folder.as_str().is_empty());
        let folder = folder.unwrap_or(Utf8Path::new("."));
        let (now, then) = scope(|scope| {
            let then = scope.spawn(|| Self::new(folder, name));
            let now = session.plan();
            (
                now,
                then.join().unwrap_or_else(|panic| resume_unwind(panic)),
            )
        });
        let now = now?;
        // The workspace may be in another repository than the folder that names it.
        let repository = Repository::of(&now.root)?;
        match then {
            Ok(then) if then.repository.top == repository.top => Ok((now, then.at(repository))),
            _ => {
                let then = Self::new(&now.root, name)?;
                Ok((now, then))
            }
        }
    }

    /// Moves the context to another folder of the repository.
    fn at(mut self, repository: Repository) -> Self {
        self.snapshot.root = self.snapshot.top.join(&repository.prefix);
        self.repository = repository;
        self
    }
}

/// A revision and the plan of its files.
pub struct Since {
    pub repository: Repository,
    pub revision: Revision,
    /// None if the revision has no workspace that can be planned. Then everything counts as new.
    pub planned: Option<Planned>,
}

impl Since {
    /// Works out the plan of a revision.
    ///
    /// # Errors
    /// `submodule-missing` if files that an image is built from are not in this clone, so that it is unknown whether
    /// they changed.
    pub fn new(session: &Session, now: &Planned, then: CheckedOut) -> Result<Self, Problems> {
        let CheckedOut {
            repository,
            revision,
            snapshot,
        } = then;
        let here = repository.missing_submodules()?;
        needs_none(&repository.top, now, &here, "is not checked out")?;
        let folder = &now.workspace.folder;
        let mut known = FilesRead::of(&snapshot.root);
        known.add(&now.sources, |path| {
            let inside = repository.prefix.join(path);
            snapshot.same.contains(inside.as_str())
        });
        let planned = match plan(session, &repository, &snapshot, folder, known) {
            Ok(planned) => {
                lacks_none(&snapshot, &planned)?;
                Some(planned)
            }
            Err(_) if !snapshot.lost.is_empty() => {
                return Err(snapshot::lost(&snapshot.lost[0].1).into());
            }
            Err(_) if !snapshot.missing.is_empty() => {
                return Err(missing(&snapshot.missing[0], LACKS).into());
            }
            Err(why) => {
                tracing::warn!(
                    "everything counts as changed, because {} cannot be planned: {}",
                    revision.short(),
                    told(&why, &snapshot)
                );
                None
            }
        };
        Ok(Self {
            repository,
            revision,
            planned,
        })
    }
}

/// The fault of a submodule that is checked out, but is older or newer than the revision.
const LACKS: &str = "lacks the commit that the revision has of it";

fn plan(
    session: &Session,
    repository: &Repository,
    snapshot: &Snapshot,
    folder: &Utf8Path,
    known: FilesRead,
) -> Result<Planned, Problems> {
    let config = session
        .global
        .config
        .as_deref()
        .map(|path| then(repository, snapshot, path));
    let manifest = snapshot.root.join(folder).join("Cargo.toml");
    let then = Session {
        global: session.global.clone(),
        cargo: session.cargo.for_once(),
        of_revision: true,
        known: Cell::new(known),
    };
    then.plan_of(Some(&manifest), config.as_deref())
}

/// Refuses a revision that lacks files from which an image is built.
///
/// # Errors
/// `submodule-missing`, `revision-incomplete`.
pub fn lacks_none(snapshot: &Snapshot, planned: &Planned) -> Result<(), Problem> {
    needs_none(&snapshot.top, planned, &snapshot.missing, LACKS)?;
    let mut lost = snapshot.lost.iter();
    match lost.find(|(path, _)| is_read(&snapshot.top, planned, path)) {
        Some((_, why)) => Err(snapshot::lost(why)),
        None => Ok(()),
    }
}

/// Returns the place of `path` in the snapshot, or `path` itself if it lies outside the repository.
pub fn then(repository: &Repository, snapshot: &Snapshot, path: &Utf8Path) -> Utf8PathBuf {
    let full = path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    match full.strip_prefix(&repository.top) {
        Ok(inside) => snapshot.top.join(inside),
        Err(_) => full,
    }
}

/// Returns the revision's problems in one line, without the folder that its files were put into.
fn told(problems: &Problems, snapshot: &Snapshot) -> String {
    let messages: Vec<&str> = problems
        .0
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    let text = messages.join("; ");
    let text = text.replace(&format!("{}/", snapshot.top), "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Refuses submodules without files, of the work tree at `top`, that an image is built from.
fn needs_none(
    top: &Utf8Path,
    planned: &Planned,
    submodules: &[Utf8PathBuf],
    how: &str,
) -> Result<(), Problem> {
    let needed = submodules
        .iter()
        .find(|submodule| is_read(top, planned, submodule));
    needed.map_or(Ok(()), |submodule| Err(missing(submodule, how)))
}

/// Returns whether an image is built from something at or below a path of the work tree at `top`, or above it.
fn is_read(top: &Utf8Path, planned: &Planned, path: &Utf8Path) -> bool {
    let path = top.join(path);
    let mut read = planned.plan.context.iter();
    read.any(|own| {
        let own = planned.root.join(own);
        own.starts_with(&path) || path.starts_with(&own)
    })
}

fn missing(submodule: &Utf8Path, how: &str) -> Problem {
    Problem::new(
        Code::SubmoduleMissing,
        format!("images are built from the submodule {submodule}, and it {how}"),
    )
    .hint(format!(
        "`git submodule update --init --recursive {submodule}`; if the clone is shallow, fetch more of it"
    ))
}
