//! How things are said on the terminal.

use std::io::IsTerminal;

use clap::ColorChoice;
use miette::{GraphicalReportHandler, GraphicalTheme};
use serde::Serialize;
use tracing_subscriber::filter::LevelFilter;

use super::args::Global;
use crate::problem::Problems;

/// Prints what `--format json` shows.
pub fn json(shown: &impl Serialize) {
    anstream::print!("{}", json_text(shown));
}

/// What it shows, with the line's end.
pub fn json_text(shown: &impl Serialize) -> String {
    serde_json::to_string_pretty(shown).expect("strings, numbers and lists are JSON") + "\n"
}

/// Sets colours and the level of detail.
pub fn set_up(global: &Global) {
    let choice = match global.color {
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
        ColorChoice::Auto => anstream::ColorChoice::Auto,
    };
    choice.write_global();
    let level = match (global.quiet, global.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .without_time()
        .init();
}

/// Prints all problems to standard error.
pub fn problems(problems: &Problems) {
    let theme = match anstream::ColorChoice::global() {
        anstream::ColorChoice::Always | anstream::ColorChoice::AlwaysAnsi => {
            GraphicalTheme::unicode()
        }
        anstream::ColorChoice::Auto if std::io::stderr().is_terminal() => GraphicalTheme::unicode(),
        _ => GraphicalTheme::unicode_nocolor(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false);
    for problem in &problems.0 {
        let mut text = String::new();
        match handler.render_report(&mut text, problem) {
            Ok(()) => anstream::eprintln!("{text}"),
            Err(_) => anstream::eprintln!("error: {problem}"),
        }
    }
}
