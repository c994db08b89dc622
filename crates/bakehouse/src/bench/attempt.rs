//! A measured command: its time, the crates that it compiled, the bytes that it fetched, and the reason why it failed.

use super::contenders::Contender;
use super::results::{Outcome, Run, Timed};
use super::subject::Subject;
use crate::engine::progress::{Progress, Step, compiling};
use crate::problem::{Code, Problem};

/// Returns the end of the output of a failed step, or of the command itself. A step that runs no program, such as one
/// that looks up a base, has only an error.
pub(super) fn reason(steps: &[Step], lines: &str) -> String {
    // When a step fails, BuildKit cancels the others.
    let failed = |step: &Step| {
        let error = step.error.as_deref()?;
        let has_output = !step.log.trim().is_empty();
        let said = if has_output { &step.log } else { error };
        (!error.ends_with("context canceled")).then(|| said.to_owned())
    };
    let said = steps.iter().find_map(failed);
    let said = said.as_deref().unwrap_or(lines);
    let errors: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let from = errors
        .iter()
        .position(|line| line.starts_with("error"))
        .unwrap_or(errors.len().saturating_sub(3));
    let mut text = errors.get(from..).unwrap_or_default().join(" · ");
    if let Some((end, _)) = text.char_indices().nth(300) {
        text.truncate(end);
    }
    text
}

/// A command that ran once.
#[derive(Debug)]
pub struct Attempt {
    pub(super) seconds: f64,
    pub(super) error: Option<String>,
    compiled_own: usize,
    compiled_third_party: usize,
    context_bytes: u64,
    fetched_bytes: u64,
    slowest: Vec<Timed>,
}

impl Attempt {
    pub(super) fn new(
        seconds: f64,
        error: Option<String>,
        progress: &Progress,
        lines: &str,
        subject: &Subject,
    ) -> Self {
        let steps = progress.steps();
        let executed = || steps.iter().filter(|step| step.executed);
        let own = |name: &String| {
            let package = name.split(' ').next().unwrap_or_default();
            subject.folders.contains_key(package)
        };
        let compiled: Vec<String> = executed()
            .filter(|step| step.is_run())
            .flat_map(Step::compiled)
            .chain(lines.lines().filter_map(compiling))
            .collect();
        let mut timed: Vec<Timed> = executed()
            .map(|step| {
                let instruction: String = step.instruction.chars().take(48).collect();
                Timed {
                    step: format!("{} {instruction}", step.stage).trim().to_owned(),
                    seconds: step.took.as_secs_f64(),
                }
            })
            .collect();
        timed.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        timed.truncate(12);
        let compiled_own = compiled.iter().filter(|name| own(name)).count();
        Self {
            seconds,
            error,
            compiled_own,
            compiled_third_party: compiled.len() - compiled_own,
            context_bytes: progress.context_bytes(),
            fetched_bytes: progress.fetched_bytes(),
            slowest: timed,
        }
    }
}

/// A bake, tried until it succeeded or failed too often.
#[derive(Debug)]
pub struct Attempted {
    pub(super) attempt: Attempt,
    pub seconds: f64,
    pub failures: Vec<String>,
    pub succeeded: bool,
}

impl Attempted {
    /// Returns the bake as a run with this outcome.
    pub fn run(self, outcome: Outcome) -> Run {
        let Attempt {
            compiled_own,
            compiled_third_party,
            context_bytes,
            fetched_bytes,
            slowest,
            ..
        } = self.attempt;
        Run {
            seconds: self.seconds,
            outcome: if self.succeeded {
                outcome
            } else {
                Outcome::Failed
            },
            failures: self.failures,
            compiled_own,
            compiled_third_party,
            context_bytes,
            fetched_bytes,
            slowest,
        }
    }

    /// Returns the bake if it succeeded. It is used for preparations, which have to succeed.
    ///
    /// # Errors
    /// `bake-failed`.
    pub fn must(self, contender: Contender) -> Result<Self, Problem> {
        if self.succeeded {
            return Ok(self);
        }
        Err(Problem::new(
            Code::BakeFailed,
            format!(
                "{} failed {} times: {}",
                contender.title(),
                self.failures.len(),
                self.failures.last().map_or("", String::as_str)
            ),
        )
        .hint("bake it by hand to see its whole output; `--way` can leave a way out"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(log: &str, error: Option<&str>) -> Step {
        Step {
            log: log.to_owned(),
            error: error.map(str::to_owned),
            ..Step::default()
        }
    }

    #[test]
    fn the_reason_is_what_the_step_that_failed_says() {
        let cancelled = || step("half", Some("failed: context canceled"));
        let rows = [
            (vec![], "Sending\nerror: no lock\n", "error: no lock"),
            (
                vec![step(
                    "   Compiling a\nerror[E1]: b\n  --> c",
                    Some("exit code: 1"),
                )],
                "",
                "error[E1]: b · --> c",
            ),
            (
                vec![cancelled(), step("", Some("base:1: not found"))],
                "",
                "base:1: not found",
            ),
            (vec![step("fine", None), cancelled()], "the end", "the end"),
        ];
        for (steps, lines, expected) in rows {
            assert_eq!(reason(&steps, lines), expected);
        }
    }
}
