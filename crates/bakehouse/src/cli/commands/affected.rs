//! `bakehouse affected`.

use std::collections::BTreeSet;

use owo_colors::OwoColorize;
use serde::Serialize;

use crate::cli::args::{AffectedArgs, AffectedFormat};
use crate::cli::out::outln;
use crate::cli::report::json;
use crate::cli::session::{Planned, Session};
use crate::cli::since::{CheckedOut, Since};
use crate::git::Repository;
use crate::plan::Plan;
use crate::plan::affected::Affected;
use crate::plan::explain::{Output, WorkspaceState, reasons};
use crate::problem::Problems;

use super::why::line;
use crate::names::TargetName;

pub fn run(session: &Session, arguments: &AffectedArgs) -> Result<(), Problems> {
    let (now, then) = match &arguments.since {
        Some(name) => CheckedOut::beside_plan(session, name)?,
        None => {
            let now = session.plan()?;
            let fork = Repository::of(&now.root)?.fork(&now.plan.config.ci_branch)?;
            if arguments.format == AffectedFormat::Text {
                session.say(format_args!(
                    "since {}, where HEAD left {}",
                    fork.short(),
                    fork.branch
                ));
            }
            let then = CheckedOut::new(&now.root, &fork.id)?;
            (now, then)
        }
    };
    let since = Since::new(session, &now, then)?;
    let then = since.planned.as_ref();
    let affected = Affected::between(then.map(|planned| &planned.plan), &now.plan);
    match arguments.format {
        AffectedFormat::Text => text(session, &now, &since, &affected),
        AffectedFormat::Json => json(&ShownAffected {
            version: 1,
            since: &since.revision.id,
            services: &affected.services,
            images: (!now.plan.images.is_empty()).then_some(&affected.images),
            packs: &affected.packs,
            by_name: by_name(&now.plan, &affected),
        }),
        AffectedFormat::Github => github(&now.plan, &affected),
    }
    Ok(())
}

/// `affected --format json`, version 1.
#[derive(Serialize)]
struct ShownAffected<'a> {
    version: u32,
    since: &'a str,
    services: &'a BTreeSet<TargetName>,
    /// Images of other Dockerfiles, if there are any in the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<&'a BTreeSet<TargetName>>,
    packs: &'a BTreeSet<String>,
    /// Those of `services` and `images` that are baked only by name. CI leaves them out.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    by_name: BTreeSet<&'a str>,
}

/// Returns the affected services and images that are baked only by name.
fn by_name<'a>(plan: &'a Plan, affected: &Affected) -> BTreeSet<&'a str> {
    let by_name = plan.baked.iter().filter(|image| !image.target.default);
    let names = by_name.map(|image| image.name.as_str());
    names
        .filter(|name| affected.services.contains(*name) || affected.images.contains(*name))
        .collect()
}

/// A job of the matrix.
#[derive(Serialize)]
struct Job<'a> {
    target: &'a str,
}

/// Prints lines of `name=value`. GitHub rejects a matrix without jobs, so `any` says whether there are jobs. What is baked
/// only by name has none.
fn github(plan: &Plan, affected: &Affected) {
    let has_images = !plan.images.is_empty();
    let by_name = by_name(plan, affected);
    let targets = affected.services.iter().chain(&affected.images);
    let jobs: Vec<Job<'_>> = targets
        .filter(|name| !by_name.contains(name.as_str()))
        .chain(&affected.pack_binaries)
        .map(|target| Job { target })
        .collect();
    outln!("any={}", !jobs.is_empty());
    outln!("services={}", compact(&affected.services));
    if has_images {
        outln!("images={}", compact(&affected.images));
    }
    outln!("packs={}", compact(&affected.packs));
    outln!("matrix={{\"include\":{}}}", compact(&jobs));
}

fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings and lists are JSON")
}

fn text(session: &Session, now: &Planned, since: &Since, affected: &Affected) {
    if affected.is_empty() {
        outln!("nothing is affected since {}", since.revision.short());
        return;
    }
    let before = since.planned.as_ref();
    let (now_lock, then_lock) = (now.lock(), before.map(Planned::lock));
    let state = now.state(&now_lock);
    let then = before.zip(then_lock.as_ref());
    let then = then.map(|(planned, lock)| planned.state(lock));
    let config = session.config_name(now);
    let outputs: Vec<Output<'_>> = Output::all(&now.plan).collect();
    let width = affected
        .services
        .iter()
        .chain(&affected.images)
        .chain(&affected.pack_binaries)
        .map(|name| name.len())
        .max()
        .unwrap_or_default();
    let section = |title: &str, names: &BTreeSet<TargetName>| {
        if !names.is_empty() {
            outln!("{}", title.bold());
        }
        for output in outputs.iter().filter(|output| names.contains(output.name)) {
            let why = because(then, (state, *output), &config);
            outln!("  {:width$}  {}", output.name, why.dimmed());
        }
    };
    section("services", &affected.services);
    section("images", &affected.images);
    section("pack binaries", &affected.pack_binaries);
}

/// Returns the shortest reason and the number of further ones.
fn because(
    then: Option<WorkspaceState<'_>>,
    now: (WorkspaceState<'_>, Output<'_>),
    config: &str,
) -> String {
    let Some(then) = then else {
        return "there was no plan".to_owned();
    };
    let Some(was) = Output::all(then.plan).find(|was| was.name == now.1.name) else {
        return "new".to_owned();
    };
    let reasons = reasons((then, was), now, config);
    let Some(first) = reasons.first() else {
        return String::new();
    };
    let more = match reasons.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    format!("{}{more}", line(first, None))
}
