//! The common beginning of all commands: reads the workspace, checks the configuration and works out the plan.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::args::Global;
use crate::cli::out::outln;
use crate::engine::buildx::Shown;
use crate::files::{Change, ChangeKind};
use crate::graph::cargo::Cargo;
use crate::graph::sources::{ContextFiles, FilesRead};
use crate::graph::{Sources, Workspace, docker_context};
use crate::names::TargetName;
use crate::plan::config::valid::OtherImageConfig;
use crate::plan::config::{Config, requires};
use crate::plan::draft::Draft;
use crate::plan::explain::WorkspaceState;
use crate::plan::lock_graph::LockGraph;
use crate::plan::{Plan, builder};
use crate::problem::{Code, Problem, Problems, Source};

/// One run of the program.
pub struct Session {
    pub global: Global,
    pub cargo: Cargo,
    /// Whether the session is about the files of a revision. Files that git ignores are missing there, and nobody can
    /// change the files.
    pub of_revision: bool,
    /// Files that were read already.
    pub known: Cell<FilesRead>,
}

/// A plan, the workspace that it was worked out from, and the folder in which it is carried out.
pub struct Planned {
    pub root: Utf8PathBuf,
    pub workspace: Workspace,
    pub sources: Sources,
    pub plan: Plan,
    /// The text of the configuration; empty when there is none.
    pub config: String,
}

impl Planned {
    /// Returns the lock for [`Self::state`].
    pub fn lock(&self) -> LockGraph<'_> {
        LockGraph::new(&self.workspace.lock, &self.workspace.members)
    }

    /// Returns the folder of the workspace manifest.
    pub fn home(&self) -> Utf8PathBuf {
        self.workspace.home()
    }

    /// Returns the state that explanations compare.
    pub fn state<'a>(&'a self, lock: &'a LockGraph<'a>) -> WorkspaceState<'a> {
        WorkspaceState {
            workspace: &self.workspace,
            plan: &self.plan,
            lock,
        }
    }
}

impl Session {
    pub fn new(global: Global) -> Self {
        Self {
            global,
            cargo: Cargo::remembering(),
            of_revision: false,
            known: Cell::default(),
        }
    }

    /// Prints a line unless `--quiet` is set.
    pub fn say(&self, line: impl std::fmt::Display) {
        if !self.global.quiet {
            outln!("{line}");
        }
    }

    /// Returns the part of a bake's progress that is shown.
    pub fn shown(&self) -> Shown<'static> {
        match self.global.quiet {
            true => Shown::Failures,
            false => Shown::All,
        }
    }

    /// Returns the configuration's path as messages show it.
    pub fn config_name(&self, planned: &Planned) -> String {
        config_name(
            &config_path(self.global.config.as_deref(), &planned.workspace),
            &planned.workspace,
        )
    }

    /// Reads everything and works out the plan.
    pub fn plan(&self) -> Result<Planned, Problems> {
        let global = &self.global;
        let planned = self.plan_of(global.manifest_path.as_deref(), global.config.as_deref())?;
        let mut problems = builder::lacks(&planned.plan);
        problems.extend(builder::too_old(&planned.workspace, &planned.plan));
        let planned = Problems(problems).or(planned)?;
        for warning in builder::warnings(&planned.plan) {
            tracing::warn!("{warning}");
        }
        Ok(planned)
    }

    /// Works out the plan of the workspace of that manifest under that configuration.
    pub fn plan_of(
        &self,
        manifest: Option<&Utf8Path>,
        config: Option<&Utf8Path>,
    ) -> Result<Planned, Problems> {
        self.plan_edited(manifest, config, |source| Ok(source.text.clone()))
    }

    /// Works out the same plan under another text of the configuration.
    pub fn plan_edited(
        &self,
        manifest: Option<&Utf8Path>,
        config: Option<&Utf8Path>,
        edit: impl FnOnce(&Source) -> Result<String, Problem>,
    ) -> Result<Planned, Problems> {
        let mut workspace = Workspace::read(&self.cargo, manifest)?;
        workspace.take_known(self.known.take());
        workspace.is_of_revision = self.of_revision;
        if !self.of_revision {
            Problems(workspace.stale_lock()).or(())?;
        }
        let mut source = config_source(config, &workspace)?;
        // A revision is compared by this program, whichever made its files.
        if !self.of_revision {
            requires::fits(&source, env!("CARGO_PKG_VERSION"))?;
        }
        source.text = edit(&source)?;
        let config = Config::read(&source, &mut workspace)?;
        let variables = variables(&config);
        let images = config.images.clone();
        let draft = Draft::new(&workspace, config);
        let mut reads = Vec::from_iter(draft.reads());
        if self.of_revision {
            reads.retain(|path| workspace.root.join(path).symlink_metadata().is_ok());
        }
        let mut sources = workspace.sources(&reads)?;
        let crates = workspace.local_sources.crates.values();
        sources.add_crates(&workspace.root, crates)?;
        workspace.add_as_is(&mut sources, draft.compiled())?;
        sources.images = contexts(&workspace, &images, &sources)?;
        sources.variables = variables;
        tracing::info!(
            "{} members, {} files read",
            workspace.members.len(),
            sources.files.len()
        );
        let plan = Plan::new(draft, &sources);
        if !self.of_revision {
            Problems(workspace.artifact_dependencies(plan.packages.keys())).or(())?;
        }
        Ok(Planned {
            root: workspace.root.clone(),
            workspace,
            sources,
            plan,
            config: source.text,
        })
    }
}

/// Reads the contexts of the images of other Dockerfiles. Several stages of one have the same context.
fn contexts(
    workspace: &Workspace,
    images: &[OtherImageConfig],
    sources: &Sources,
) -> Result<BTreeMap<TargetName, Arc<ContextFiles>>, Problem> {
    let mut read: BTreeMap<_, Arc<ContextFiles>> = BTreeMap::new();
    let mut contexts = BTreeMap::new();
    for image in images {
        let place = (&image.context, &image.dockerfile);
        let files = match read.get(&place) {
            Some(files) => files.clone(),
            None => {
                let (root, known) = (&workspace.root, &sources.files);
                Arc::new(docker_context::read(
                    root,
                    &image.context,
                    &image.dockerfile,
                    known,
                    workspace.known_sent(),
                )?)
            }
        };
        contexts.insert(image.name.clone(), files.clone());
        read.insert(place, files);
    }
    Ok(contexts)
}

/// Returns the values that the environment has for the variables of compilations. Bake reads the same ones.
fn variables(config: &Config) -> BTreeMap<String, String> {
    let own = config.variables.values().flatten().map(String::as_str);
    let mut names: BTreeSet<&str> = own.collect();
    for name in config.at_bake.variables() {
        names.insert(name);
    }
    let value = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
        // Values that are not valid text must still differ from each other.
        Some(
            value
                .into_string()
                .unwrap_or_else(|value| format!("{value:?}")),
        )
    };
    names
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), value(name)?)))
        .collect()
}

/// Returns the text of the configuration; empty if none is named and none exists.
pub fn config_source(config: Option<&Utf8Path>, workspace: &Workspace) -> Result<Source, Problem> {
    let path = config_path(config, workspace);
    let text = match fs_err::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && config.is_none() => {
            String::new()
        }
        Err(error) => {
            return Err(Problem::from_error(Code::ConfigUnreadable, error)
                .hint("give a readable file to --config, or leave it out"));
        }
    };
    let name = config_name(&path, workspace);
    Ok(Source { name, text })
}

/// Returns the path of the configuration: the named one, or the one beside the workspace's manifest.
pub fn config_path(config: Option<&Utf8Path>, workspace: &Workspace) -> Utf8PathBuf {
    match config {
        Some(path) => path.to_owned(),
        None => workspace.home().join("bakehouse.toml"),
    }
}

/// Returns the change that gives the configuration at `path` a new text, and the configuration's folder; none if the
/// text is the same.
pub fn config_change(path: &Utf8Path, old: String, text: String) -> Option<(&Utf8Path, Change)> {
    if text == old {
        return None;
    }
    let kind = match path.exists() {
        true => ChangeKind::Update { old, text },
        false => ChangeKind::Create { text },
    };
    let change = Change {
        path: path.file_name()?.into(),
        kind,
    };
    Some((path.parent()?, change))
}

/// Returns the problem of a configuration that cannot be edited because it is not valid TOML.
pub fn uneditable(name: &str, error: toml_edit::TomlError) -> Problem {
    Problem::new(
        Code::ConfigInvalid,
        format!("{name} cannot be edited: {}", error.message()),
    )
    .caused_by(error)
}

fn config_name(path: &Utf8Path, workspace: &Workspace) -> String {
    path.strip_prefix(&workspace.root)
        .unwrap_or(path)
        .to_string()
}
