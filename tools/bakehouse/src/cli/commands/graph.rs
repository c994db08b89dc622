//! `bakehouse graph`.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::args::{GraphArgs, GraphFormat};
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
        GraphFormat::Json => {
            serde_json::to_string_pretty(&graph).expect("strings, numbers and lists are JSON")
                + "\n"
        }
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

/// Sizes as they are on the disk, and commits as git tells them. A workspace without a repository has no commits.
fn facts(planned: &Planned, commits: usize) -> Result<Facts, Problem> {
    let Planned {
        root,
        plan,
        workspace,
        ..
    } = planned;
    let mut facts = Facts::default();
    let mut holders: BTreeMap<Utf8PathBuf, Vec<&str>> = BTreeMap::new();
    for (name, inputs) in &plan.packages {
        let manifest = workspace.members[name].path("Cargo.toml");
        let files: BTreeSet<&Utf8Path> = inputs
            .files
            .keys()
            .map(Utf8PathBuf::as_path)
            .chain([manifest.as_path()])
            .collect();
        let sizes = files
            .iter()
            .filter_map(|file| root.join(file).symlink_metadata().ok());
        let bytes = sizes
            .filter(std::fs::Metadata::is_file)
            .map(|file| file.len());
        facts.sizes.insert(name.clone(), (files.len(), bytes.sum()));
        for file in files {
            holders.entry(file.to_owned()).or_default().push(name);
        }
    }
    for changed in history::changed(root, commits)? {
        facts.looked_at += 1;
        let packages: BTreeSet<&str> = changed
            .iter()
            .filter_map(|file| holders.get(file))
            .flatten()
            .copied()
            .collect();
        for package in packages {
            *facts.commits.entry(package.to_owned()).or_default() += 1;
        }
    }
    Ok(facts)
}
