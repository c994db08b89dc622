//! A finished bake.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use bakehouse::engine::progress::{Progress, Step};

/// The result of a bake.
#[derive(Clone, Debug)]
pub struct BakeRun {
    pub success: bool,
    pub took: Duration,
    pub steps: Vec<Step>,
    /// The messages of buildx itself.
    pub rest: String,
}

/// A set of names of stages.
pub fn stages<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

impl BakeRun {
    pub(super) fn new(progress: Progress, success: bool, took: Duration) -> Self {
        Self {
            success,
            took,
            steps: progress.steps(),
            rest: progress.rest,
        }
    }

    /// Returns itself if it succeeded.
    ///
    /// # Panics
    /// If it failed.
    #[must_use]
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert!(self.success, "the bake failed\n{self}");
        self
    }

    /// Returns the stages that ran a RUN step instead of taking it from the cache.
    pub fn ran_stages(&self) -> BTreeSet<String> {
        self.executed_runs()
            .map(|step| step.stage.clone())
            .collect()
    }

    /// Returns how often each `crate vVersion` was compiled.
    pub fn compiled(&self) -> BTreeMap<String, usize> {
        self.compiled_where(|_| true)
    }

    /// Returns how often each `crate vVersion` was compiled in `stage`.
    pub fn compiled_in(&self, stage: &str) -> BTreeMap<String, usize> {
        self.compiled_where(|step| step.stage == stage)
    }

    fn compiled_where(&self, wanted: impl Fn(&Step) -> bool) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for step in self.executed_runs().filter(|step| wanted(step)) {
            for name in step.compiled() {
                *counts.entry(name).or_default() += 1;
            }
        }
        counts
    }

    fn executed_runs(&self) -> impl Iterator<Item = &Step> {
        self.steps
            .iter()
            .filter(|step| step.executed && step.is_run())
    }

    /// Returns all output, errors last.
    pub fn said(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            text.push_str(&step.log);
        }
        for error in self.steps.iter().filter_map(|step| step.error.as_ref()) {
            text.push_str(error);
            text.push('\n');
        }
        text + &self.rest
    }
}

impl fmt::Display for BakeRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let Step {
                stage,
                instruction,
                took,
                ..
            } = step;
            let verb = if step.executed { "ran" } else { "had" };
            let instruction: String = instruction.chars().take(60).collect();
            writeln!(
                f,
                "{verb} {:5.1} s  {stage}: {instruction}",
                took.as_secs_f32()
            )?;
            if step.executed {
                writeln!(f, "{}", step.log)?;
            }
            if let Some(error) = &step.error {
                writeln!(f, "error: {error}")?;
            }
        }
        write!(f, "{}", self.rest)
    }
}
