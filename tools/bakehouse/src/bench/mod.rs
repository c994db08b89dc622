//! `bakehouse bench`: the same commits, built in several ways, in turn, on one machine.
//!
//! Each way has its own copy of the workspace, its own builder base (so that it starts cold) and its own names for
//! mounts, images and caches. An edit is made once and written into all copies. Where a scenario edits a source, it
//! leaves a marker in the binary, so that a stale one is seen.

mod base;
mod edits;
mod machine;
pub mod report;
pub mod results;
pub mod scenario;
mod stand;
pub mod subject;
pub mod tree;
pub mod ways;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::documents;
use crate::files;
use crate::plan::Plan;
use crate::problem::{Code, Problem, Problems};
use edits::{Action, Edits};
use results::{Cell, Outcome, Results, Row, Run, WayFacts};
use scenario::{Place, Scenario, What};
use stand::{Attempted, Cache, Order, Stand, docker};
use subject::Subject;
use ways::Way;

/// What to measure and how often.
#[derive(Clone, Debug)]
pub struct Options {
    /// Runs per cell.
    pub rounds: usize,
    /// Runs per cell of the clean build.
    pub cold_rounds: usize,
    pub ways: Vec<Way>,
    /// Keys of scenarios; all when empty.
    pub scenarios: Vec<String>,
    /// What the scenarios of the bare runner need.
    pub bare: Option<Bare>,
    /// A cell whose run took longer, with what prepares it, is not run again.
    pub patience: Duration,
}

/// A second engine, and a registry that both reach.
#[derive(Clone, Debug)]
pub struct Bare {
    /// A docker context whose build cache may be deleted.
    pub runner: String,
    /// May be filled, e.g. `127.0.0.1:5000`.
    pub registry: String,
}

/// What the benchmark takes from the command line's side, and tells it.
pub trait Host {
    /// The plan of the workspace in a folder.
    ///
    /// # Errors
    /// All that is wrong with it.
    fn plan(&self, root: &Utf8Path) -> Result<Plan, Problems>;
    /// How many cells there will be, each run counted.
    fn total(&self, cells: usize);
    /// What is done now.
    fn now(&self, what: &str);
    /// A cell was measured.
    fn measured(&self, scenario: &Scenario, way: Way, run: &Run);
    /// All so far, to be kept should the rest fail.
    fn save(&self, results: &Results);
}

/// Runs the benchmark of the workspace in `root`, whose configuration's text is `config`.
///
/// # Errors
/// `path-outside` when the context lies above the workspace; what the workspace, the engine, or a preparation failed
/// with. A way that fails in a measured bake is a result.
pub fn run(
    root: &Utf8Path,
    plan: &Plan,
    config: &str,
    options: &Options,
    host: &dyn Host,
) -> Result<Results, Problems> {
    if !plan.folder.as_str().is_empty() {
        return Err(Problem::new(
            Code::PathOutside,
            format!("packages lie outside the workspace's folder {}: the ways to compare with cannot be written for it", plan.folder),
        )
        .hint("measure a workspace whose packages are all in its own folder")
        .into());
    }
    let subject = Subject::of(root, plan)?;
    let folder = tempfile::Builder::new()
        .prefix("bakehouse-bench-")
        .tempdir()
        .map_err(|error| tree::unwritable(&error))?;
    let place = Utf8PathBuf::from_path_buf(folder.path().to_owned()).map_err(|path| {
        Problem::new(
            Code::FileUnwritable,
            format!("{} is not UTF-8", path.display()),
        )
        .hint("set TMPDIR to another folder")
    })?;
    let all = scenario::scenarios(&subject);
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
        ways: options.ways.iter().map(|way| WayFacts::new(*way)).collect(),
        scenarios: scenarios.iter().map(Row::new).collect(),
    };
    let mut bench = Bench {
        config,
        options,
        host,
        subject: &subject,
        plan,
        edits: Edits::new(&subject, place.join("master")),
        stands: Vec::new(),
        spent: BTreeMap::new(),
        salt: format!("{:x}", std::process::id()) + &format!("{:x}", started()),
        place,
        results: &mut results,
    };
    tree::copy(root, &bench.place.join("master"))?;
    bench.edits.begin()?;
    bench.run(&scenarios)?;
    Ok(results)
}

/// Seconds since 1970.
fn started() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs())
}

struct Bench<'a> {
    config: &'a str,
    options: &'a Options,
    host: &'a dyn Host,
    subject: &'a Subject,
    plan: &'a Plan,
    edits: Edits<'a>,
    stands: Vec<Stand>,
    /// What tells this run's names from those of others.
    salt: String,
    /// Seconds that the last round of a scenario took a way, preparations and all.
    spent: BTreeMap<(usize, Way), f64>,
    place: Utf8PathBuf,
    results: &'a mut Results,
}

impl Bench<'_> {
    fn run(&mut self, scenarios: &[Scenario]) -> Result<(), Problems> {
        let bare = self.options.bare.is_some();
        let at = |place| -> Vec<usize> {
            let found = scenarios
                .iter()
                .enumerate()
                .filter(|(_, scenario)| scenario.place == place);
            found.map(|(index, _)| index).collect()
        };
        let (cold, kept, runner) = (at(Place::Cold), at(Place::Builder), at(Place::BareRunner));
        let ways = self.options.ways.len();
        let bare_cells = if bare { runner.len() } else { 0 };
        self.host.total(
            ways * (cold.len().max(1) * self.options.cold_rounds
                + (kept.len() + bare_cells) * self.options.rounds),
        );
        for round in 0..self.options.cold_rounds {
            self.clean_builds(scenarios, cold.first().copied(), round)?;
        }
        for round in 0..self.options.rounds {
            for index in &kept {
                self.scenario(*index, &scenarios[*index], round)?;
            }
        }
        self.image_sizes();
        if bare {
            self.fill_caches()?;
            for round in 0..self.options.rounds {
                for index in &runner {
                    self.scenario(*index, &scenarios[*index], round)?;
                }
            }
        } else {
            for index in runner {
                for way in &self.options.ways {
                    self.cell(index, *way).note = Some("needs --runner and --registry".to_owned());
                }
            }
        }
        self.remove_images();
        Ok(())
    }

    /// Gives every way a new place, and builds there.
    fn clean_builds(
        &mut self,
        scenarios: &[Scenario],
        cold: Option<usize>,
        round: usize,
    ) -> Result<(), Problems> {
        self.remove_images();
        self.stands.clear();
        for way in self.options.ways.clone() {
            // Ways that shared a base or a mount's id would find one another's stages and crates.
            let salt = format!("{}-{round}-{}", self.salt, way.key());
            self.host
                .now(&format!("{}: preparing its base image", way.title()));
            let dir = self.place.join(format!("{}-{round}", way.key()));
            tree::copy(&self.place.join("master"), &dir)?;
            let mut stand = Stand {
                way,
                dir,
                base: None,
                registry: in_registry(self.registry(), &format!("bakehouse-bench/{salt}")),
                host: self.place.join(format!("host-{round}")),
                profile: self.plan.config.profile.clone(),
                profile_folder: documents::dockerfile::profile_folder(self.plan).to_owned(),
            };
            stand.base = self.furnish(&stand, &salt)?;
            self.host.now(&format!("{}: clean build", way.title()));
            let order = self.order(None, None);
            let done = stand.bake(order).must(way)?;
            let expected = self.edits.markers();
            let outcome = self.judge(&stand, None, &expected);
            let run = done.run(outcome);
            self.facts(way).context_bytes = (way != Way::Host).then_some(run.context_bytes);
            if let Some(index) = cold {
                self.record(index, &scenarios[index], way, run);
            }
            self.stands.push(stand);
        }
        Ok(())
    }

    /// The registry that images are named for: the bare runner pulls its builder base from there.
    fn registry(&self) -> Option<&str> {
        let bare = self.options.bare.as_ref();
        bare.map(|bare| bare.registry.as_str())
    }

    /// Writes what the way builds with into its copy; the name of its builder base, if it has one.
    fn furnish(&self, stand: &Stand, salt: &str) -> Result<Option<String>, Problems> {
        if stand.way == Way::Host {
            let home = stand.host.join("cargo");
            fs_err::create_dir_all(&home).map_err(|error| tree::unwritable(&error))?;
            machine::copy_cargo_config(&home);
            return Ok(None);
        }
        let base = base::make(self.plan, stand.way, salt, self.registry())?;
        let texts = if stand.way.is_generated() {
            let config = ways::generated::configuration(self.config, stand.way, &base, salt)?;
            tree::Texts::from([("bakehouse.toml".into(), config)])
        } else {
            stand.way.files(self.plan, self.subject, &base, salt)
        };
        tree::write(&stand.dir, &texts)?;
        self.generate(stand)?;
        Ok(Some(base))
    }

    /// Brings generated files up to date; the time that it took if there was anything to write.
    fn generate(&self, stand: &Stand) -> Result<Duration, Problems> {
        if !stand.way.is_generated() {
            return Ok(Duration::ZERO);
        }
        let since = Instant::now();
        let plan = self.host.plan(&stand.dir)?;
        let changes = files::compare(&stand.dir, &plan.folder, &documents::render(&plan))?;
        files::apply::apply(&stand.dir, &changes)?;
        Ok(if changes.is_empty() {
            Duration::ZERO
        } else {
            since.elapsed()
        })
    }

    fn order<'b>(&'b self, parts: Option<&'b [usize]>, cache: Option<Cache<'b>>) -> Order<'b> {
        Order {
            subject: self.subject,
            parts,
            cache,
            context: None,
        }
    }

    /// Runs a scenario with every way in turn.
    fn scenario(
        &mut self,
        index: usize,
        scenario: &Scenario,
        round: usize,
    ) -> Result<(), Problems> {
        let actions = match self.edits.actions(&scenario.steps) {
            Ok(actions) => actions,
            Err(problem) => {
                for way in self.options.ways.clone() {
                    self.cell(index, way).note = Some(problem.message.clone());
                }
                return Ok(());
            }
        };
        for position in 0..self.stands.len() {
            let way = self.stands[position].way;
            self.host.now(&format!(
                "{} · {} ({} of {})",
                scenario.title,
                way.title(),
                round + 1,
                self.options.rounds
            ));
            let skip = self.reason_to_skip(index, scenario, way);
            if let Some(reason) = &skip {
                self.cell(index, way).note = Some(reason.clone());
            }
            let since = Instant::now();
            let run = self.act(position, scenario.place, &actions, skip.is_some())?;
            if let Some(run) = run {
                self.spent
                    .insert((index, way), since.elapsed().as_secs_f64());
                self.record(index, scenario, way, run);
            }
        }
        self.host.save(self.results);
        Ok(())
    }

    fn reason_to_skip(&self, index: usize, scenario: &Scenario, way: Way) -> Option<String> {
        if scenario.place == Place::BareRunner && way == Way::Host {
            return Some("has no registry cache".to_owned());
        }
        let measures_build = scenario
            .steps
            .contains(&scenario::Step::Measure(What::Build));
        if measures_build && !way.is_generated() {
            return Some("has no such command".to_owned());
        }
        let patience = self.options.patience.as_secs_f64();
        let spent = self.spent.get(&(index, way));
        spent
            .is_some_and(|spent| *spent > patience)
            .then(|| format!("not run again, as it took more than {patience:.0} s"))
    }

    /// Carries out the actions in one way's place. What is skipped has its edits all the same.
    fn act(
        &self,
        position: usize,
        place: Place,
        actions: &[Action],
        skip: bool,
    ) -> Result<Option<Run>, Problems> {
        let stand = &self.stands[position];
        let mut generating = Duration::ZERO;
        let mut measured = None;
        for action in actions {
            match action {
                Action::Write(texts) => {
                    tree::write(&stand.dir, texts)?;
                    generating += self.generate(stand)?;
                }
                Action::Bake(_) | Action::Measure(..) if skip => {}
                Action::Bake(what) => {
                    self.bake(stand, Place::Builder, what)?.must(stand.way)?;
                    generating = Duration::ZERO;
                }
                Action::Measure(what, expected) => {
                    let mut done = self.bake(stand, place, what)?;
                    done.seconds += generating.as_secs_f64();
                    let outcome = match place {
                        Place::BareRunner => Outcome::Unchecked,
                        _ => self.judge(stand, parts_of(what), expected),
                    };
                    measured = Some(done.run(outcome));
                }
            }
        }
        Ok(measured)
    }

    fn bake(&self, stand: &Stand, place: Place, what: &What) -> Result<Attempted, Problem> {
        if *what == What::Build {
            return Ok(stand.build(self.subject));
        }
        let mut order = self.order(parts_of(what), None);
        let cache = self.cache_ref();
        if let (Place::BareRunner, Some(bare)) = (place, &self.options.bare) {
            empty(&bare.runner, &stand.registry)?;
            order.context = Some(&bare.runner);
            order.cache = Some(Cache {
                reference: &cache,
                branch: "branch",
            });
        }
        Ok(stand.bake(order))
    }

    fn cache_ref(&self) -> String {
        in_registry(
            self.registry(),
            &format!("bakehouse-bench/cache-{}", self.salt),
        )
    }

    /// Whether the binary of a part that was baked is made of the sources as they are.
    fn judge(
        &self,
        stand: &Stand,
        parts: Option<&[usize]>,
        expected: &BTreeMap<String, u32>,
    ) -> Outcome {
        let all: Vec<usize> = (0..self.subject.parts.len()).collect();
        let newest = expected.iter().max_by_key(|(_, marker)| **marker);
        let baked = parts.unwrap_or(&all);
        let holds_newest = |index: &&usize| {
            newest.is_some_and(|(package, _)| self.subject.parts[**index].closure.contains(package))
        };
        let Some(index) = baked.iter().find(holds_newest).or(baked.first()) else {
            return Outcome::Unchecked;
        };
        let part = &self.subject.parts[*index];
        let Some(binary) = stand.binary(part) else {
            return Outcome::Unchecked;
        };
        let found = tree::markers(&binary);
        let wanted: Vec<u32> = expected
            .iter()
            .filter(|(package, _)| part.closure.contains(*package))
            .map(|(_, marker)| *marker)
            .collect();
        if found.iter().any(|marker| !wanted.contains(marker)) {
            Outcome::Stale
        } else if wanted.iter().all(|marker| found.contains(marker)) {
            Outcome::Right
        } else {
            Outcome::Unchecked
        }
    }

    fn record(&mut self, index: usize, scenario: &Scenario, way: Way, run: Run) {
        self.host.measured(scenario, way, &run);
        self.cell(index, way).runs.push(run);
    }

    fn cell(&mut self, index: usize, way: Way) -> &mut Cell {
        self.results.scenarios[index]
            .cells
            .entry(way.key())
            .or_default()
    }

    fn facts(&mut self, way: Way) -> &mut WayFacts {
        let facts = self.results.ways.iter_mut();
        facts
            .into_iter()
            .find(|facts| facts.way == way.key())
            .expect("each way that is measured has its facts from the start")
    }

    fn fill_caches(&mut self) -> Result<(), Problems> {
        let cache = self.cache_ref();
        for position in 0..self.stands.len() {
            let stand = &self.stands[position];
            if stand.way == Way::Host {
                continue;
            }
            self.host.now(&format!(
                "{}: filling its registry cache",
                stand.way.title()
            ));
            let main = Cache {
                reference: &cache,
                branch: "main",
            };
            stand.bake(self.order(None, None)).must(stand.way)?;
            let filled = stand.bake(self.order(None, Some(main))).must(stand.way)?;
            let seconds = filled.seconds;
            let bytes = machine::cache_bytes(
                &format!("{cache}/{}", stand.way.key()),
                &self.cache_tags(stand),
            );
            let facts = self.facts(stand.way);
            facts.cache_fill_seconds = Some(seconds);
            facts.cache_bytes = Some(bytes);
        }
        Ok(())
    }

    /// The tags that a way's caches have in the registry.
    fn cache_tags(&self, stand: &Stand) -> Vec<String> {
        if stand.way.is_generated() {
            return vec!["main".to_owned()];
        }
        let services = self.plan.services.iter().map(|service| &service.name);
        let binaries = self.plan.pack_binaries().map(|binary| &binary.target);
        services
            .chain(binaries)
            .map(|name| format!("{name}-main"))
            .collect()
    }

    fn image_sizes(&mut self) {
        for position in 0..self.stands.len() {
            let stand = &self.stands[position];
            if stand.way == Way::Host {
                continue;
            }
            let sizes = self.plan.services.iter().filter_map(|service| {
                let name = stand.image(&service.name);
                let size = docker(&["image", "inspect", "--format", "{{.Size}}", &name]).ok()?;
                Some((service.name.clone(), size.trim().parse().ok()?))
            });
            let sizes = sizes.collect();
            self.facts(stand.way).image_bytes = sizes;
        }
    }

    /// Removes what the benchmark has put into the engine's image store. Layers and mounts stay until the builder
    /// collects them.
    fn remove_images(&self) {
        for stand in self.stands.iter().filter(|stand| stand.way != Way::Host) {
            let services = self.plan.services.iter();
            let images = services.map(|service| stand.image(&service.name));
            for image in images.chain(stand.base.clone()) {
                let _ = docker(&["image", "rm", "--force", &image]);
            }
        }
    }
}

/// `name`, in the registry if there is one.
fn in_registry(registry: Option<&str>, name: &str) -> String {
    registry.map_or_else(|| name.to_owned(), |registry| format!("{registry}/{name}"))
}

fn parts_of(what: &What) -> Option<&[usize]> {
    match what {
        What::Parts(parts) => Some(parts),
        What::All | What::Build => None,
    }
}

/// Makes the runner as bare as a new one: no build cache, no image of an earlier run.
fn empty(runner: &str, registry: &str) -> Result<(), Problem> {
    let filter = format!("reference={registry}/*");
    let images = docker(&[
        "--context",
        runner,
        "image",
        "ls",
        "--quiet",
        "--filter",
        &filter,
    ])?;
    for image in images.lines() {
        let _ = docker(&["--context", runner, "image", "rm", "--force", image]);
    }
    docker(&["--context", runner, "buildx", "prune", "--all", "--force"]).map(|_| ())
}
