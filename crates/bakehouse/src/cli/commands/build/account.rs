//! The account of a bake: which stages ran and why, which took longest, and which crates were compiled more than once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::again::{Again, again};
use super::seen::Inputs;
use crate::engine::progress::Step;
use crate::engine::records::Record;
use crate::engine::spans::covered;
use crate::files::measured::Measured;
use crate::plan::Plan;

/// The account of a bake.
#[derive(Debug, Default, Serialize)]
pub struct Account {
    /// Stages that ran, slowest first.
    pub stages: Vec<Ran>,
    /// Crates that more than one step compiled, by name.
    pub compiled_again: Vec<Again>,
}

/// A stage that ran.
#[derive(Debug, PartialEq, Serialize)]
pub struct Ran {
    pub stage: String,
    pub seconds: f64,
    /// Seconds of these that Cargo reported as its own; 0 in stages that do not run it.
    pub cargo: f64,
    /// Seconds that it waited for mounts that other builds had.
    #[serde(skip_serializing_if = "is_nothing")]
    pub waited: f64,
    /// Crates that it compiled.
    pub compiled: usize,
    /// The reason why it was not taken from the cache.
    pub why: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_nothing(seconds: &f64) -> bool {
    *seconds == 0.0
}

/// Whether a target was built again, how long that took, and how long other builds made it wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    pub is_built: bool,
    pub took: Duration,
    pub waited: Duration,
}

impl Outcome {
    /// Sums up the steps of a build; `own` are the stages of the Dockerfile.
    pub fn of(own: &BTreeSet<String>, record: &Record) -> Self {
        Self {
            is_built: record.steps.iter().any(|step| is_made(own, step)),
            took: record.took(),
            waited: record.waited(),
        }
    }

    /// Sums up the steps of the build of another Dockerfile. Its stages may have any names, or none.
    pub fn of_other(record: &Record) -> Self {
        let makes = |step: &Step| {
            let mut instructions = ["ADD ", "COPY ", "RUN ", "WORKDIR "].iter();
            instructions.any(|instruction| step.instruction.starts_with(instruction))
        };
        let mut steps = record.steps.iter();
        Self {
            is_built: steps.any(|step| step.executed && makes(step)),
            took: record.took(),
            waited: record.waited(),
        }
    }
}

/// Returns whether a step made something of this workspace: fetching a base, contexts and exports do not. A step that
/// is shared with another running build has the name that the other build gave it.
fn is_made(own: &BTreeSet<String>, step: &Step) -> bool {
    step.executed && own.contains(&step.stage) && !step.instruction.starts_with("FROM ")
}

impl Account {
    /// Sums up all records of a bake, counting only the steps of `own` stages. `before` is what was measured before the
    /// bake.
    pub fn of(
        plan: &Plan,
        inputs: &Inputs<'_>,
        own: &BTreeSet<String>,
        records: &BTreeMap<String, Record>,
        before: &Measured,
    ) -> Self {
        // A step that several targets need is in the record of each.
        let steps = records.values().flat_map(|record| &record.steps);
        let steps = steps.filter(|step| step.is_run() && is_made(own, step));
        let steps: BTreeMap<&str, &Step> = steps.map(|step| (step.digest.as_str(), step)).collect();
        let mut ran: BTreeMap<&str, (Duration, Duration, Duration, usize)> = BTreeMap::new();
        for step in steps.values() {
            let (took, cargo, waited, compiled) = ran.entry(&step.stage).or_default();
            *took += step.took;
            *cargo += step.cargo().unwrap_or_default();
            *waited += covered(step.waited.iter().copied());
            *compiled += step.compiled().count();
        }
        let mut stages: Vec<Ran> = ran
            .into_iter()
            .map(|(stage, (took, cargo, waited, compiled))| Ran {
                stage: stage.to_owned(),
                seconds: took.as_secs_f64(),
                cargo: cargo.as_secs_f64(),
                waited: waited.as_secs_f64(),
                compiled,
                why: inputs.why(stage, before),
            })
            .collect();
        stages.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        Self {
            stages,
            compiled_again: again(plan, steps.values().copied()),
        }
    }

    /// Stores times and inputs for the account of the next bake.
    pub fn remember(
        &self,
        inputs: &Inputs<'_>,
        own: &BTreeSet<String>,
        records: &BTreeMap<String, Record>,
        measured: &mut Measured,
    ) {
        for ran in &self.stages {
            let rounded = |seconds: f64| (seconds * 1000.0).round() / 1000.0;
            let stage = || ran.stage.clone();
            measured.stages.insert(stage(), rounded(ran.seconds));
            measured.cargo.insert(stage(), rounded(ran.cargo));
        }
        let steps = records.values().flat_map(|record| &record.steps);
        let stages: BTreeSet<&str> = steps.map(|step| step.stage.as_str()).collect();
        let stages = stages.into_iter().filter(|stage| own.contains(*stage));
        inputs.remember(stages, measured);
    }
}
