//! `bakehouse handover kubernetes`.

use std::collections::{BTreeMap, BTreeSet};

use super::{hand_over, read::read, references};
use crate::cli::args::HandoverKubernetesArgs;
use crate::cli::commands::build::choose;
use crate::cli::commands::build::names::Names;
use crate::cli::session::Session;
use crate::documents::handover::Digests;
use crate::documents::kubernetes::{self, Order};
use crate::plan::Plan;
use crate::plan::baked::BakedImage;
use crate::problem::{Code, Problem, Problems, did_you_mean};

pub fn run(session: &Session, arguments: &HandoverKubernetesArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let plan = &planned.plan;
    let chosen = images(plan, &arguments.services)?;
    let names = Names::new(plan)?;
    let images = match &arguments.digests {
        Some(file) => {
            let digests = read(file)?;
            let registry = arguments.registry.as_deref();
            pinned(&chosen, &digests, registry)?
        }
        None => chosen
            .iter()
            .map(|image| (image.name.to_string(), names.tagged(image).swap_remove(0)))
            .collect(),
    };
    let order = Order {
        plan,
        namespace: arguments.namespace.as_deref(),
        images: &images,
        packs: &packs(plan, &names, arguments)?,
    };
    hand_over(
        session,
        &kubernetes::render(&order),
        arguments.out.as_deref(),
    )
}

/// Returns the services and images that are named, or those that Compose starts. Results that are files cannot run.
fn images<'a>(plan: &'a Plan, named: &[String]) -> Result<Vec<&'a BakedImage>, Problems> {
    let mut images = match named {
        [] => {
            let started: BTreeSet<&str> = kubernetes::started(plan).into_iter().collect();
            let baked = plan.baked.iter();
            baked
                .filter(|image| started.contains(image.name.as_str()))
                .collect()
        }
        named => choose(plan, named)?.services,
    };
    for image in images.iter().filter(|image| !image.target.is_image()) {
        tracing::warn!("`{}` is left out: its output is no image", image.name);
    }
    images.retain(|image| image.target.is_image());
    Ok(images)
}

/// Returns the references by digest.
fn pinned(
    chosen: &[&BakedImage],
    digests: &Digests,
    registry: Option<&str>,
) -> Result<BTreeMap<String, String>, Problem> {
    let known = references(digests, registry)?;
    let mut images = BTreeMap::new();
    let mut missing = Vec::new();
    for image in chosen {
        let mut known = known.iter();
        let Some(found) = known.find(|one| one.image.name == *image.name) else {
            missing.push(format!("`{}`", image.name));
            continue;
        };
        let pushed = found.image.input_hash.as_deref();
        if pushed.is_some_and(|hash| hash != image.input_hash) {
            tracing::warn!(
                "`{}` was pushed from another state of the sources: ports, variables and folders here may not be its own",
                image.name
            );
        }
        images.insert(image.name.to_string(), found.pinned());
    }
    if missing.is_empty() {
        return Ok(images);
    }
    let message = format!("the file of digests does not have {}", missing.join(", "));
    let has: Vec<&str> = known.iter().map(|one| one.image.name.as_str()).collect();
    Err(Problem::new(Code::DigestMissing, message).hint(format!(
        "push all of them with `--digests`, or name the services to hand over; the file has {}",
        has.join(", ")
    )))
}

/// Returns the references of the packs' images.
fn packs(
    plan: &Plan,
    names: &Names,
    arguments: &HandoverKubernetesArgs,
) -> Result<BTreeMap<String, String>, Problems> {
    let usual = plan.packs.iter();
    let usual = usual.map(|pack| (pack.name.clone(), names.pack(&pack.image())));
    let mut packs: BTreeMap<String, String> = usual.collect();
    let mut problems = Vec::new();
    for given in &arguments.packs {
        if let Some(reference) = packs.get_mut(&given.pack) {
            reference.clone_from(&given.image);
            continue;
        }
        let known: Vec<&str> = plan.packs.iter().map(|pack| pack.name.as_str()).collect();
        let hint = did_you_mean(&given.pack, known.iter().copied())
            .unwrap_or_else(|| format!("there are {}", known.join(", ")));
        let message = format!("there is no pack `{}`", given.pack.escape_debug());
        problems.push(Problem::new(Code::PackUnknown, message).hint(hint));
    }
    Problems(problems).or(packs)
}
