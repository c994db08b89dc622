//! `bakehouse build`.

mod account;
mod again;
mod attest;
mod attested;
mod branch_tag;
pub mod chosen;
mod digests;
mod events;
mod lacking;
pub mod names;
pub mod seed_names;
mod seeds;
mod seen;
mod store;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

use account::{Account, Outcome};
use attest::Attest;
use attested::Attested;
use camino::Utf8Path;
use chosen::Chosen;
pub use chosen::choose;
use digests::{DigestsFile, Push};
use events::Events;
use names::Names;
use seeds::Seeds;
use seen::Inputs;
use store::{Details, Store};
use table::Known;

use super::generate::{apply, check, protect};
use super::packs::usual_platform;
use crate::cli::args::{BuildArgs, BuildProgress};
use crate::cli::hidden;
use crate::cli::session::{Planned, Session};
use crate::documents::bake::{changes_outputs, input_hashes, override_file};
use crate::documents::{self, dockerfile::stage_names};
use crate::engine::Engine;
use crate::engine::buildx::{Bake, Shown};
use crate::engine::records::Record;
use crate::engine::secrets::allowed;
use crate::files::{self, measured::Measured};
use crate::names::{PackageName, TargetName};
use crate::packs::binary::{Spot, State, look, spots};
use crate::packs::leftover;
use crate::packs::place::Staging;
use crate::packs::platform::Platform;
use crate::plan::Plan;
use crate::plan::baked::BakedImage;
use crate::plan::build::COMPILED;
use crate::problem::{Code, Problem, Problems};

pub fn run(session: &Session, arguments: &BuildArgs) -> Result<(), Problems> {
    let built = build(session, arguments);
    if let (Err(problems), BuildProgress::Json) = (&built, arguments.progress) {
        events::failed(problems);
    }
    built
}

fn build(session: &Session, arguments: &BuildArgs) -> Result<(), Problems> {
    let digests_file = arguments.digests.as_deref().map(DigestsFile::new);
    let digests_file = digests_file.transpose()?;
    let prints_digests = digests_file.as_ref().is_some_and(DigestsFile::is_printed);
    if prints_digests && arguments.progress == BuildProgress::Json {
        return Err(digests::both_print().into());
    }
    let planned = session.plan()?;
    bake_missing(session, &planned, arguments, digests_file.as_ref())
}

/// Bakes what is not there yet.
pub fn bake_missing(
    session: &Session,
    planned: &Planned,
    arguments: &BuildArgs,
    digests_file: Option<&DigestsFile>,
) -> Result<(), Problems> {
    let prints_digests = digests_file.is_some_and(DigestsFile::is_printed);
    let Planned { root, plan, .. } = planned;
    let chosen = choose(plan, &arguments.services)?;
    let changes = files::compare(root, &plan.config.output.folder, &documents::render(plan))?;
    if arguments.generate && !arguments.dry_run {
        protect(&changes, "generate")?;
        match prints_digests {
            true => files::apply::apply(root, &changes)?,
            false => apply(session, root, &changes)?,
        }
    } else if !arguments.generate {
        check(&changes, "build --generate")?;
    }
    let names = Names::new(plan)?;
    names.apart_from_cache(plan)?;
    names.fit(&chosen.services)?;
    names.apart_from_each_other(&chosen.services)?;
    let engine = Engine::find()?;
    let store = Store::new(&engine, &names, plan, &chosen.services, arguments.push)?;
    let certain = is_certain(arguments) && !is_overridden_by_file(root, plan)?;
    let attested = Attested::of(arguments.push, certain, |name| std::env::var(name).ok());
    let by_bake = attested == Attested::ByBake;
    let skip = certain && !arguments.force && arguments.bake.is_empty() && !by_bake;
    let mut held = BTreeMap::new();
    if skip {
        held = store.held(&chosen.services);
    }
    let platforms = asked_platforms(arguments);
    let spots = spots_of(plan, &chosen, platforms.as_deref());
    if !spots.is_empty() && !arguments.dry_run {
        leftover::remove(root, &spots);
    }
    let mut current = BTreeSet::new();
    for spot in spots.iter().filter(|_| skip) {
        if look(root, spot)?.state == State::Current {
            current.insert(spot.binary.target.as_str());
        }
    }
    let missing = Chosen {
        services: chosen
            .services
            .iter()
            .filter(|service| !held.contains_key(&service.name))
            .copied()
            .collect(),
        pack_binaries: chosen
            .pack_binaries
            .iter()
            .filter(|binary| !current.contains(binary.target.as_str()))
            .copied()
            .collect(),
        cache: chosen.cache,
        only_cache: chosen.only_cache,
    };
    if arguments.dry_run {
        table::forecast(&chosen, &missing);
        return Ok(());
    }
    for service in &chosen.services {
        if let Some(held) = held.get(&service.name)
            && !held.missing.is_empty()
        {
            store.tag(service, &held.missing)?;
        }
    }
    let held = held.into_iter().map(|(name, held)| (name, held.details));
    let mut details: BTreeMap<TargetName, Details> = held.collect();
    let mut outcomes = BTreeMap::new();
    let mut account = Account::default();
    if !missing.is_empty() {
        let spots: Vec<&Spot<'_>> = spots
            .iter()
            .filter(|spot| !current.contains(spot.binary.target.as_str()))
            .collect();
        let mut further = store.arguments(&missing.services);
        // The user's arguments come last, so that they win.
        further.extend_from_slice(&arguments.bake);
        let own = stage_names(plan);
        let events = Events::of(&own);
        let hear = |bytes: &[u8]| events.hear(bytes);
        let shown = match arguments.progress {
            BuildProgress::Json => Shown::Json(&hear),
            BuildProgress::Buildx => session.shown(),
        };
        let order = Order {
            missing: &missing,
            spots: &spots,
            certain,
            attested,
            platforms: platforms.as_deref(),
            arguments: &further,
            has_own_arguments: !arguments.bake.is_empty(),
            shown,
        };
        let records = bake(&engine, planned, &order)?;
        details.extend(store.details(&missing.services, &records, certain));
        outcomes = records
            .iter()
            .map(|(target, record)| {
                let other = |image: &&&BakedImage| image.is_other && image.name.as_str() == target;
                let outcome = match missing.services.iter().find(other) {
                    Some(_) => Outcome::of_other(record),
                    None => Outcome::of(&own, record),
                };
                (target.clone(), outcome)
            })
            .collect();
        let mut measured = Measured::read(root);
        let inputs = Inputs::new(plan);
        account = Account::of(plan, &inputs, &own, &records, &measured);
        account.remember(&inputs, &own, &records, &mut measured);
        measured.write(root);
    }
    let attest = Attest {
        planned,
        names: &names,
        details: &details,
        baked: &missing.services,
    };
    let attached = attest.attach(&chosen.services, attested)?;
    let known = Known {
        root,
        chosen: &chosen,
        baked: &missing,
        details: &details,
        outcomes: &outcomes,
    };
    let rows = known.rows();
    if let Some(file) = &digests_file {
        let push = Push {
            engine: &engine,
            names: &names,
            plan,
            rows: &rows,
            certain,
        };
        file.write(&push.digests(&chosen.services)?)?;
    }
    match arguments.progress {
        BuildProgress::Json => events::done(&rows, &account),
        BuildProgress::Buildx if session.global.quiet || prints_digests => {}
        BuildProgress::Buildx => {
            let verbose = session.global.verbose > 0;
            table::print(&rows, &store, &missing, &account, verbose);
            attest::tell(&attached);
        }
    }
    Ok(())
}

/// Returns the platforms that an argument or the environment asks for, as the Bake file's variable has them.
fn asked_platforms(arguments: &BuildArgs) -> Option<String> {
    let names = arguments.platforms.iter().map(String::as_str);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// Returns the places of the chosen pack binaries for one platform.
fn spots_of<'a>(plan: &'a Plan, chosen: &Chosen<'_>, platforms: Option<&str>) -> Vec<Spot<'a>> {
    let asked = platforms.and_then(|names| Platform::new(names).ok());
    let platform = asked.unwrap_or_else(|| usual_platform(plan));
    let packs: Vec<_> = plan.packs.iter().collect();
    let mut spots = spots(&packs, &[platform]);
    spots.retain(|spot| {
        let mut binaries = chosen.pack_binaries.iter();
        binaries.any(|binary| binary.target == spot.binary.target)
    });
    spots
}

/// Returns whether the input hashes cover everything that goes into the images. They do not cover changes that come
/// from the environment or from arguments.
fn is_certain(arguments: &BuildArgs) -> bool {
    let changed = |argument: &OsString| changes_inputs(argument);
    !is_overridden(&[]) && arguments.platforms.is_empty() && !arguments.bake.iter().any(changed)
}

/// Returns whether the user's own Bake file changes what the generated targets write.
fn is_overridden_by_file(root: &Utf8Path, plan: &Plan) -> Result<bool, Problem> {
    let file = root.join(override_file(&plan.config.output.bake));
    if !file.is_file() {
        return Ok(false);
    }
    let text = fs_err::read_to_string(file);
    let text = text.map_err(|error| {
        Problem::from_error(Code::FileUnreadable, error)
            .hint("make it readable for the user who runs bakehouse")
    })?;
    Ok(changes_outputs(plan, &text))
}

/// Returns whether an environment variable other than those in `but` changes what is built.
pub fn is_overridden(but: &[&str]) -> bool {
    OVERRIDES
        .iter()
        .any(|name| !but.contains(name) && std::env::var_os(name).is_some())
}

/// Targets and options of a bake.
struct Order<'a> {
    missing: &'a Chosen<'a>,
    spots: &'a [&'a Spot<'a>],
    certain: bool,
    attested: Attested,
    /// The platforms that were asked for.
    platforms: Option<&'a str>,
    arguments: &'a [OsString],
    /// Whether some of these are the user's, such as `--no-cache`. Then everything is baked at once.
    has_own_arguments: bool,
    shown: Shown<'a>,
}

fn bake(
    engine: &Engine,
    planned: &Planned,
    order: &Order<'_>,
) -> Result<BTreeMap<String, Record>, Problems> {
    let Planned { root, plan, .. } = planned;
    let Order {
        missing,
        spots,
        certain,
        ..
    } = order;
    let images = missing.services.iter();
    let hashed = images.filter(|service| *certain && service.target.is_image());
    let hashes = input_hashes(hashed.copied());
    make_folders(root, missing)?;
    let staging = (!spots.is_empty()).then(Staging::new).transpose()?;
    let mut all = allowed(&plan.config.secrets);
    all.extend(staging.iter().flat_map(|staging| staging.arguments(spots)));
    all.extend_from_slice(order.arguments);
    let platforms = order.platforms.map(|names| ("PLATFORMS", names));
    // A list with attestations has another digest after each bake, so none may be in it if they are attached afterwards.
    let emptied = order.attested.emptied().iter().map(|name| (*name, ""));
    let variables: Vec<(String, String)> = platforms
        .into_iter()
        .chain(emptied)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let seeds = Seeds::find(engine, planned, missing, &variables, order.shown)?;
    if let Some(seeds) = &seeds {
        seeds.fill();
    }
    let bake = |targets: &[String], arguments: &[OsString]| {
        let baked = engine.bake(&Bake {
            root,
            file: &plan.config.output.bake,
            targets,
            laid_over: &hashes,
            variables: &variables,
            arguments,
            shown: order.shown,
        });
        let records = baked.map(|baked| baked.records(engine));
        records.map_err(|problem| {
            let services = missing.services.iter().map(|service| &service.closure);
            let binaries = missing.pack_binaries.iter().map(|binary| &binary.closure);
            explained(problem, planned, services.chain(binaries))
        })
    };
    let mut targets = missing.targets();
    // If several targets are baked at once, BuildKit gives only the first to ask what a registry cache has of the stages
    // that all share, and compiles the others' stages again. So one target loads everything before the others are baked.
    let mut first = None;
    if missing.cache && targets.len() > 1 && !order.has_own_arguments {
        targets.retain(|target| target != COMPILED);
        first = bake(&[COMPILED.to_owned()], &allowed(&plan.config.secrets))?.remove(COMPILED);
    }
    let mut records = bake(&targets, &all)?;
    if let Some(compiled) = first {
        let later = records.values_mut();
        later.for_each(|record| record.continue_from(&compiled));
        records.insert(COMPILED.to_owned(), compiled);
    }
    if let Some(seeds) = seeds.filter(|_| missing.cache) {
        seeds.save();
    }
    let mut problems = Vec::new();
    if let Some(staging) = &staging {
        let settled = staging.settle_all(root, plan, spots, *certain);
        problems.extend(settled.filter_map(Result::err));
    }
    Problems(problems).or(records)
}

/// Makes the folders of results that are files. Buildx makes only those that are folders themselves.
fn make_folders(root: &Utf8Path, chosen: &Chosen<'_>) -> Result<(), Problem> {
    let dests = chosen
        .services
        .iter()
        .filter_map(|service| service.target.dest());
    for dest in dests {
        let path = root.join(dest);
        let folder = path.parent().unwrap_or(root);
        fs_err::create_dir_all(folder)
            .map_err(|error| Problem::from_error(Code::FileUnwritable, error))?;
    }
    Ok(())
}

/// Returns a failure together with the files that the sources of `closures` read and the build may not have had.
pub fn explained<'a>(
    problem: Problem,
    planned: &Planned,
    closures: impl Iterator<Item = &'a BTreeSet<PackageName>>,
) -> Problems {
    let failed = problem.code == Code::BakeFailed;
    let mut problems = vec![problem];
    if failed {
        let packages = closures.flatten().map(PackageName::as_str);
        problems.extend(hidden::problems(planned, &packages.collect()));
    }
    Problems(problems)
}

/// Variables of the Bake file that change what is built.
const OVERRIDES: [&str; 4] = [
    "BUILDER_BASE",
    "RUNTIME_BASE",
    "PLATFORMS",
    "SOURCE_DATE_EPOCH",
];

/// Arguments of `bake` that can change what is built.
fn changes_inputs(argument: &OsStr) -> bool {
    let argument = argument.to_string_lossy();
    ["--set", "--file", "-f", "--var"]
        .iter()
        .any(|option| argument.starts_with(option))
}
