//! Records of a bake, by target, from the builder's history, which has steps, times and logs of every build.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tempfile::NamedTempFile;

use super::Engine;
use super::progress::{Progress, Step};
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
    /// The time from the first step to the last.
    pub took: Duration,
}

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
        let mut continued = false;
        for step in &mut self.steps {
            if let Some(earlier) = ran.get(step.digest.as_str()) {
                *step = (*earlier).clone();
                continued = true;
            }
        }
        if continued {
            self.took += earlier.took;
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
        targets
            .zip(read)
            .filter_map(|(target, record)| Some((target, record?)))
            .collect()
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
        took: progress.took(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
