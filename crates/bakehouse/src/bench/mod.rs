//! `bakehouse bench`: the same commits, built in several ways, in turn, on one machine.
//!
//! Each contender has its own copy of the workspace, its own builder base (so that it starts cold) and its own names
//! for mounts, images and caches. An edit is made once and written into all copies. Each edit of a source leaves a
//! marker in the binary, so that a stale binary is noticed.

mod attempt;
mod base;
pub mod contenders;
mod edits;
mod furnish;
mod judge;
mod machine;
mod moves;
mod neighbours;
mod registry;
pub mod replay;
pub mod report;
pub mod results;
mod rounds;
mod sandbox;
pub mod scenario;
pub mod subject;
pub mod tree;
mod upkeep;

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::plan::Plan;
use crate::problem::{Code, Problem, Problems};
use contenders::Contender;
use edits::Edits;
use replay::results::{Build, CommitFacts, Replayed};
use results::{ContenderFacts, Results, Row, Run};
use rounds::Bench;
use scenario::Scenario;
use subject::Subject;

/// The scenarios to measure, and how often.
#[derive(Clone, Debug)]
pub struct Options {
    /// Runs of each cell.
    pub rounds: usize,
    /// Runs of each cell of the clean build.
    pub cold_rounds: usize,
    pub contenders: Vec<Contender>,
    /// Keys of scenarios; all when empty.
    pub scenarios: Vec<String>,
    /// Engine and registry for the scenarios of the bare runner.
    pub bare: Option<Bare>,
    /// Limit of the time of a run including its preparation. A cell that exceeded it is not run again.
    pub patience: Duration,
}

impl Options {
    /// Returns whether a scenario that moves a dependency may be measured.
    fn moves_wanted(&self) -> bool {
        let mut scenarios = self.scenarios.iter();
        self.scenarios.is_empty() || scenarios.any(|key| key.contains("moved"))
    }
}

/// A second engine, and a registry that both engines reach.
#[derive(Clone, Debug)]
pub struct Bare {
    /// A docker context. Its build cache may be deleted.
    pub runner: String,
    /// The registry, e.g. `127.0.0.1:5000`. The benchmark fills it.
    pub registry: String,
    /// The Redis or WebDAV folder that is sccache's store, reached from both engines' builds on their host's network.
    pub store: Option<String>,
}

impl Bare {
    /// Returns the address of the store that a contender's compiler wrapper has on a bare runner.
    fn store_of(&self, contender: Contender, salt: &str) -> Option<String> {
        match contender {
            Contender::ChefSccache => self.store.clone(),
            Contender::Kache => Some(format!("{}/bakehouse-bench/kache-{salt}", self.registry)),
            _ => None,
        }
    }
}

/// Functions that the benchmark needs from the command line.
pub trait Host {
    /// Works out the plan of the workspace in a folder.
    ///
    /// # Errors
    /// All problems of the workspace.
    fn plan(&self, root: &Utf8Path) -> Result<Plan, Problems>;
    /// Announces the number of cells, counting each run.
    fn total(&self, cells: usize);
    /// Reports what is being done.
    fn now(&self, what: &str);
    /// Reports a measured cell.
    fn measured(&self, scenario: &Scenario, contender: Contender, run: &Run);
    /// Saves the results so far, in case the rest fails.
    fn save(&self, results: &Results);
    /// Reports the build of a commit.
    fn replayed(&self, commit: &CommitFacts, build: &Build);
    /// Reports a commit that is in no sum.
    fn left_out(&self, commit: &CommitFacts);
    /// Saves the results of a replay so far.
    fn save_replay(&self, results: &Replayed);
}

/// Runs the benchmark of the workspace in `root`. `config` is the text of its configuration.
///
/// # Errors
/// `path-outside` if the context lies above the workspace; otherwise errors of the workspace, the engine or a
/// preparation. A contender that fails in a measured bake is a result, not an error.
pub fn run(
    root: &Utf8Path,
    plan: &Plan,
    config: &str,
    options: &Options,
    host: &dyn Host,
) -> Result<Results, Problems> {
    inside_only(plan)?;
    let subject = Subject::of(root, plan)?;
    let (_folder, place) = place()?;
    let master = place.join("master");
    tree::copy(root, &master)?;
    let moves = if options.moves_wanted() {
        moves::find(&master, &subject, options.rounds)
    } else {
        Vec::new()
    };
    let all = scenario::scenarios(&subject, &moves);
    let known: Vec<&str> = all.iter().map(|scenario| scenario.key).collect();
    if let Some(unknown) = options
        .scenarios
        .iter()
        .find(|key| !known.contains(&key.as_str()))
    {
        return Err(Problem::new(
            Code::ConfigValue,
            format!("there is no scenario `{unknown}` here"),
        )
        .hint(format!("this workspace has {}", known.join(", ")))
        .into());
    }
    let wanted = |scenario: &Scenario| {
        options.scenarios.is_empty() || options.scenarios.iter().any(|key| key == scenario.key)
    };
    let scenarios: Vec<Scenario> = all.into_iter().filter(wanted).collect();
    let mut results = Results {
        version: 1,
        workspace: machine::workspace(root, plan, &subject),
        machine: machine::machine(),
        contenders: options
            .contenders
            .iter()
            .map(|contender| ContenderFacts::new(*contender))
            .collect(),
        scenarios: scenarios.iter().map(Row::new).collect(),
    };
    let mut bench = Bench {
        config,
        options,
        host,
        subject: &subject,
        plan,
        edits: Edits::new(&subject, master, moves),
        sandboxes: Vec::new(),
        spent: BTreeMap::new(),
        salt: salt(),
        place,
        results: &mut results,
    };
    bench.edits.begin()?;
    bench.run(&scenarios)?;
    Ok(results)
}

/// # Errors
/// `path-outside` if the context lies above the workspace.
fn inside_only(plan: &Plan) -> Result<(), Problem> {
    if !plan.folder.as_str().is_empty() {
        return Err(Problem::new(
            Code::PathOutside,
            format!("packages lie outside the workspace's folder {}: the other ways to build cannot be generated for it", plan.folder),
        )
        .hint("measure a workspace whose packages are all in its own folder"));
    }
    Ok(())
}

/// Returns a temporary folder and its path.
fn place() -> Result<(tempfile::TempDir, Utf8PathBuf), Problem> {
    let folder = tempfile::Builder::new()
        .prefix("bakehouse-bench-")
        .tempdir()
        .map_err(tree::unwritable)?;
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).map_err(|path| {
        Problem::new(
            Code::FileUnwritable,
            format!("{} is not UTF-8", path.display()),
        )
        .hint("set TMPDIR to another folder")
    })?;
    Ok((folder, path))
}

/// Returns a text that keeps the names of this run apart from those of others.
fn salt() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = now.map_or(0, |since| since.as_secs());
    format!("{:x}{seconds:x}", std::process::id())
}
