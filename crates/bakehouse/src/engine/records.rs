//! Records of a bake, by target, from the builder's history, which has steps, times and logs of every build.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tempfile::NamedTempFile;

use super::Engine;
use super::progress::{Progress, Step};
use super::spans::{Span, covered};
use super::temporary::temporary_file;
use crate::graph::parallel::parallel_map;
use crate::problem::Problem;

/// A bake that succeeded.
#[derive(Debug)]
pub struct Baked {
    /// The metadata file that buildx writes.
    file: NamedTempFile,
}

/// The record of a target.
#[derive(Debug)]
pub struct Record {
    /// The digest of the image, if the output is one.
    pub digest: Option<String>,
    pub steps: Vec<Step>,
    /// The builder, and the build's name in its history.
    build: Option<(String, String)>,
}

/// Seconds after which a step without output may have waited for its mounts.
const SILENT: Duration = Duration::from_secs(1);

impl Record {
    /// Takes from the record of an `earlier` bake the steps that this one found in the builder's cache because of it.
    pub fn continue_from(&mut self, earlier: &Self) {
        let ran = |step: &&Step| step.executed;
        let ran: BTreeMap<&str, &Step> = earlier
            .steps
            .iter()
            .filter(ran)
            .map(|step| (step.digest.as_str(), step))
            .collect();
        for step in &mut self.steps {
            if let Some(earlier) = ran.get(step.digest.as_str()) {
                *step = (*earlier).clone();
            }
        }
    }

    /// Creates the record of a build that is in no history.
    pub fn of(steps: Vec<Step>) -> Self {
        Self {
            digest: None,
            steps,
            build: None,
        }
    }

    /// Returns the time in which steps were carried out.
    pub fn took(&self) -> Duration {
        covered(self.spans())
    }

    /// Returns the time in which no step was carried out because another build had a step or a mount that the next one
    /// needed.
    pub fn waited(&self) -> Duration {
        let waited = self.steps.iter().flat_map(|step| &step.waited).copied();
        covered(self.spans().chain(waited)) - self.took()
    }

    fn spans(&self) -> impl Iterator<Item = Span> {
        self.steps.iter().flat_map(|step| &step.spans).copied()
    }

    /// Returns the steps that may have waited for a mount.
    fn silent(&mut self) -> impl Iterator<Item = &mut Step> {
        let steps = self.steps.iter_mut();
        steps.filter(|step| {
            let first = step.spans.first().map(|span| span.start);
            let silent = first
                .zip(step.first_output)
                .map_or(step.took, |(start, output)| {
                    output.duration_since(start).unsigned_abs()
                });
            step.executed && step.has_locked_mount() && silent >= SILENT
        })
    }
}

/// Separates what steps waited for their mounts from the time that they took. BuildKit's progress has it in one.
fn separate(engine: &Engine, records: &mut BTreeMap<String, Record>) {
    let mut builds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in records.values_mut() {
        let build = record.build.clone();
        if record.silent().next().is_some() {
            let (builder, id) = build.unwrap_or_default();
            builds.entry(builder).or_default().push(id);
        }
    }
    let mut processes = BTreeMap::new();
    for (builder, ids) in &builds {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        processes.extend(engine.processes(builder, &ids));
    }
    for step in records.values_mut().flat_map(Record::silent) {
        // The process of a step that another build ran, too, may be in that one's trace.
        let begun = processes.get(&step.digest).copied().or(step.first_output);
        let waited = begun
            .zip(step.spans.first())
            .is_some_and(|(begun, span)| begun.duration_since(span.start).unsigned_abs() >= SILENT);
        if let Some(begun) = begun.filter(|_| waited) {
            step.begin_at(begun);
        }
    }
}

/// The metadata of a target.
#[derive(Deserialize)]
struct Made {
    #[serde(rename = "buildx.build.ref")]
    reference: Option<String>,
    #[serde(rename = "containerimage.digest")]
    digest: Option<String>,
}

impl Baked {
    pub(super) fn new() -> Result<Self, Problem> {
        let file = temporary_file("bakehouse-made-", "", "")?;
        Ok(Self { file })
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Returns the records by target. A target is missing if its builder keeps no history or buildx cannot read it.
    pub fn records(&self, engine: &Engine) -> BTreeMap<String, Record> {
        let said = fs_err::read_to_string(self.path()).unwrap_or_default();
        let made = made(&said);
        let read = parallel_map(&made, |(_, made)| record(engine, made));
        let targets = made.into_iter().map(|(target, _)| target);
        let records = targets.zip(read);
        let records = records.filter_map(|(target, record)| Some((target, record?)));
        let mut records: BTreeMap<String, Record> = records.collect();
        separate(engine, &mut records);
        records
    }
}

fn made(said: &str) -> Vec<(String, Made)> {
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(said)
        .inspect_err(|error| tracing::debug!("buildx's metadata cannot be read: {error}"))
        .unwrap_or_default();
    all.into_iter()
        .filter_map(|(target, made)| Some((target, serde_json::from_value(made).ok()?)))
        .collect()
}

fn record(engine: &Engine, made: &Made) -> Option<Record> {
    let mut words = made.reference.as_deref()?.split('/');
    let (builder, id) = (words.next()?, words.next_back()?);
    let history = ["buildx", "--builder", builder, "history", "logs"];
    let arguments = [&history[..], &["--progress", "rawjson", id]].concat();
    // Buildx prints the logs as progress, so they are on standard error.
    let (_, said) = engine
        .outputs(&arguments)
        .inspect_err(|said| tracing::debug!("the build {id} has no record: {said}"))
        .ok()?;
    let mut progress = Progress::default();
    said.lines().for_each(|line| progress.add(line));
    Some(Record {
        digest: made.digest.clone(),
        steps: progress.steps(),
        build: Some((builder.to_owned(), id.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(digest: &str, start: &str, end: &str) -> Step {
        let on = |time| format!("2026-01-01T10:00:{time}Z");
        Step {
            digest: digest.to_owned(),
            executed: true,
            spans: Span::between(&on(start), &on(end)).into_iter().collect(),
            ..Step::default()
        }
    }

    #[test]
    fn a_target_takes_the_time_of_its_own_steps() {
        let earlier = Record::of(vec![
            step("deps", "00", "05"),
            step("of another target", "05", "50"),
        ]);
        let cached = Step {
            executed: false,
            ..step("deps", "51", "51")
        };
        let mut record = Record::of(vec![cached, step("export", "52", "53")]);
        record.continue_from(&earlier);
        assert_eq!(record.took(), Duration::from_secs(6));
        assert_eq!(record.waited(), Duration::ZERO);
    }

    #[test]
    fn a_target_waits_only_while_none_of_its_steps_is_carried_out() {
        let mut shared = step("deps", "10", "30");
        shared.executed = false;
        shared.waited = std::mem::take(&mut shared.spans);
        let record = Record::of(vec![
            shared,
            step("base", "00", "15"),
            step("bin", "30", "31"),
        ]);
        assert_eq!(record.took(), Duration::from_secs(16));
        assert_eq!(record.waited(), Duration::from_secs(15));
    }

    #[test]
    fn targets_are_read_and_what_is_none_is_left_out() {
        let said = r#"{
            "buildx.build.warnings": [],
            "api": {"buildx.build.ref": "b/n/id", "containerimage.digest": "sha256:1"},
            "pack": {"buildx.build.ref": "b/n/other"}
        }"#;
        let made = made(said);
        let names: Vec<&str> = made.iter().map(|(target, _)| target.as_str()).collect();
        assert_eq!(names, ["api", "pack"]);
        assert_eq!(made[0].1.digest.as_deref(), Some("sha256:1"));
        assert!(super::made("no").is_empty());
    }
}
