//! Checks of everything that a bake needs. Each check reports its findings, the requirement, and the remedy.

mod bases;
mod builder;
mod buildkit;
pub mod dockerfiles;
mod engine;
mod files;
mod images;
mod room;
mod strategy;
mod toolchain;

use camino::Utf8Path;
use serde::Serialize;

use crate::engine::Engine;
use crate::files::measured::Measured;
use crate::plan::Plan;
use crate::plan::costs::Commits;
use crate::problem::Problem;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Good,
    /// The check was not possible, for the reason in `found`.
    Unknown,
    /// It works, but not always or not as well as it could.
    Warning,
    /// A bake fails or has a wrong result.
    Bad,
}

/// A check and its result.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The subject of the check, e.g. `engine`.
    pub name: &'static str,
    pub verdict: Verdict,
    pub found: String,
    pub needed: String,
    /// The remedy; empty if there is nothing to fix.
    pub remedy: String,
}

impl Check {
    fn new(
        name: &'static str,
        verdict: Verdict,
        found: impl Into<String>,
        needed: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            name,
            verdict,
            found: found.into(),
            needed: needed.into(),
            remedy: remedy.into(),
        }
    }

    fn good(name: &'static str, found: impl Into<String>, needed: impl Into<String>) -> Self {
        Self::new(name, Verdict::Good, found, needed, "")
    }

    fn unknown(name: &'static str, found: impl Into<String>, needed: impl Into<String>) -> Self {
        Self::new(name, Verdict::Unknown, found, needed, "")
    }

    /// Returns the check that failed with this problem.
    fn bad(name: &'static str, problem: &Problem, needed: impl Into<String>) -> Self {
        let remedy = problem.hint.clone().unwrap_or_default();
        Self::new(name, Verdict::Bad, &problem.message, needed, remedy)
    }
}

/// Runs all checks. Those that depend on an engine are left out if none answers.
pub fn checks(root: &Utf8Path, plan: &Plan, commits: &Commits) -> Vec<Check> {
    let mut checks = Vec::new();
    match Engine::find() {
        Ok(engine) => {
            checks.extend(engine::checks(&engine, plan));
            if checks.iter().all(|check| check.verdict != Verdict::Bad) {
                let builder = builder::Builder::of(&engine);
                checks.extend(builder.as_ref().and_then(buildkit::check));
                checks.push(engine::frontend(&engine, root, plan));
                checks.push(engine::store(&engine, builder.as_ref(), plan));
                checks.push(engine::platforms(builder.as_ref(), plan));
                checks.extend(room::checks(&engine, builder.as_ref(), plan));
                checks.extend(bases::checks(&engine, plan));
            }
        }
        Err(problem) => checks.push(Check::bad("engine", &problem, engine::NEEDED)),
    }
    checks.extend(toolchain::checks(root, plan));
    checks.push(files::check(root, plan));
    checks.extend(dockerfiles::checks(root, &plan.config.output.folder));
    checks.push(strategy::check(plan, &Measured::read(root), commits));
    checks.push(images::times());
    checks.extend(images::checks(plan));
    checks
}

/// Returns whether something has to be fixed before a bake.
pub fn is_bad(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.verdict == Verdict::Bad)
}
