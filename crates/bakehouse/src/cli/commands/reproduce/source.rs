//! The files and the plan of the commits that images are of.

use std::cell::Cell;
use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::original::{Original, refused};
use crate::cli::commands::build::names::Names;
use crate::cli::session::{Planned, Session, uneditable};
use crate::cli::since::{lacks_none, then};
use crate::documents;
use crate::files::{self, apply::apply};
use crate::git::{Repository, Revision, Snapshot, snapshot};
use crate::plan::baked::BakedImage;
use crate::plan::config::digests::rebased;
use crate::problem::{Problem, Problems};

/// A commit, checked out.
pub struct Source {
    revision: Revision,
    pub planned: Planned,
    names: Names,
    /// The files, as long as they are needed.
    _snapshot: Snapshot,
}

/// The commits of all images, by the labels that name them.
pub struct Sources(BTreeMap<String, Source>);

impl Sources {
    /// Checks out the commit of each image, with a further base in place of that in its configuration if there is one.
    ///
    /// # Errors
    /// `repository-missing`, `revision-unknown`, `revision-incomplete`, `submodule-missing`, those of the plan.
    pub fn read(
        session: &Session,
        originals: &[Original],
        base: Option<&str>,
    ) -> Result<Self, Problems> {
        let manifest = session.global.manifest_path.as_deref();
        let folder = manifest.and_then(Utf8Path::parent);
        let folder = folder.filter(|folder| !folder.as_str().is_empty());
        let repository = Repository::of(folder.unwrap_or(Utf8Path::new(".")))?;
        let mut sources = BTreeMap::new();
        for original in originals {
            let name = &original.origin.revision;
            if !sources.contains_key(name) {
                let revision = commit(&repository, original)?;
                let source = Source::read(session, &repository, revision, base)?;
                sources.insert(name.clone(), source);
            }
        }
        Ok(Self(sources))
    }

    pub fn of(&self, original: &Original) -> &Source {
        &self.0[&original.origin.revision]
    }
}

/// Returns the commit that an image is of.
fn commit(repository: &Repository, original: &Original) -> Result<Revision, Problem> {
    let name = &original.origin.revision;
    let revision = repository.revision(name).map_err(|mut problem| {
        problem.message = format!(
            "{} is of the commit {name}: {}",
            original.name, problem.message
        );
        problem
    })?;
    match revision.id.starts_with(name.as_str()) {
        true => Ok(revision),
        false => {
            let why = format!("its revision {name} is the name of a branch or tag here");
            let hint = "publish it with REVISION=$(git rev-parse HEAD)";
            Err(refused(&original.name, &why, hint))
        }
    }
}

impl Source {
    fn read(
        session: &Session,
        repository: &Repository,
        revision: Revision,
        base: Option<&str>,
    ) -> Result<Self, Problems> {
        let snapshot = repository.check_out_apart(&revision)?;
        let then = Session {
            global: session.global.clone(),
            cargo: session.cargo.for_once(),
            of_revision: true,
            known: Cell::default(),
        };
        let config = session.global.config.as_deref();
        let config = config.map(|path| self::then(repository, &snapshot, path));
        let manifest = manifest(session, repository, &snapshot);
        let planned = then.plan_edited(Some(&manifest), config.as_deref(), |source| match base {
            Some(base) => {
                rebased(&source.text, base).map_err(|error| uneditable(&source.name, error))
            }
            None => Ok(source.text.clone()),
        });
        let planned = planned.map_err(|problems| match snapshot.lost.first() {
            Some((_, why)) => snapshot::lost(why).into(),
            None => problems,
        })?;
        lacks_none(&snapshot, &planned)?;
        write(&planned, base.is_some())?;
        Ok(Self {
            names: Names::new(&planned.plan)?,
            revision,
            planned,
            _snapshot: snapshot,
        })
    }

    /// Returns the id of the commit.
    pub fn id(&self) -> &str {
        &self.revision.id
    }

    /// Returns the image of the plan that a published one is.
    ///
    /// # Errors
    /// `reproduce-refused`.
    pub fn target(&self, original: &Original) -> Result<&BakedImage, Problem> {
        let plan = &self.planned.plan;
        let origin = &original.origin;
        let no = |why: &str, hint: &str| Err(refused(&original.name, why, hint));
        let short = self.revision.short();
        let there = self
            .names
            .published_in(plan, &original.reference.repository);
        let titled = |image: &&BakedImage| origin.title.as_deref() == Some(image.name.as_str());
        let named = there.iter().copied().find(titled);
        let named = named.or_else(|| plan.baked.iter().find(titled));
        let named = named.or(match there.as_slice() {
            [one] => Some(*one),
            _ => None,
        });
        let target = match &origin.input_hash {
            None => named,
            Some(hash) => {
                let has_it = |image: &&BakedImage| image.input_hash == *hash;
                let found = named.filter(has_it);
                let found = found.or_else(|| plan.baked.iter().find(has_it));
                if let (None, Some(named)) = (found, named) {
                    let why = format!(
                        "its input hash is {hash}, and that of `{}` at {short} {}: it was built from something else",
                        named.name, named.input_hash
                    );
                    return no(&why, ELSE);
                }
                found
            }
        };
        let Some(target) = target.filter(|image| image.target.is_image()) else {
            let why = format!("at {short} no service has this image");
            return no(
                &why,
                "run it where the image is built, and set REGISTRY as for its bake",
            );
        };
        if let (Some(image), Some(own)) = (&origin.toolchain, plan.toolchain_label())
            && image != own
        {
            let why = format!("its toolchain is {image}, and that of {short} {own}");
            return no(&why, ELSE);
        }
        Ok(target)
    }
}

/// The remedy where an image is not of the commit that its label names.
const ELSE: &str = "if `rebase` has moved it, name the base with --base; if it was built with variables, set them; otherwise the checkout had changes that were not committed, or another version of Bakehouse built it";

/// Returns the manifest of the workspace in a snapshot.
fn manifest(session: &Session, repository: &Repository, snapshot: &Snapshot) -> Utf8PathBuf {
    if let Some(path) = &session.global.manifest_path {
        return then(repository, snapshot, path);
    }
    let folders = snapshot.root.ancestors();
    let mut folders = folders.take_while(|folder| folder.starts_with(&snapshot.top));
    let manifests = folders.find_map(|folder| {
        let manifest = folder.join("Cargo.toml");
        manifest.is_file().then_some(manifest)
    });
    manifests.unwrap_or_else(|| snapshot.root.join("Cargo.toml"))
}

/// Writes the generated files that the commit lacks. Those that it has are the ones that were baked, unless the
/// configuration is another one now.
fn write(planned: &Planned, all: bool) -> Result<(), Problem> {
    let Planned { root, plan, .. } = planned;
    let output = &plan.config.output;
    let changes = files::compare(root, &output.folder, &documents::render(plan))?;
    if all || !root.join(&output.bake).is_file() {
        return apply(root, &changes);
    }
    if let Some(change) = changes.first() {
        tracing::warn!(
            "{} and others of the commit are not what this version of Bakehouse generates: they are baked as they are",
            change.path
        );
    }
    Ok(())
}
