//! `bakehouse packs build`.

use owo_colors::OwoColorize;

use super::{choose, platforms};
use crate::cli::args::PacksBuildArgs;
use crate::cli::commands::build::{explained, is_overridden};
use crate::cli::commands::generate::check;
use crate::cli::out::outln;
use crate::cli::session::{Planned, Session};
use crate::documents::{self, bake::pack_hash, header};
use crate::engine::Engine;
use crate::engine::buildx::{Bake, Shown};
use crate::engine::secrets::allowed;
use crate::files::{self, Change, ChangeKind};
use crate::packs::binary::{Spot, State, look, spots};
use crate::packs::leftover;
use crate::packs::place::{Outcome, Staging};
use crate::packs::platform::Platform;
use crate::plan::Plan;
use crate::problem::{Problem, Problems};

pub fn run(session: &Session, arguments: &PacksBuildArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let Planned { root, plan, .. } = &planned;
    let chosen = choose(&planned, &arguments.packs, false)?;
    let platforms = platforms(plan, &arguments.platforms)?;
    let packs: Vec<_> = chosen.iter().filter_map(|one| one.pack).collect();
    let spots = spots(&packs, &platforms);
    let changes = files::compare(root, &plan.config.output.folder, &documents::render(plan))?;
    let (hashes, others): (Vec<Change>, Vec<Change>) = changes
        .into_iter()
        .partition(|change| is_of_hashes(plan, change));
    check(&others, "generate")?;

    leftover::remove(root, &spots);
    let mut states = Vec::new();
    for spot in &spots {
        let state = look(root, spot)?.state;
        if let State::Replaced(why) = state {
            tracing::warn!("{}: {why}; it is built again", spot.file);
        }
        states.push(state);
    }
    let certain = !is_overridden(&["PLATFORMS"]);
    let skip = |state: &State| certain && !arguments.force && *state == State::Current;
    let wanted: Vec<&Spot<'_>> = spots
        .iter()
        .zip(&states)
        .filter(|(_, state)| !skip(state))
        .map(|(spot, _)| spot)
        .collect();
    let named = (!arguments.platforms.platforms.is_empty()).then_some(&platforms[..]);
    let outcomes = bake(&planned, &wanted, named, certain, session.shown())?;
    let mut problems = Vec::new();
    let mut lines = Vec::new();
    for spot in &spots {
        let done = wanted.iter().position(|one| one.file == spot.file);
        let result = match done.map(|at| &outcomes[at]) {
            None => "current",
            Some(Ok(Outcome::Placed)) => "built",
            Some(Ok(Outcome::Same)) => "built, and the same as before",
            Some(Ok(Outcome::NotBuilt)) => "not built",
            Some(Err(problem)) => {
                problems.push(problem.clone());
                "refused"
            }
        };
        lines.push((spot, result));
    }
    if !session.global.quiet {
        table(&lines);
        if !hashes.is_empty() {
            outln!(
                "{} still has other input hashes: run `bakehouse generate` before you commit",
                plan.config.output.bake
            );
        }
    }
    Problems(problems).or(())
}

/// Bakes `spots` in one go and puts each binary into its pack. Names of caches contain the platforms if the user named
/// some.
fn bake(
    planned: &Planned,
    spots: &[&Spot<'_>],
    named: Option<&[Platform]>,
    certain: bool,
    shown: Shown<'_>,
) -> Result<Vec<Result<Outcome, Problem>>, Problems> {
    if spots.is_empty() {
        return Ok(Vec::new());
    }
    let Planned { root, plan, .. } = planned;
    let engine = Engine::find()?;
    let staging = Staging::new()?;
    let mut targets: Vec<String> = Vec::new();
    for spot in spots {
        if !targets.iter().any(|target| spot.binary.target == *target) {
            targets.push((&spot.binary.target).into());
        }
    }
    let mut variables = Vec::new();
    if let Some(platforms) = named {
        let names: Vec<&str> = platforms.iter().map(Platform::as_str).collect();
        variables.push(("PLATFORMS".to_owned(), names.join(",")));
    }
    let mut arguments = allowed(&plan.config.secrets);
    arguments.extend(staging.arguments(spots));
    engine
        .bake(&Bake {
            root,
            file: &plan.config.output.bake,
            targets: &targets,
            laid_over: "",
            variables: &variables,
            arguments: &arguments,
            shown,
        })
        .map_err(|problem| {
            let closures = spots.iter().map(|spot| &spot.binary.closure);
            explained(problem, planned, closures)
        })?;
    Ok(staging.settle_all(root, plan, spots, certain).collect())
}

/// Returns whether a change affects only input hashes of pack binaries in the Bake file. No build depends on them.
fn is_of_hashes(plan: &Plan, change: &Change) -> bool {
    let ChangeKind::Update { old, text } = &change.kind else {
        return false;
    };
    let same = |old: &str, new: &str| {
        let replaced = || {
            let hash = pack_hash(new).filter(|hash| {
                let mut binaries = plan.pack_binaries();
                binaries.any(|binary| binary.input_hash == *hash)
            })?;
            let old = pack_hash(old)?;
            Some(old.len() == hash.len() && old.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        old == new || replaced() == Some(true) || (header::is_sum(old) && header::is_sum(new))
    };
    *change.path == *plan.config.output.bake
        && old.lines().count() == text.lines().count()
        && old
            .lines()
            .zip(text.lines())
            .all(|(old, new)| same(old, new))
}

fn table(lines: &[(&Spot<'_>, &str)]) {
    let files = lines.iter().map(|(spot, _)| spot.file.as_str().len());
    let width = files.max().unwrap_or_default();
    let platforms = lines.iter().map(|(spot, _)| spot.platform.as_str().len());
    let platform = platforms.max().unwrap_or_default();
    for (spot, result) in lines {
        outln!(
            "{:width$}  {:platform$}  {}  {result}",
            spot.file.as_str(),
            spot.platform.as_str(),
            spot.binary.input_hash.dimmed()
        );
    }
}
