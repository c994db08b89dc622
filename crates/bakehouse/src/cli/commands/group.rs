//! `bakehouse group`.

use std::collections::BTreeSet;

use owo_colors::OwoColorize;
use serde::Serialize;
use toml_edit::{Array, DocumentMut, Item, Table, value};

use crate::cli::args::{Format, GroupArgs};
use crate::cli::history;
use crate::cli::report::json;
use crate::cli::session::{Session, config_change, config_path, uneditable};
use crate::files::apply;
use crate::files::measured::Measured;
use crate::plan::config::valid::Strategy;
use crate::plan::costs::{Commits, Costs, Times};
use crate::plan::grouping::{Groups, propose};
use crate::problem::Problems;

pub fn run(session: &Session, arguments: &GroupArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let plan = &planned.plan;
    let commits = history::commits(&planned, arguments.commits)?;
    let measured = Measured::read(&planned.root);
    let times = Times::new(plan, &measured.stages);
    let costs = Costs::new(plan, &times, &commits);
    let groups = match plan.config.strategy {
        Strategy::Layer => propose(&costs, commits.looked_at, &plan.config.groups),
        Strategy::Mount => Groups::new(),
    };
    let shown: Vec<ShownGroups<'_>> = groups
        .iter()
        .map(|(name, packages)| ShownGroups::of(name, packages, &costs, &commits))
        .collect();
    match arguments.format {
        Format::Json => json(&Proposal {
            version: 1,
            commits: commits.looked_at,
            measured: times.are_measured(),
            groups: &shown,
        }),
        Format::Text => text(
            session,
            plan.config.strategy,
            &shown,
            &commits,
            times.are_measured(),
        ),
    }
    if !arguments.write {
        return Ok(());
    }
    let path = config_path(session.global.config.as_deref(), &planned.workspace);
    let text = written(&planned.config, &groups)
        .map_err(|error| uneditable(&session.config_name(&planned), error))?;
    let Some((folder, change)) = config_change(&path, planned.config.clone(), text) else {
        session.say(format_args!(
            "{} already has these groups",
            session.config_name(&planned)
        ));
        return Ok(());
    };
    apply::apply(folder, std::slice::from_ref(&change))?;
    session.say(format_args!("{change}: run `bakehouse generate`"));
    Ok(())
}

/// `group --format json`, version 1.
#[derive(Serialize)]
struct Proposal<'a> {
    version: u32,
    commits: usize,
    /// Whether stages were measured. Otherwise their times are estimated from the sizes of their sources.
    measured: bool,
    groups: &'a [ShownGroups<'a>],
}

#[derive(Serialize)]
struct ShownGroups<'a> {
    name: &'a str,
    packages: &'a [String],
    /// Number of binaries that contain all of them.
    held_by: usize,
    /// Number of commits that touched any of them.
    commits: usize,
    /// Time to compile all of them.
    seconds: f64,
}

impl<'a> ShownGroups<'a> {
    fn of(name: &'a str, packages: &'a [String], costs: &Costs<'_>, commits: &Commits) -> Self {
        let named: BTreeSet<&str> = packages.iter().map(String::as_str).collect();
        let libraries = || {
            costs
                .libraries
                .iter()
                .filter(|library| named.contains(library.package))
        };
        let sets = commits.sets.iter();
        let touching =
            sets.filter(|(set, _)| set.iter().any(|package| named.contains(package.as_str())));
        Self {
            name,
            packages,
            held_by: libraries()
                .map(|library| library.users.len())
                .max()
                .unwrap_or_default(),
            commits: touching.map(|(_, count)| count).sum(),
            seconds: (libraries().map(|library| library.seconds).sum::<f64>() * 100.0).round()
                / 100.0,
        }
    }
}

fn text(
    session: &Session,
    strategy: Strategy,
    groups: &[ShownGroups<'_>],
    commits: &Commits,
    measured: bool,
) {
    if strategy == Strategy::Mount {
        session.say("With the strategy `mount`, libraries have no stages to share.");
        return;
    }
    let how = if measured {
        "as `bakehouse build` measured them"
    } else {
        "estimated from the sizes of sources: `bakehouse build` measures them"
    };
    session.say(format_args!("{} commits looked at; times are {how}.", commits.looked_at).dimmed());
    if groups.is_empty() {
        session.say("No libraries would save time by sharing a stage.");
        return;
    }
    session.say("[groups]");
    for group in groups {
        let packages: Vec<String> = group
            .packages
            .iter()
            .map(|package| format!("{package:?}"))
            .collect();
        session.say(format_args!("{} = [{}]", group.name, packages.join(", ")));
        session.say(
            format!(
                "  # held by the same {} binaries, touched by {} commits, {} s together",
                group.held_by, group.commits, group.seconds
            )
            .dimmed(),
        );
    }
}

/// Returns the configuration with exactly these groups.
fn written(config: &str, groups: &Groups) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = config.parse()?;
    if groups.is_empty() {
        document.remove("groups");
        return Ok(document.to_string());
    }
    let table = document
        .entry("groups")
        .or_insert_with(|| Item::Table(Table::new()));
    if let Some(table) = table.as_table_like_mut() {
        let gone: Vec<String> = table
            .iter()
            .map(|(name, _)| name.to_owned())
            .filter(|name| !groups.contains_key(name))
            .collect();
        for name in gone {
            table.remove(&name);
        }
        for (name, packages) in groups {
            let had: BTreeSet<&str> = table
                .get(name)
                .and_then(Item::as_array)
                .into_iter()
                .flatten()
                .filter_map(toml_edit::Value::as_str)
                .collect();
            // An unchanged group keeps its order and its comments.
            if had != packages.iter().map(String::as_str).collect() {
                table.insert(name, value(packages.iter().collect::<Array>()));
            }
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_groups_of_a_configuration_change() {
        let groups = |all: &[(&str, &[&str])]| -> Groups {
            let names =
                |packages: &[&str]| packages.iter().map(|name| (*name).to_owned()).collect();
            all.iter()
                .map(|(name, packages)| ((*name).to_owned(), names(packages)))
                .collect()
        };
        let config = "registry = \"r\" # mine\n\n[groups]\nbase = [\"b\", \"a\"] # as it was\nold = [\"x\", \"y\"]\n\n[services.api]\n";
        let text = written(
            config,
            &groups(&[("base", &["a", "b"]), ("net", &["c", "d"])]),
        )
        .unwrap();
        assert_eq!(
            text,
            "registry = \"r\" # mine\n\n[groups]\nbase = [\"b\", \"a\"] # as it was\nnet = [\"c\", \"d\"]\n\n[services.api]\n"
        );
        let text = written("", &groups(&[("base", &["a", "b"])])).unwrap();
        assert_eq!(text, "[groups]\nbase = [\"a\", \"b\"]\n");
        assert_eq!(
            written(config, &Groups::new()).unwrap(),
            "registry = \"r\" # mine\n\n[services.api]\n"
        );
    }
}
