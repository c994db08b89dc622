//! `bakehouse handover`: what was pushed, in the forms that deployments read. Nothing but the manifests of Kubernetes
//! needs the workspace, and none needs an engine.

mod kubernetes;
mod read;

use camino::Utf8Path;

use crate::cli::args::{HandoverArgs, HandoverCommand};
use crate::cli::out::out;
use crate::cli::session::Session;
use crate::documents::handover::{Digests, Reference, compose, github, helm, kustomize};
use crate::files::whole;
use crate::plan::config::image_name::{self, Fault, Form};
use crate::problem::{Code, Problem, Problems};
use read::read;

pub fn run(session: &Session, command: &HandoverCommand) -> Result<(), Problems> {
    let (arguments, render): (_, fn(&[Reference<'_>]) -> String) = match command {
        HandoverCommand::Kubernetes(arguments) => return kubernetes::run(session, arguments),
        HandoverCommand::Kustomize(arguments) => (arguments, kustomize::render),
        HandoverCommand::Helm(arguments) => (arguments, helm::render),
        HandoverCommand::Compose(arguments) => (arguments, compose::render),
        HandoverCommand::Github(arguments) => (arguments, github::render),
    };
    let HandoverArgs {
        digests,
        registry,
        out,
    } = arguments;
    let digests = read(digests)?;
    let references = references(&digests, registry.as_deref())?;
    if matches!(command, HandoverCommand::Kustomize(_)) {
        tell_apart(&references)?;
    }
    hand_over(session, &render(&references), out.as_deref())
}

/// Refuses images that Kustomize cannot tell apart.
fn tell_apart(references: &[Reference<'_>]) -> Result<(), Problem> {
    let Some([one, other]) = kustomize::ambiguous(references) else {
        return Ok(());
    };
    let message = format!(
        "`{}` and `{}` are different images of one name, `{}`, and Kustomize finds images by name alone",
        one.image.name, other.image.name, one.image.image
    );
    Err(Problem::new(Code::NameCollision, message).hint(
        "give them names of their own by `image` in bakehouse.toml, or let `bakehouse handover kubernetes` write the manifests",
    ))
}

/// Returns the images in the registry that was asked for, or in the first of each.
fn references<'a>(
    digests: &'a Digests,
    registry: Option<&str>,
) -> Result<Vec<Reference<'a>>, Problem> {
    if let Some(registry) = registry
        && let Err(Fault { what, hint }) = image_name::check(registry, Form::Prefix)
    {
        let message = format!("the registry `{}` {what}", registry.escape_debug());
        return Err(Problem::new(Code::ConfigValue, message).hint(hint));
    }
    digests.references(registry).map_err(|missing| {
        let registry = registry.unwrap_or_default();
        let images = digests.images.iter();
        let places = images.flat_map(|image| &image.repositories);
        let mut places: Vec<&str> = places.map(|place| place.name.as_str()).collect();
        places.sort_unstable();
        let message = format!("{} not pushed to {registry}", were(&missing));
        Problem::new(Code::DigestMissing, message)
            .hint(format!("the images are {}", places.join(", ")))
    })
}

fn were(names: &[&str]) -> String {
    let all: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let verb = if names.len() == 1 { "was" } else { "were" };
    format!("{} {verb}", all.join(", "))
}

/// Prints a document, or writes it to a file.
fn hand_over(session: &Session, text: &str, file: Option<&Utf8Path>) -> Result<(), Problems> {
    let Some(file) = file else {
        out!("{text}");
        return Ok(());
    };
    whole::write(file, text)?;
    session.say(file);
    Ok(())
}
