//! `bakehouse reproduce`.

mod archive;
mod compare;
mod original;
mod rebuild;
mod shown;
mod source;

use std::collections::BTreeMap;

use original::{Original, Wanted};
use rebuild::{Group, Rebuild};
use shown::{Compared, ReproduceReport};
use source::{Source, Sources};

use crate::cli::args::{Format, ReproduceArgs};
use crate::cli::report::json;
use crate::cli::session::Session;
use crate::engine::Engine;
use crate::pages::page;
use crate::problem::{Code, Problem, Problems};
use crate::registry::Client;

pub fn run(session: &Session, arguments: &ReproduceArgs) -> Result<(), Problems> {
    let client = Client::default();
    let originals = original::all(&client, arguments)?;
    let sources = Sources::read(session, &originals, arguments.base.as_deref())?;
    let groups = groups(&originals, &sources)?;
    let engine = Engine::find()?;
    let mut compared: BTreeMap<usize, Compared> = BTreeMap::new();
    for group in &groups {
        let rebuild = Rebuild::new(&engine, session, arguments, group)?;
        for wanted in &group.wanted {
            let archive = rebuild.archive(wanted)?;
            let image = compare::image(&client, group, wanted, &archive)?;
            compared.insert(wanted.number, image);
        }
    }
    let images = Vec::from_iter(compared.into_values());
    match arguments.format {
        Format::Text => images.iter().for_each(shown::print),
        Format::Json => json(&ReproduceReport {
            version: 1,
            images: &images,
        }),
    }
    let differing = images.iter().filter(|image| !image.is_equal());
    let problems = differing.map(|image| {
        let platforms = image.differing().join(", ");
        let message = format!("{} was not reproduced for {platforms}", image.image);
        Problem::new(Code::ReproduceFailed, message).hint(format!(
            "the differences are above; what makes bytes differ: {}",
            page("releases")
        ))
    });
    Problems(problems.collect()).or(())
}

/// Puts images together that are baked at once, so that crates they share compile once.
fn groups<'a>(originals: &'a [Original], sources: &'a Sources) -> Result<Vec<Group<'a>>, Problems> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut problems = Vec::new();
    for (number, original) in originals.iter().enumerate() {
        let source = sources.of(original);
        let target = match source.target(original) {
            Ok(target) => target,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let wanted = Wanted {
            number,
            original,
            target,
        };
        let fits = |group: &&mut Group<'a>| {
            std::ptr::eq::<Source>(group.source, source) && group.takes(&wanted)
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.wanted.push(wanted),
            None => groups.push(Group {
                source,
                wanted: vec![wanted],
            }),
        }
    }
    Problems(problems).or(groups)
}
