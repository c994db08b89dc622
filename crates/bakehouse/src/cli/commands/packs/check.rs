//! `bakehouse packs check`.

use owo_colors::OwoColorize;
use serde::Serialize;

use super::{ChosenPacks, choose, count, platforms};
use crate::cli::args::{Format, PacksCheckArgs};
use crate::cli::out::outln;
use crate::cli::report::json;
use crate::cli::session::Session;
use crate::packs::check::Pack;
use crate::packs::folder::Found;
use crate::problem::{Problem, Problems};

pub fn run(session: &Session, arguments: &PacksCheckArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let chosen = choose(&planned, &arguments.packs, true)?;
    let platforms = platforms(&planned.plan, &arguments.platforms)?;
    let mut checked: Vec<(&ChosenPacks<'_>, Pack)> = Vec::new();
    let mut found = Vec::new();
    for one in &chosen {
        match one.check(&planned.plan, &platforms) {
            Ok((pack, problems)) => {
                checked.push((one, pack));
                found.extend(problems);
            }
            Err(problem) => found.push(Found {
                file: one.path.clone(),
                problem,
            }),
        }
    }
    match arguments.format {
        Format::Json => json(&ShownCheck::of(&chosen, &found)),
        Format::Text if found.is_empty() && !session.global.quiet => text(&checked),
        Format::Text => {}
    }
    let problems: Vec<Problem> = found.into_iter().map(|found| found.problem).collect();
    Problems(problems).or(())
}

fn text(checked: &[(&ChosenPacks<'_>, Pack)]) {
    let width = checked
        .iter()
        .map(|(chosen, _)| chosen.name.len())
        .max()
        .unwrap_or_default();
    for (chosen, pack) in checked {
        outln!(
            "{:width$}  {}, {}",
            chosen.name.bold(),
            count(pack.actions.len(), "action"),
            count(pack.sensors.len(), "sensor")
        );
        let items = pack.actions.iter().chain(&pack.sensors);
        for item in items.filter(|item| item.unbuilt) {
            outln!("{:width$}  not built yet: {}", "", item.entry_point);
        }
    }
}

/// `packs check --format json`, version 1.
#[derive(Serialize)]
struct ShownCheck<'a> {
    version: u32,
    packs: Vec<&'a str>,
    problems: Vec<ShownProblem<'a>>,
}

#[derive(Serialize)]
struct ShownProblem<'a> {
    code: &'a str,
    file: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    hint: Option<&'a str>,
}

impl<'a> ShownCheck<'a> {
    fn of(chosen: &'a [ChosenPacks<'_>], found: &'a [Found]) -> Self {
        let problems = found.iter().map(|Found { file, problem }| {
            let place = problem.line_and_column();
            ShownProblem {
                code: problem.code.as_str(),
                file: file.as_str(),
                line: place.map(|(line, _)| line),
                column: place.map(|(_, column)| column),
                message: &problem.message,
                hint: problem.hint.as_deref(),
            }
        });
        Self {
            version: 1,
            packs: chosen.iter().map(|one| one.name.as_str()).collect(),
            problems: problems.collect(),
        }
    }
}
