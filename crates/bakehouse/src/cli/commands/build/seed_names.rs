//! The names of seeds: by a hash of what they are compiled from, and as a branch's newest.

use std::fmt::Write;

use super::branch_tag::branch_tag;
use crate::cli::session::Planned;
use crate::documents::dockerfile::{SeedInputs, seed_inputs};
use crate::engine::Engine;
use crate::files::content;
use crate::plan::hash::InputHash;
use crate::problem::Problem;

/// The branch that others begin with.
const MAIN: &str = "main";

/// The names of a chain's seed.
pub struct SeedNames {
    pub inputs: SeedInputs,
    /// The repository of the registry cache.
    pub repository: String,
    /// The hash of everything that decides how third-party crates compile.
    pub hash: String,
    /// The hash of what must be the same for another seed to be of use.
    pub environment: String,
    /// The image with this hash.
    pub own: String,
    /// The newest of the branch that is built.
    pub of_branch: String,
    pub of_main: String,
}

/// Returns the names of all chains' seeds, if there is a registry cache.
///
/// # Errors
/// `file-unreadable`.
pub fn seed_names(
    engine: &Engine,
    planned: &Planned,
    variables: &[(String, String)],
) -> Result<Option<Vec<SeedNames>>, Problem> {
    let Planned { root, plan, .. } = planned;
    let Some(repository) = variable("CACHE_REF") else {
        return Ok(None);
    };
    let branch = variable("CACHE_BRANCH").unwrap_or_else(|| MAIN.to_owned());
    let asked = variables.iter().find(|(name, _)| name == "PLATFORMS");
    let asked = asked.map(|(_, names)| names.clone());
    let platforms = asked.or_else(|| std::env::var("PLATFORMS").ok());
    let platforms = platforms.unwrap_or_else(|| plan.config.platforms.join(","));
    let (prefix, mut given) = match platforms.as_str() {
        "" => (String::new(), engine.platform().unwrap_or_default()),
        some => (some.replace(['/', ','], "-") + "..", some.to_owned()),
    };
    let base = variable("BUILDER_BASE").unwrap_or_else(|| plan.config.builder.clone());
    let _ = write!(given, " {base}");
    for name in plan.config.at_bake.variables() {
        let _ = write!(given, " {name}={}", variable(name).unwrap_or_default());
    }
    let names = seed_inputs(plan).into_iter().map(|inputs| {
        let environment = hash(
            "seed environment",
            &[("given", &given), ("stages", &inputs.environment)],
        );
        let sources = content::digest(root, &inputs.sources)?.to_hex();
        let variables = inputs.variables.iter();
        let variables: String = variables
            .map(|name| format!("{name}={:?} ", std::env::var_os(name)))
            .collect();
        let hash = hash(
            "seed",
            &[
                ("environment", &environment),
                ("stages", &inputs.stages),
                ("sources", &sources),
                ("variables", &variables),
            ],
        );
        let of = |branch: &str| {
            let branch = branch_tag(branch);
            format!("{repository}:deps..{prefix}{branch}{}", inputs.suffix)
        };
        Ok(SeedNames {
            own: format!("{repository}:deps-{hash}"),
            of_branch: of(&branch),
            of_main: of(MAIN),
            repository: repository.clone(),
            hash,
            environment,
            inputs,
        })
    });
    names.collect::<Result<_, _>>().map(Some)
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    value.filter(|value| !value.is_empty())
}

fn hash(kind: &str, parts: &[(&str, &str)]) -> String {
    let mut hash = InputHash::new(kind);
    for (name, value) in parts {
        hash.part(name, value);
    }
    hash.finish()
}
