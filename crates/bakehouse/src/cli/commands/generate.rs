//! `bakehouse generate`.

use std::mem::ManuallyDrop;

use camino::Utf8Path;

use crate::cli::args::GenerateArgs;
use crate::cli::hidden;
use crate::cli::out::{err, out};
use crate::cli::session::{Planned, Session};
use crate::documents::{self, header::Owner};
use crate::files::{self, Change};
use crate::problem::{Code, Problem, Problems};

pub fn run(session: &Session, arguments: &GenerateArgs) -> Result<(), Problems> {
    // The program ends with this command, so freeing the memory is wasted time.
    let planned = ManuallyDrop::new(session.plan()?);
    let Planned { root, plan, .. } = &*planned;
    let documents = documents::render(plan);
    let changes = files::compare(root, &plan.config.output.folder, &documents)?;
    if arguments.diff {
        changes.iter().for_each(|change| out!("{}", change.diff()));
        return Ok(());
    }
    if arguments.check {
        check(&changes, "generate")?;
        session.say(format_args!(
            "{} generated files are up to date",
            documents.len()
        ));
        return Ok(());
    }
    if !arguments.force {
        protect(&changes, "generate")?;
    }
    apply(session, root, &changes)?;
    if plan.config.by_rule {
        let services = plan.config.services.len();
        session.say(format_args!(
            "no [services]: {services} by the manifests alone; `bakehouse init` also reads what the repository ships"
        ));
    }
    session.say(format_args!(
        "{} of {} files changed",
        changes.len(),
        documents.len()
    ));
    let packages = hidden::packages(plan);
    for problem in hidden::problems(&planned, &packages) {
        let hint = problem.hint.as_deref().unwrap_or_default();
        tracing::warn!("{problem}: {hint}");
    }
    Ok(())
}

pub fn apply(session: &Session, root: &Utf8Path, changes: &[Change]) -> Result<(), Problem> {
    files::apply::apply(root, changes)?;
    changes.iter().for_each(|change| session.say(change));
    Ok(())
}

/// Refuses to overwrite files that somebody wrote by hand.
pub fn protect(changes: &[Change], command: &str) -> Result<(), Problems> {
    let problems: Vec<Problem> = changes
        .iter()
        .filter_map(|change| {
            let how = match change.owner()? {
                // A file with conflict markers is not lost: git has the versions of both sides.
                Owner::Generated | Owner::Conflicted => return None,
                Owner::Edited => "was edited by hand",
                Owner::Foreign => "was not written by bakehouse",
            };
            let problem = Problem::new(Code::FileHandEdited, format!("{} {how}", change.path));
            let elsewhere = match change.owner()? {
                Owner::Foreign if command == "generate" => {
                    "; or let [output] of bakehouse.toml name another place"
                }
                _ => "",
            };
            let shows = if command == "generate" { "--diff" } else { "--check" };
            Some(problem.hint(format!(
                "`bakehouse {command} {shows}` shows what would be lost; keep it elsewhere, then run `bakehouse {command} --force`{elsewhere}",
            )))
        })
        .collect();
    Problems(problems).or(())
}

/// Shows each change and fails if there is any.
pub fn check(changes: &[Change], command: &str) -> Result<(), Problem> {
    if changes.is_empty() {
        return Ok(());
    }
    changes.iter().for_each(|change| err!("{}", change.diff()));
    let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
    Err(Problem::new(
        Code::FilesOutOfDate,
        format!("out of date: {}", paths.join(", ")),
    )
    .hint(format!(
        "run `bakehouse {command}` and commit what it writes"
    )))
}
