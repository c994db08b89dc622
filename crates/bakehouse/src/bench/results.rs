//! Results of a benchmark.

use std::collections::BTreeMap;

use serde::Serialize;

use super::contenders::Contender;
use super::scenario::Scenario;

/// All results of a benchmark in the JSON form, version 1.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    pub version: u32,
    pub workspace: WorkspaceFacts,
    pub machine: Machine,
    #[serde(rename = "ways")]
    pub contenders: Vec<ContenderFacts>,
    pub scenarios: Vec<Row>,
}

/// The size of the workspace.
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

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    /// Memory in GiB.
    pub memory: u64,
    /// Date and time of the start, UTC.
    pub started: String,
    /// Program → its version.
    pub versions: BTreeMap<String, String>,
}

/// Facts about a contender other than times.
#[derive(Clone, Debug, Serialize)]
pub struct ContenderFacts {
    #[serde(rename = "way")]
    pub contender: &'static str,
    pub title: &'static str,
    pub about: &'static str,
    /// Image → its size in bytes.
    pub image_bytes: BTreeMap<String, u64>,
    /// Bytes of context that were sent for the clean build.
    pub context_bytes: Option<u64>,
    /// Bytes of the registry cache after the main branch filled it.
    pub cache_bytes: Option<u64>,
    /// Seconds that it took to fill the cache when everything was already built.
    pub cache_fill_seconds: Option<f64>,
}

/// A scenario and each contender's results.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub scenario: &'static str,
    pub title: String,
    /// Results by [`Contender::key`].
    pub cells: BTreeMap<&'static str, Cell>,
}

/// All runs of a scenario by a contender.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cell {
    pub runs: Vec<Run>,
    /// The reason why there are no runs, or fewer than requested.
    pub note: Option<String>,
}

/// One measured bake.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub seconds: f64,
    pub outcome: Outcome,
    /// Errors of bakes that failed before one succeeded. Their time counts.
    pub failures: Vec<String>,
    /// Compilations of workspace members.
    pub compiled_own: usize,
    /// Compilations of third-party crates.
    pub compiled_third_party: usize,
    /// Bytes of context sent.
    pub context_bytes: u64,
    /// Bytes of layers fetched from registries.
    pub fetched_bytes: u64,
    /// The slowest steps, slowest first.
    pub slowest: Vec<Timed>,
}

/// A step and its time.
#[derive(Clone, Debug, Serialize)]
pub struct Timed {
    pub step: String,
    pub seconds: f64,
}

/// Whether the binary was built from the current sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The binary contains the marker of each edit.
    Right,
    /// The binary contains an older marker.
    Stale,
    /// Nothing was edited, or the binary contains no marker.
    Unchecked,
    Failed,
}

impl Cell {
    /// Returns the median of the runs' times.
    pub fn median(&self) -> Option<f64> {
        let times: Vec<f64> = self
            .runs
            .iter()
            .filter(|run| run.outcome != Outcome::Failed)
            .map(|run| run.seconds)
            .collect();
        median(times)
    }

    /// Returns the worst outcome.
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

/// Returns the middle value, or the mean of the two values in the middle.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(f64::midpoint(values[last / 2], values[last.div_ceil(2)]))
}

impl ContenderFacts {
    /// Returns the facts of a contender that is not measured yet.
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
    /// Returns the row of a scenario that is not measured yet.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            scenario: scenario.key,
            title: scenario.title.clone(),
            cells: BTreeMap::new(),
        }
    }

    /// Returns the cell of a contender if it has runs or a note.
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
