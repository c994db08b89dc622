//! `bakehouse doctor`.

use owo_colors::OwoColorize;
use serde::Serialize;

use crate::cli::args::{DoctorArgs, Format};
use crate::cli::history;
use crate::cli::out::outln;
use crate::cli::report::json;
use crate::cli::session::Session;
use crate::doctor::{self, Check, Verdict};
use crate::problem::{Code, Problem, Problems};

/// The commits for which strategies are compared.
const COMMITS: usize = 300;

pub fn run(session: &Session, arguments: &DoctorArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let commits = history::commits(&planned, COMMITS)?;
    let checks = doctor::checks(&planned.root, &planned.plan, &commits);
    match arguments.format {
        Format::Text => text(session, &checks),
        Format::Json => json(&ShownDoctor {
            version: 1,
            checks: &checks,
        }),
    }
    if !doctor::is_bad(&checks) {
        return Ok(());
    }
    let bad = checks.iter().filter(|check| check.verdict == Verdict::Bad);
    let names: Vec<&str> = bad.map(|check| check.name).collect();
    Err(Problem::new(
        Code::DoctorFound,
        format!("not ready to bake: {}", names.join(", ")),
    )
    .hint("each of them has its remedy above")
    .into())
}

/// `doctor --format json`, version 1.
#[derive(Serialize)]
struct ShownDoctor<'a> {
    version: u32,
    checks: &'a [Check],
}

/// Width of the output: the columns of a common terminal.
const WIDTH: usize = 80;

/// Prints the checks. A good check takes one line; with `--verbose` it also shows what is needed. With `--quiet` only
/// those are printed because of which the command fails.
fn text(session: &Session, checks: &[Check]) {
    let width = checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or_default();
    let is_shown = |check: &&Check| !session.global.quiet || check.verdict == Verdict::Bad;
    for check in checks.iter().filter(is_shown) {
        let mark = match check.verdict {
            Verdict::Good => "good".green().to_string(),
            Verdict::Unknown => "?   ".dimmed().to_string(),
            Verdict::Warning => "warn".yellow().to_string(),
            Verdict::Bad => "bad ".red().to_string(),
        };
        let indent = " ".repeat("good".len() + width + 4);
        let wrapped = |text: &str| {
            // Names of images and paths must not be broken.
            let options = textwrap::Options::new(WIDTH.saturating_sub(indent.len()))
                .word_separator(textwrap::WordSeparator::AsciiSpace)
                .word_splitter(textwrap::WordSplitter::NoHyphenation);
            textwrap::fill(text, options)
        };
        let hang = |text: &str| wrapped(text).replace('\n', &format!("\n{indent}"));
        outln!("{mark}  {:width$}  {}", check.name, hang(&check.found));
        let all = session.global.verbose > 0 || check.verdict != Verdict::Good;
        if all && !check.needed.is_empty() {
            outln!(
                "{indent}{}",
                hang(&format!("needed: {}", check.needed)).dimmed()
            );
        }
        if !check.remedy.is_empty() {
            outln!("{indent}{}", hang(&format!("fix it: {}", check.remedy)));
        }
    }
}
