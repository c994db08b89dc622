//! Output on the terminal.

use std::fmt;
use std::io::IsTerminal;

use clap::ColorChoice;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, Severity};
use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::args::Global;
use crate::cli::out::{errln, out};
use crate::problem::Problems;

/// Prints a value as JSON, for `--format json`.
pub fn json(shown: &impl Serialize) {
    out!("{}", json_text(shown));
}

/// Returns a value as JSON, with a line break at the end.
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
        .with_writer(anstream::stderr)
        .event_format(Remarks)
        .init();
}

/// Prints all problems to standard error.
pub fn problems(problems: &Problems) {
    // Messages already contain the text of the errors that caused them.
    let handler = handler().without_cause_chain();
    for problem in &problems.0 {
        let mut text = String::new();
        match handler.render_report(&mut text, problem) {
            Ok(()) => errln!("{text}"),
            Err(_) => errln!("error: {problem}"),
        }
    }
}

/// Returns the renderer of problems and remarks. It uses colours if standard error shows them.
fn handler() -> GraphicalReportHandler {
    let theme = match anstream::ColorChoice::global() {
        anstream::ColorChoice::Always | anstream::ColorChoice::AlwaysAnsi => {
            GraphicalTheme::unicode()
        }
        anstream::ColorChoice::Auto if std::io::stderr().is_terminal() => GraphicalTheme::unicode(),
        _ => GraphicalTheme::unicode_nocolor(),
    };
    GraphicalReportHandler::new_themed(theme).with_links(false)
}

/// Prints remarks in the form of problems, each on a line of its own. The module that a remark comes from is shown only
/// with the details for debugging bakehouse.
struct Remarks;

impl<S, N> FormatEvent<S, N> for Remarks
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut remark = Remark::default();
        event.record(&mut remark);
        let level = *event.metadata().level();
        remark.severity = match level {
            Level::ERROR => Severity::Error,
            Level::WARN => Severity::Warning,
            _ => Severity::Advice,
        };
        if level > Level::INFO {
            remark.message = format!("{}: {}", event.metadata().target(), remark.message);
        }
        let mut text = String::new();
        let handler = handler().with_wrap_lines(false);
        handler.render_report(&mut text, &remark)?;
        writeln!(writer, "{}", text.trim_end())
    }
}

/// The message of an event, for [`Remarks`].
#[derive(Debug, Default)]
struct Remark {
    message: String,
    severity: Severity,
}

impl Visit for Remark {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Remark {}

impl Diagnostic for Remark {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }
}
