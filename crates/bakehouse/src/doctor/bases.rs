//! Base images.

use super::{Check, Verdict};
use crate::engine::Engine;
use crate::engine::digests::Found;
use crate::graph::parallel::parallel_map;
use crate::plan::Plan;

/// Returns one check for all base images, or one for each missing image.
pub fn checks(engine: &Engine, plan: &Plan) -> Vec<Check> {
    let needed = "each base on the engine, or in a registry that answers";
    let bases: Vec<&str> = plan
        .bases()
        .into_iter()
        .filter(|base| *base != "scratch")
        .collect();
    let found = parallel_map(&bases, |base| engine.find_in_registry(base));
    let mut checks = Vec::new();
    for (base, found) in bases.iter().zip(found) {
        match found {
            Found::InRegistry(_) => {}
            Found::OnlyHere(reason) => checks.push(Check::new(
                "bases",
                Verdict::Warning,
                format!("{base} is on this engine, but its registry does not confirm it: {reason}"),
                needed,
                "unless others can pull it, they cannot build: check why its registry does not answer, or push it",
            )),
            Found::Nowhere(reason) => checks.push(Check::new(
                "bases",
                Verdict::Bad,
                format!("{base} cannot be found: {reason}"),
                needed,
                "correct its name in bakehouse.toml, `docker login`, or check why its registry does not answer",
            )),
        }
    }
    if checks.is_empty() {
        let found = format!("{} bases, all in their registries", bases.len());
        checks.push(Check::good("bases", found, needed));
    }
    checks
}
