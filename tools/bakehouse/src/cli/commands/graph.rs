//! `bakehouse graph`.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::args::{GraphArgs, GraphFormat};
use crate::cli::report::json_text;
use crate::cli::session::{Planned, Session};
use crate::documents::graph::{Facts, Graph, dot, html, mermaid, svg};
use crate::git::history;
use crate::problem::{Code, Problem, Problems};

pub fn run(session: &Session, arguments: &GraphArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let facts = facts(&planned, arguments.commits)?;
    let graph = Graph::new(&planned.workspace, &planned.plan, &facts);
    let text = match arguments.format {
        GraphFormat::Html => html::render(&graph),
        GraphFormat::Svg => svg::render(&graph),
        GraphFormat::Mermaid => mermaid::render(&graph),
        GraphFormat::Dot => dot::render(&graph),
        GraphFormat::Json => json_text(&graph),
    };
    let Some(out) = &arguments.out else {
        anstream::print!("{text}");
        return Ok(());
    };
    fs_err::write(out, text)
        .map_err(|error| Problem::new(Code::FileUnwritable, error.to_string()))?;
    session.say(out);
    Ok(())
}

/// Commits as git tells them. A workspace without a repository has none.
fn facts(planned: &Planned, commits: usize) -> Result<Facts, Problem> {
    let Planned {
        root,
        plan,
        workspace,
        ..
    } = planned;
    let mut facts = Facts::default();
    let mut holders: BTreeMap<&Utf8Path, Vec<&str>> = BTreeMap::new();
    let manifests: Vec<(Utf8PathBuf, &str)> = plan
        .packages
        .keys()
        .map(|name| (workspace.members[name].path("Cargo.toml"), name.as_str()))
        .collect();
    for (manifest, name) in &manifests {
        holders.entry(manifest).or_default().push(name);
    }
    for (name, inputs) in &plan.packages {
        for file in inputs.files.keys() {
            holders.entry(file).or_default().push(name);
        }
    }
    for changed in history::changed(root, commits)? {
        facts.looked_at += 1;
        let packages: BTreeSet<&str> = changed
            .iter()
            .filter_map(|file| holders.get(file.as_path()))
            .flatten()
            .copied()
            .collect();
        for package in packages {
            *facts.commits.entry(package.to_owned()).or_default() += 1;
        }
    }
    Ok(facts)
}
