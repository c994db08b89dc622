//! What was measured.

use std::collections::BTreeMap;

use serde::Serialize;

use super::contenders::Contender;
use super::scenario::Scenario;

/// All of a benchmark; the JSON form, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    pub version: u32,
    pub workspace: WorkspaceFacts,
    pub machine: Machine,
    #[serde(rename = "ways")]
    pub contenders: Vec<ContenderFacts>,
    pub scenarios: Vec<Row>,
}

/// The workspace's size.
#[derive(Clone, Debug, Serialize)]
pub struct WorkspaceFacts {
    pub name: String,
    pub members: usize,
    pub services: usize,
    pub images: usize,
    pub pack_binaries: usize,
    /// Packages of `Cargo.lock` that are not members.
    pub third_party: usize,
}

/// Where it ran.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    /// GiB.
    pub memory: u64,
    /// Date and time of the start, UTC.
    pub started: String,
    /// Versions of what took part, by name.
    pub versions: BTreeMap<String, String>,
}

/// What a contender has beside times.
#[derive(Clone, Debug, Serialize)]
pub struct ContenderFacts {
    #[serde(rename = "way")]
    pub contender: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// Bytes, by image.
    pub image_bytes: BTreeMap<String, u64>,
    /// Bytes of the context that were sent for the clean build.
    pub context_bytes: Option<u64>,
    /// Bytes that the registry's cache holds after the main branch filled it.
    pub cache_bytes: Option<u64>,
    /// Seconds that filling it took, all built before.
    pub cache_fill_seconds: Option<f64>,
}

/// A scenario and what each contender made of it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub scenario: &'static str,
    pub title: String,
    /// By [`Contender::key`].
    pub cells: BTreeMap<&'static str, Cell>,
}

/// All runs of a scenario by a contender.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cell {
    pub runs: Vec<Run>,
    /// Why there are none, or fewer than wanted.
    pub note: Option<String>,
}

/// One measured bake.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub seconds: f64,
    pub outcome: Outcome,
    /// Bakes that failed before one succeeded; their time counts.
    pub failures: Vec<String>,
    /// Compilations of workspace members.
    pub compiled_own: usize,
    /// Compilations of third-party crates.
    pub compiled_third_party: usize,
    /// Bytes of context sent.
    pub context_bytes: u64,
    /// Bytes of layers fetched from registries.
    pub fetched_bytes: u64,
    /// The steps that took longest, longest first.
    pub slowest: Vec<Timed>,
}

/// A step and its time.
#[derive(Clone, Debug, Serialize)]
pub struct Timed {
    pub step: String,
    pub seconds: f64,
}

/// Whether the binary is made of the sources as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It holds the marker of each edit.
    Right,
    /// It holds the marker of an earlier text.
    Stale,
    /// Nothing was edited, or the binary shows no marker.
    Unchecked,
    Failed,
}

impl Cell {
    /// The median of the runs' times.
    pub fn median(&self) -> Option<f64> {
        let times: Vec<f64> = self
            .runs
            .iter()
            .filter(|run| run.outcome != Outcome::Failed)
            .map(|run| run.seconds)
            .collect();
        median(times)
    }

    /// The worst outcome.
    pub fn outcome(&self) -> Option<Outcome> {
        let order = [
            Outcome::Failed,
            Outcome::Stale,
            Outcome::Unchecked,
            Outcome::Right,
        ];
        order
            .into_iter()
            .find(|outcome| self.runs.iter().any(|run| run.outcome == *outcome))
    }
}

/// The middle value, or the mean of the two in the middle.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(f64::midpoint(values[last / 2], values[last.div_ceil(2)]))
}

impl ContenderFacts {
    /// Of a contender that is not measured yet.
    pub fn new(contender: Contender) -> Self {
        Self {
            contender: contender.key(),
            title: contender.title(),
            about: contender.about(),
            image_bytes: BTreeMap::new(),
            context_bytes: None,
            cache_bytes: None,
            cache_fill_seconds: None,
        }
    }
}

impl Row {
    /// Of a scenario that is not measured yet.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            scenario: scenario.key,
            title: scenario.title.clone(),
            cells: BTreeMap::new(),
        }
    }

    /// The cell of a contender, if it has runs or a note.
    pub fn cell(&self, contender: Contender) -> Option<&Cell> {
        self.cells.get(contender.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_middle_two() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![7.0]), Some(7.0));
        assert_eq!(median(Vec::new()), None);
    }
}
