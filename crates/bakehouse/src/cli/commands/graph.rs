//! `bakehouse graph`.

use crate::cli::args::{GraphArgs, GraphFormat};
use crate::cli::history;
use crate::cli::out::out;
use crate::cli::report::json_text;
use crate::cli::session::Session;
use crate::documents::graph::{Facts, Graph, dot, html, mermaid};
use crate::files::measured::Measured;
use crate::problem::{Code, Problem, Problems};

pub fn run(session: &Session, arguments: &GraphArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let facts = Facts {
        commits: history::commits(&planned, arguments.commits)?,
        seconds: Measured::read(&planned.root).stages,
    };
    let graph = Graph::new(&planned.workspace, &planned.plan, &facts);
    let text = match arguments.format {
        GraphFormat::Html => html::render(&graph),
        GraphFormat::Mermaid => mermaid::render(&graph),
        GraphFormat::Dot => dot::render(&graph),
        GraphFormat::Json => json_text(&graph),
    };
    let Some(out) = &arguments.out else {
        out!("{text}");
        return Ok(());
    };
    fs_err::write(out, text).map_err(|error| Problem::from_error(Code::FileUnwritable, error))?;
    session.say(out);
    Ok(())
}
