//! Rounds of a benchmark: every scenario with every contender in turn.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;

use super::attempt::Attempted;
use super::contenders::{Contender, Stored};
use super::edits::{Action, Edits};
use super::furnish::generate;
use super::judge::{self, Expected};
use super::results::{Cell, ContenderFacts, Outcome, Results, Run};
use super::sandbox::{ATTEMPTS, Cache, Order, Sandbox};
use super::scenario::{self, Place, Scenario, What};
use super::subject::Subject;
use super::upkeep::{empty, in_registry};
use super::{Host, Options, registry, tree};
use crate::documents;
use crate::plan::Plan;
use crate::problem::{Problem, Problems};

/// A running benchmark.
pub(super) struct Bench<'a> {
    pub(super) config: &'a str,
    pub(super) options: &'a Options,
    pub(super) host: &'a dyn Host,
    pub(super) subject: &'a Subject,
    pub(super) plan: &'a Plan,
    pub(super) edits: Edits<'a>,
    pub(super) sandboxes: Vec<Sandbox>,
    /// A part of all names of this run, which keeps them apart from those of other runs.
    pub(super) salt: String,
    /// Seconds that a contender needed for the last round of a scenario, including preparation.
    pub(super) spent: BTreeMap<(usize, Contender), f64>,
    pub(super) place: Utf8PathBuf,
    pub(super) results: &'a mut Results,
}

impl Bench<'_> {
    pub(super) fn run(&mut self, scenarios: &[Scenario]) -> Result<(), Problems> {
        let bare = self.options.bare.is_some();
        let at = |place| -> Vec<usize> {
            let found = scenarios
                .iter()
                .enumerate()
                .filter(|(_, scenario)| scenario.place == place);
            found.map(|(index, _)| index).collect()
        };
        let (cold, kept, runner) = (at(Place::Cold), at(Place::Builder), at(Place::BareRunner));
        let contenders = self.options.contenders.len();
        let bare_cells = if bare { runner.len() } else { 0 };
        self.host.total(
            contenders
                * (cold.len().max(1) * self.options.cold_rounds
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
                for contender in &self.options.contenders {
                    self.cell(index, *contender).note =
                        Some("needs --runner and --registry".to_owned());
                }
            }
        }
        self.remove_images();
        Ok(())
    }

    /// Gives every contender a new folder and builds there.
    fn clean_builds(
        &mut self,
        scenarios: &[Scenario],
        cold: Option<usize>,
        round: usize,
    ) -> Result<(), Problems> {
        self.remove_images();
        self.sandboxes.clear();
        for contender in self.options.contenders.clone() {
            // Contenders with the same base or mount ids would share stages and crates.
            let salt = format!("{}-{round}-{}", self.salt, contender.key());
            self.host
                .now(&format!("{}: preparing its base image", contender.title()));
            let dir = self.place.join(format!("{}-{round}", contender.key()));
            tree::copy(&self.place.join("master"), &dir)?;
            let mut sandbox = Sandbox {
                contender,
                dir,
                base: None,
                registry: in_registry(self.registry(), &format!("bakehouse-bench/{salt}")),
                host: self.place.join(format!("host-{round}")),
                profile: self.plan.config.profile.clone(),
                profile_folder: documents::dockerfile::profile_folder(&self.plan.config.profile)
                    .to_owned(),
            };
            sandbox.base = self.furnish(&sandbox, &salt)?;
            self.host
                .now(&format!("{}: clean build", contender.title()));
            let order = self.order(None, None);
            let done = sandbox.bake(order).must(contender)?;
            let expected = self.edits.expected();
            let outcome = self.judge(&sandbox, None, &expected, None);
            let run = done.run(outcome);
            self.facts(contender).context_bytes =
                (contender != Contender::Host).then_some(run.context_bytes);
            if let Some(index) = cold {
                self.record(index, &scenarios[index], contender, run);
            }
            self.sandboxes.push(sandbox);
        }
        Ok(())
    }

    pub(super) fn order<'b>(
        &'b self,
        parts: Option<&'b [usize]>,
        cache: Option<Cache<'b>>,
    ) -> Order<'b> {
        Order {
            subject: self.subject,
            parts,
            cache,
            stored: None,
            context: None,
            force: false,
            attempts: ATTEMPTS,
        }
    }

    /// Runs a scenario with every contender in turn.
    fn scenario(
        &mut self,
        index: usize,
        scenario: &Scenario,
        round: usize,
    ) -> Result<(), Problems> {
        let actions = match self.edits.actions(&scenario.steps) {
            Ok(actions) => actions,
            Err(problem) => {
                for contender in self.options.contenders.clone() {
                    self.cell(index, contender).note = Some(problem.message.clone());
                }
                return Ok(());
            }
        };
        for position in 0..self.sandboxes.len() {
            let contender = self.sandboxes[position].contender;
            self.host.now(&format!(
                "{} · {} ({} of {})",
                scenario.title,
                contender.title(),
                round + 1,
                self.options.rounds
            ));
            let skip = self.reason_to_skip(index, scenario, contender);
            if let Some(reason) = &skip {
                self.cell(index, contender).note = Some(reason.clone());
            }
            let since = Instant::now();
            let name = format!("{}-{round}", scenario.key);
            let run = self.act(position, scenario.place, &name, &actions, skip.is_some())?;
            if let Some(run) = run {
                self.spent
                    .insert((index, contender), since.elapsed().as_secs_f64());
                self.record(index, scenario, contender, run);
            }
        }
        self.host.save(self.results);
        Ok(())
    }

    fn reason_to_skip(
        &self,
        index: usize,
        scenario: &Scenario,
        contender: Contender,
    ) -> Option<String> {
        if scenario.place == Place::BareRunner && contender == Contender::Host {
            return Some("has no registry cache".to_owned());
        }
        let measures_build = scenario
            .steps
            .contains(&scenario::Step::Measure(What::Build));
        if measures_build && !contender.is_generated() {
            return Some("has no such command".to_owned());
        }
        let patience = self.options.patience.as_secs_f64();
        let spent = self.spent.get(&(index, contender));
        spent
            .is_some_and(|spent| *spent > patience)
            .then(|| format!("not run again, as it took more than {patience:.0} s"))
    }

    /// Carries out the actions in one contender's folder. Edits are written even if the measurement is skipped. `name`
    /// is the row's and the round's.
    fn act(
        &self,
        position: usize,
        place: Place,
        name: &str,
        actions: &[Action],
        skip: bool,
    ) -> Result<Option<Run>, Problems> {
        let sandbox = &self.sandboxes[position];
        let mut generating = Duration::ZERO;
        let mut measured = None;
        for action in actions {
            match action {
                Action::Write(texts) => {
                    tree::write(&sandbox.dir, texts)?;
                    generating += generate(self.host, sandbox)?;
                }
                Action::Bake(_) | Action::Measure(..) if skip => {}
                Action::Bake(what) => {
                    self.bake(sandbox, Place::Builder, name, what)?
                        .must(sandbox.contender)?;
                    generating = Duration::ZERO;
                }
                Action::Measure(what, expected) => {
                    let mut done = self.bake(sandbox, place, name, what)?;
                    done.seconds += generating.as_secs_f64();
                    let bare = self.options.bare.as_ref();
                    let context = bare.filter(|_| place == Place::BareRunner);
                    let context = context.map(|bare| bare.runner.as_str());
                    let outcome = self.judge(sandbox, parts_of(what), expected, context);
                    measured = Some(done.run(outcome));
                }
            }
        }
        Ok(measured)
    }

    fn bake(
        &self,
        sandbox: &Sandbox,
        place: Place,
        name: &str,
        what: &What,
    ) -> Result<Attempted, Problem> {
        if *what == What::Build {
            return Ok(sandbox.build(self.order(None, None)));
        }
        let mut order = self.order(parts_of(what), None);
        let (Place::BareRunner, Some(bare)) = (place, &self.options.bare) else {
            return Ok(sandbox.bake(order));
        };
        // Each round has a copy of main's cache, so it finds nothing that another round or row pushed.
        let main = self.cache_ref();
        let own = format!("{main}-{name}");
        let key = sandbox.contender.key();
        registry::copy_all(
            &bare.registry,
            &format!("{main}/{key}"),
            &format!("{own}/{key}"),
        )?;
        empty(&bare.runner, &sandbox.registry)?;
        sandbox.remove_pack_binaries(self.subject);
        let address = bare.store_of(sandbox.contender, &self.salt);
        order.context = Some(&bare.runner);
        order.cache = Some(Cache {
            reference: &own,
            branch: "branch",
        });
        order.stored = address.as_deref().map(|address| Stored {
            address,
            writes: false,
        });
        Ok(sandbox.bake(order))
    }

    /// Decides whether the binary of a part that was baked was built from the current sources.
    fn judge(
        &self,
        sandbox: &Sandbox,
        parts: Option<&[usize]>,
        expected: &Expected,
        context: Option<&str>,
    ) -> Outcome {
        let all: Vec<usize> = (0..self.subject.parts.len()).collect();
        let newest = expected.markers.iter().max_by_key(|(_, marker)| **marker);
        let baked = parts.unwrap_or(&all);
        let holds_newest = |index: &&usize| {
            newest.is_some_and(|(package, _)| self.subject.parts[**index].closure.contains(package))
        };
        let Some(index) = baked.iter().find(holds_newest).or(baked.first()) else {
            return Outcome::Unchecked;
        };
        let part = &self.subject.parts[*index];
        match sandbox.binary(part, context) {
            Some(binary) => judge::verdict(part, &binary, expected),
            None => Outcome::Unchecked,
        }
    }

    fn record(&mut self, index: usize, scenario: &Scenario, contender: Contender, run: Run) {
        self.host.measured(scenario, contender, &run);
        self.cell(index, contender).runs.push(run);
    }

    fn cell(&mut self, index: usize, contender: Contender) -> &mut Cell {
        self.results.scenarios[index]
            .cells
            .entry(contender.key())
            .or_default()
    }

    pub(super) fn facts(&mut self, contender: Contender) -> &mut ContenderFacts {
        let facts = self.results.contenders.iter_mut();
        facts
            .into_iter()
            .find(|facts| facts.contender == contender.key())
            .expect("each way that is measured has its facts from the start")
    }
}

fn parts_of(what: &What) -> Option<&[usize]> {
    match what {
        What::Parts(parts) => Some(parts),
        What::All | What::Build => None,
    }
}
