//! `bakehouse rebase`.

mod bases;
mod one;
mod push;

use bases::Bases;
use one::{Moved, Standing};
use owo_colors::OwoColorize;

use super::build::chosen::choose;
use super::build::names::Names;
use crate::cli::args::RebaseArgs;
use crate::cli::out::outln;
use crate::cli::session::{Planned, Session, config_change, config_path, uneditable};
use crate::files::apply;
use crate::graph::parallel::parallel_map;
use crate::plan::Plan;
use crate::plan::config::digests::{rebased, tagged};
use crate::plan::service::Service;
use crate::problem::{Code, Problem, Problems, Source};
use crate::registry::{Client, Reference};

pub fn run(session: &Session, arguments: &RebaseArgs) -> Result<(), Problems> {
    let here = session.plan()?;
    let written = here.plan.config.runtime.clone();
    let new = arguments.base.as_deref().unwrap_or(&written);
    let old = arguments.from.as_deref().unwrap_or(&written);
    check_bases(new, old)?;
    let on = |base: &str| {
        let config = session.global.config.as_deref();
        let manifest = session.global.manifest_path.as_deref();
        session.plan_edited(manifest, config, |source| edited(source, base))
    };
    let other = on(if written == new { old } else { new })?;
    let (before, after) = match written == new {
        true => (&other, &here),
        false => (&here, &other),
    };
    if ![new, old].contains(&written.as_str()) {
        let message =
            format!("bakehouse.toml names {written}, neither the old base nor the new one");
        return Err(Problem::new(Code::ConfigValue, message)
            .hint("leave --from or --base out: bakehouse.toml says the other one")
            .into());
    }
    let moved = moves(before, after, arguments, (old, new))?;
    let client = Client::default();
    let bases = Bases::read(&client, old, new)?;
    let names = Names::with_tag(&after.plan, arguments.tag.clone())?;
    let all = parallel_map(&moved, |standing| standing.moved(&client, &bases, &names));
    let mut problems = Vec::new();
    let mut done = Vec::new();
    for result in all {
        match result {
            Ok(one) => done.push(one),
            Err(of_one) => problems.extend(of_one.0),
        }
    }
    Problems(problems).or(())?;
    if !arguments.dry_run {
        push::all(&client, &bases, &names, &done)?;
    }
    print(&done, arguments.dry_run);
    match written == new || arguments.dry_run {
        true => Ok(()),
        false => write(session, here, new),
    }
}

/// Refuses a new base without a digest, and one that is the old one.
fn check_bases(new: &str, old: &str) -> Result<(), Problem> {
    if Reference::parse(new)?.digest.is_none() {
        let message = format!("the new base {new} has no digest, and may be another one tomorrow");
        return Err(Problem::new(Code::ConfigValue, message).hint(format!(
            "`docker buildx imagetools inspect {}` shows it",
            tagged(new)
        )));
    }
    Reference::parse(old)?;
    if new == old {
        let message = format!("{new} is both the old base and the new one");
        return Err(Problem::new(Code::ConfigValue, message).hint(
            "name the new one with --base; or, if bakehouse.toml names it already, the one before with --from",
        ));
    }
    Ok(())
}

fn edited(source: &Source, base: &str) -> Result<String, Problem> {
    rebased(&source.text, base).map_err(|error| uneditable(&source.name, error))
}

/// Returns the chosen services with both of their plans.
fn moves<'a>(
    before: &'a Planned,
    after: &'a Planned,
    arguments: &RebaseArgs,
    (old, new): (&'a str, &'a str),
) -> Result<Vec<Standing<'a>>, Problems> {
    let names_all = arguments.services.is_empty();
    let chosen = choose(&before.plan, &arguments.services)?;
    let mut standing = Vec::new();
    let mut problems = Vec::new();
    for image in &chosen.services {
        let of = |plan: &'a Plan| plan.services.iter().find(|one| one.name == image.name);
        let services = of(&before.plan).zip(of(&after.plan));
        let why = services.map_or(Some(OTHER.to_owned()), |(service, _)| refusal(service));
        match (services, why) {
            (Some((service, moved)), None) => standing.push(Standing {
                plan: &before.plan,
                service,
                input_hash: &moved.input_hash,
                old,
                declared: after.plan.config.glibc.get(tagged(new)).map(String::as_str),
            }),
            // Those that stand on something else are not meant when all are.
            (Some((service, _)), _) if names_all && service.image.runtime.is_some() => {}
            (None, _) if names_all => {}
            (_, why) => problems.push(refused(&image.name, &why.unwrap_or_default())),
        }
    }
    if standing.is_empty() && problems.is_empty() {
        problems.push(
            Problem::new(Code::NothingToBake, "no service is on `bases.runtime`")
                .hint("services on a base of their own are baked there: change it, and `bakehouse build --push`"),
        );
    }
    Problems(problems).or(standing)
}

const OTHER: &str = "it is an image of another Dockerfile, and nothing is known of its base";

/// Returns the reason why a service cannot be moved, whatever the bases are.
fn refusal(service: &Service) -> Option<String> {
    let image = &service.image;
    if !service.target.is_image() {
        return Some("its output is no image".to_owned());
    }
    if let Some(runtime) = &image.runtime {
        return Some(format!(
            "it is on a base of its own, {runtime}, not on `bases.runtime`"
        ));
    }
    (!image.packages.is_empty()).then(|| {
        format!(
            "the packages {} are installed upon the base, for that base",
            image.packages.join(", ")
        )
    })
}

/// Returns the problem of a service that cannot be moved.
fn refused(service: &str, why: &str) -> Problem {
    let message = format!("`{service}` cannot be put onto another base: {why}");
    Problem::new(Code::RebaseRefused, message)
        .hint("bake it there: name the new base in bakehouse.toml, then `bakehouse build --generate --push`")
}

/// Writes the new base into the configuration, as `pin` would.
fn write(session: &Session, here: Planned, base: &str) -> Result<(), Problems> {
    let path = config_path(session.global.config.as_deref(), &here.workspace);
    let name = session.config_name(&here);
    let text = rebased(&here.config, base).map_err(|error| uneditable(&name, error))?;
    if let Some((folder, change)) = config_change(&path, here.config, text) {
        apply::apply(folder, std::slice::from_ref(&change))?;
        session.say(format_args!("{change}: run `bakehouse generate`"));
    }
    Ok(())
}

fn print(done: &[Moved<'_>], is_dry: bool) {
    let width = done.iter().map(|one| one.service.name.len()).max();
    let width = width.unwrap_or_default().max("service".len());
    let head = format!(
        "{:width$}  {:19}  {:19}  {:16}  result",
        "service", "from", "to", "input hash"
    );
    outln!("{}", head.bold());
    for one in done {
        let result = match (&one.written, is_dry) {
            (None, _) => "is there already",
            (Some(_), true) => "fits",
            (Some(_), false) => "rebased",
        };
        outln!(
            "{:width$}  {:19}  {:19}  {:16}  {result}",
            one.service.name,
            one.from.short(),
            one.to().short(),
            one.input_hash
        );
    }
    if done.iter().any(|one| one.loses_attestations) {
        outln!(
            "attestations and signatures are about the old images: attest and sign the new ones"
        );
    }
}
