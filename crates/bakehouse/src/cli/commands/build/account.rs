//! The account of a bake: which stages ran and why, which took longest, and which crates were compiled more than once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::again::{Again, again};
use crate::engine::progress::Step;
use crate::engine::records::Record;
use crate::files::measured::Measured;
use crate::names::PackageName;
use crate::plan::Plan;
use crate::plan::explain::Output;
use crate::plan::inputs::Part;

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
    /// Crates that it compiled.
    pub compiled: usize,
    /// The reason why it was not taken from the cache.
    pub why: String,
}

/// Whether a target was built again, and how long that took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    pub is_built: bool,
    pub took: Duration,
}

impl Outcome {
    /// Sums up the steps of a build; `own` are the stages of the Dockerfile.
    pub fn of(own: &BTreeSet<String>, record: &Record) -> Self {
        Self {
            is_built: record.steps.iter().any(|step| is_made(own, step)),
            took: record.took,
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
            took: record.took,
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
        own: &BTreeSet<String>,
        records: &BTreeMap<String, Record>,
        before: &Measured,
    ) -> Self {
        // A step that several targets need is in the record of each.
        let steps = records.values().flat_map(|record| &record.steps);
        let steps = steps.filter(|step| step.is_run() && is_made(own, step));
        let steps: BTreeMap<&str, &Step> = steps.map(|step| (step.digest.as_str(), step)).collect();
        let mut ran: BTreeMap<&str, (Duration, usize)> = BTreeMap::new();
        for step in steps.values() {
            let (took, compiled) = ran.entry(&step.stage).or_default();
            *took += step.took;
            *compiled += step.compiled().count();
        }
        let mut stages: Vec<Ran> = ran
            .into_iter()
            .map(|(stage, (took, compiled))| Ran {
                stage: stage.to_owned(),
                seconds: took.as_secs_f64(),
                compiled,
                why: why(plan, before, stage),
            })
            .collect();
        stages.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        Self {
            stages,
            compiled_again: again(plan, steps.values().copied()),
        }
    }

    /// Stores times, files and inputs for the account of the next bake.
    pub fn remember(&self, plan: &Plan, targets: &[String], measured: &mut Measured) {
        for ran in &self.stages {
            let seconds = (ran.seconds * 1000.0).round() / 1000.0;
            measured.stages.insert(ran.stage.clone(), seconds);
        }
        let baked =
            Output::all(plan).filter(|output| targets.iter().any(|target| target == output.name));
        for output in baked {
            for (part, value) in &output.inputs.0 {
                match part {
                    Part::Package(name) => {
                        if let Some(inputs) = plan.packages.get(name) {
                            let files = inputs.texts().into_iter();
                            let files = files.map(|(file, text)| (file.to_owned(), text));
                            measured.files.insert(name.to_string(), files.collect());
                        }
                    }
                    part => {
                        measured.parts.insert(key(output.name, part), short(value));
                    }
                }
            }
        }
    }
}

fn key(output: &str, part: &Part) -> String {
    format!("{output}: {part}")
}

/// Returns a value of at most 64 bytes as it is and the hash of a longer one, because some values are whole texts.
fn short(value: &str) -> String {
    if value.len() <= 64 {
        value.to_owned()
    } else {
        blake3::hash(value.as_bytes()).to_hex()[..32].to_owned()
    }
}

/// Number of reasons that fit into a line.
const SHOWN: usize = 2;

/// Explains why a stage ran.
fn why(plan: &Plan, before: &Measured, stage: &str) -> String {
    if !before.stages.contains_key(stage) {
        return "it never ran for this folder".to_owned();
    }
    let mut changed: Vec<String> = Vec::new();
    let packages = compiled_in(plan, stage);
    for package in &packages {
        let (Some(now), Some(then)) = (plan.packages.get(*package), before.files.get(*package))
        else {
            continue;
        };
        let now = now.texts();
        let edited = now
            .iter()
            .filter(|(file, text)| then.get(**file) != Some(text));
        changed.extend(edited.map(|(file, _)| file.to_string()));
        let removed = then.keys().filter(|file| !now.contains_key(file.as_path()));
        changed.extend(removed.map(|file| format!("{file} removed")));
    }
    if changed.is_empty() {
        let mut parts: BTreeSet<String> = BTreeSet::new();
        let is_for = |output: &Output<'_>| {
            let mut packages = packages.iter();
            packages.all(|package| {
                output
                    .inputs
                    .0
                    .contains_key(&Part::Package(PackageName::new(*package)))
            })
        };
        for output in Output::all(plan).filter(is_for) {
            for (part, value) in &output.inputs.0 {
                let then = before.parts.get(&key(output.name, part));
                if !matches!(part, Part::Package(_))
                    && then.is_some_and(|then| *then != short(value))
                {
                    parts.insert(part.to_string());
                }
            }
        }
        changed.extend(parts);
    }
    if changed.is_empty() {
        return "nothing changed: it was not in the cache".to_owned();
    }
    let more = changed.len().saturating_sub(SHOWN);
    let shown = changed[..changed.len().min(SHOWN)].join(", ");
    match more {
        0 => format!("changed: {shown}"),
        more => format!("changed: {shown} and {more} more"),
    }
}

/// Returns the packages whose sources a stage sees.
fn compiled_in<'a>(plan: &'a Plan, stage: &str) -> BTreeSet<&'a str> {
    let packages = plan.selections.iter().flat_map(|selection| {
        // The packages of a group share a stage.
        let compiled = selection.stages().filter(|one| one.name == stage);
        compiled.flat_map(|one| selection.closures.get(&one.package))
    });
    packages.flatten().map(PackageName::as_str).collect()
}
