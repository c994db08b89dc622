//! `bakehouse prune`.

mod decide;
mod gather;

use std::collections::{BTreeMap, BTreeSet};

use decide::{Rules, Tag, Why, decide};
use jiff::{Span, Timestamp, Zoned};
use owo_colors::OwoColorize;

use super::build::names::{Names, without_registry};
use super::build::seed_names::seed_names;
use crate::cli::args::PruneArgs;
use crate::cli::out::outln;
use crate::cli::session::{Planned, Session};
use crate::cli::since::{CheckedOut, Since};
use crate::engine::Engine;
use crate::plan::baked::BakedImage;
use crate::problem::{Code, Problem, Problems};
use crate::registry::{Client, Digest, Reference, RepositoryName};

/// The tags that plans need, by repository, each with whose plan it is.
type Needed = BTreeMap<RepositoryName, BTreeMap<String, String>>;

/// A repository with the decision about its tags.
struct Decided {
    name: RepositoryName,
    tags: Vec<(Tag, Why)>,
    dates: BTreeMap<Digest, Timestamp>,
}

pub fn run(session: &Session, arguments: &PruneArgs) -> Result<(), Problems> {
    let before = before(&arguments.older)?;
    let here = session.plan()?;
    let mut needed = Needed::new();
    add(&here, "this checkout", &mut needed)?;
    for branch in &arguments.branches {
        let then = CheckedOut::new(&here.root, branch)?;
        let since = Since::new(session, &here, then)?;
        let planned = since.planned.ok_or_else(|| {
            let message =
                format!("it is not known what {branch} needs, since it cannot be planned");
            Problem::new(Code::RevisionIncomplete, message)
                .hint("leave it out, if nothing of it is needed any more: nothing was deleted")
        })?;
        add(&planned, branch, &mut needed)?;
    }
    let client = Client::default();
    let mut decided = Vec::new();
    let mut missing = Vec::new();
    for (name, needed) in &needed {
        let repository = client.repository(name);
        let Some(tags) = gather::tags(&repository)? else {
            missing.push(name);
            continue;
        };
        let dates = gather::dates(&repository, &tags, &here.root)?;
        let rules = Rules {
            needed: needed.clone(),
            keep: arguments.keep,
            before,
            undated: arguments.undated,
        };
        let own = decide(&tags, &dates, &rules).into_iter();
        let own = own.map(|(tag, why)| (tag.clone(), why)).collect();
        decided.push(Decided {
            name: name.clone(),
            tags: own,
            dates,
        });
    }
    if decided.is_empty() {
        return Err(nowhere(&missing).into());
    }
    decided.iter().for_each(print);
    for name in missing {
        outln!("{name}: there is no such repository");
    }
    let gone = decided.iter().flat_map(|one| &one.tags);
    let count = gone.filter(|(_, why)| why.goes()).count();
    match (count, arguments.yes) {
        (0, _) => session.say("nothing to delete"),
        (count, false) => session.say(format_args!("{count} tags to delete: run it with --yes")),
        (count, true) => {
            delete(&client, &decided)?;
            session.say(format_args!(
                "{count} tags deleted; the registry frees their space when it collects garbage"
            ));
        }
    }
    Ok(())
}

/// Returns the time that lies so far back.
fn before(older: &str) -> Result<Timestamp, Problem> {
    let wrong = |why: String| {
        Problem::new(Code::ConfigValue, format!("--older is `{older}`, {why}"))
            .hint("write it as `30d`, `4w` or `12h`")
    };
    let span = older.parse::<Span>();
    let span = span.map_err(|error| wrong(format!("which is no time: {error}")))?;
    if span.is_negative() {
        return Err(wrong("which lies ahead".to_owned()));
    }
    let then = Zoned::now().checked_sub(span);
    let then = then.map_err(|error| wrong(format!("which is too long ago: {error}")))?;
    Ok(then.timestamp())
}

/// Adds the tags that a plan needs.
fn add(planned: &Planned, whose: &str, needed: &mut Needed) -> Result<(), Problem> {
    let names = Names::new(&planned.plan)?;
    let images = planned.plan.baked.iter();
    let images = images.filter(|image| image.target.is_image());
    let published = images.filter(|image| !names.registries(image).is_empty());
    let published: Vec<&BakedImage> = published.collect();
    if published.is_empty() {
        return Err(without_registry("images have no registry"));
    }
    for image in published {
        let hashed = format!("in-{}", image.input_hash);
        let (places, _) = names.places(image);
        for place in places {
            let tags = needed.entry(RepositoryName::new(&place)).or_default();
            tags.entry(hashed.clone())
                .or_insert_with(|| whose.to_owned());
        }
    }
    if std::env::var("CACHE_REF").is_ok_and(|cache| !cache.is_empty()) {
        let seeds = seed_names(&Engine::find()?, planned, &[])?;
        for seed in seeds.unwrap_or_default() {
            let own = Reference::parse(&seed.own)?;
            let tags = needed.entry(own.repository).or_default();
            let tag = own.tag.unwrap_or_default();
            tags.entry(tag).or_insert_with(|| whose.to_owned());
        }
    }
    Ok(())
}

fn nowhere(missing: &[&RepositoryName]) -> Problem {
    let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let message = format!("none of the repositories is there: {}", names.join(", "));
    Problem::new(Code::ImageUnknown, message)
        .hint("set REGISTRY, or `registry` in bakehouse.toml, to where `build --push` publishes")
}

fn print(decided: &Decided) {
    outln!("{}", decided.name.bold());
    for (tag, why) in &decided.tags {
        let date = decided.dates.get(&tag.digest);
        let date = date.map_or("-".to_owned(), |date| date.strftime("%Y-%m-%d").to_string());
        let what = match why.goes() {
            true => "delete".red().to_string(),
            false => "keep  ".dimmed().to_string(),
        };
        let digest = tag.digest.short();
        outln!(
            "  {what}  {:21}  {digest}  {date:10}  {}",
            shown(&tag.name),
            told(why)
        );
    }
}

/// Returns the name of a tag, without the middle of a digest in it.
fn shown(name: &str) -> String {
    match name.split_once('.') {
        _ if name.len() <= 21 => name.to_owned(),
        Some((digest, ending)) => format!("{}….{ending}", &digest[..15]),
        None => format!("{}…", &name[..20]),
    }
}

fn told(why: &Why) -> String {
    match why {
        Why::Needed(plan) => format!("needed by {plan}"),
        Why::Named(tag) => format!("{tag} is the same image"),
        Why::Part(tag) => format!("{tag} has it in its list"),
        Why::Newest => "one of the newest".to_owned(),
        Why::Young => "not old enough".to_owned(),
        Why::Undated => "does not say when it was made (--undated)".to_owned(),
        Why::Old => "nothing needs it".to_owned(),
        Why::AboutOld => "about an image that goes".to_owned(),
    }
}

/// Deletes what goes, each digest once. What is about an image goes before it, so that nothing is left without one.
fn delete(client: &Client, decided: &[Decided]) -> Result<(), Problem> {
    for one in decided {
        let repository = client.repository(&one.name);
        for first in [Why::AboutOld, Why::Old] {
            let digests = one.tags.iter().filter(|(_, why)| *why == first);
            let digests: BTreeSet<&Digest> = digests.map(|(tag, _)| &tag.digest).collect();
            for digest in digests {
                repository.delete(digest)?;
            }
        }
    }
    Ok(())
}
