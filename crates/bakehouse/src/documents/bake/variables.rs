//! The variables of the Bake file.

use hcl::Block;

use super::syntax::{Noted, validated, variable};
use super::{at_bake, checked};
use crate::plan::Plan;

/// The creation time, which all compilations get.
pub const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The SSH agent for the step that fetches crates.
pub const AGENT: &str = "SSH_AUTH_SOCK";

/// The image that an empty builder begins with.
pub const SEED: &str = "DEPS_SEED";

/// Returns all variables.
pub fn variables(plan: &Plan) -> Vec<Noted> {
    let config = &plan.config;
    let mut variables = vec![
        validated(
            variable(
                "REGISTRY",
                config.registry(),
                "Registry and namespace of the images, or several, separated by commas; empty for local names",
            ),
            checked::registry(),
        ),
        validated(
            variable(
                "TAG",
                &config.bake.usual_tag,
                "Tag of the images, or several, separated by commas",
            ),
            checked::tag(),
        ),
        variable(
            "PLATFORMS",
            &config.platforms.join(","),
            "Platforms, separated by commas; empty for the builder's own",
        ),
        variable(
            "BUILDER_BASE",
            &config.builder,
            "Image with the Rust toolchain",
        ),
        variable(
            "RUNTIME_BASE",
            &config.runtime,
            "Image that the services run on",
        ),
        validated(
            variable("CACHE_REF", "", &cache_description(plan)),
            checked::cache(),
        ),
        variable(
            "CACHE_FROM",
            "",
            "More registry caches to read, with their tags, separated by commas",
        ),
        validated(
            variable(
                "CACHE_BRANCH",
                "main",
                "Branch whose cache is written; main's is read too",
            ),
            [checked::branch()],
        ),
        variable(
            SEED,
            "",
            "Image of what an earlier build compiled, for `deps-fill`; empty for none",
        ),
        variable(
            EPOCH,
            "0",
            "Time of creation of the images, in seconds since 1970",
        ),
        variable(
            "REVISION",
            "",
            "Commit of the images, for their label; empty for none",
        ),
        variable(
            "PROVENANCE",
            "",
            "Attestation of how images were built: min or max; empty for none",
        ),
        variable(
            "SBOM",
            "",
            "Attestation of the content of images: true, or the image that scans them; empty for none",
        ),
    ];
    variables.extend(at_bake::variables(plan));
    variables.extend(own_variables(plan).map(|(name, packages)| {
        variable(
            name,
            "",
            &format!(
                "Given to the compilation of {}; empty for none",
                packages.join(", ")
            ),
        )
    }));
    variables.extend(secret_variables(plan));
    variables
        .into_iter()
        .map(|block| Noted::new("", block))
        .collect()
}

/// Returns the variables that compilations get, except `SOURCE_DATE_EPOCH`, which all of them get.
pub fn own_variables(plan: &Plan) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let variables = plan.variables().into_iter();
    variables.filter(|(name, _)| *name != EPOCH)
}

/// Returns the variables with the paths of secret files. Secrets that are variables themselves are not among Bake's
/// variables, since Bake would show them.
fn secret_variables(plan: &Plan) -> Vec<Block> {
    let secrets = &plan.config.secrets;
    let files = secrets.files.iter().map(|(name, path)| {
        let description =
            format!("Path of the file that steps with network find as {path}; empty for none");
        variable(name, "", &description)
    });
    let agent = variable(
        AGENT,
        "",
        "SSH agent for the step that fetches crates; empty for none",
    );
    files.chain(secrets.ssh.then_some(agent)).collect()
}

fn cache_description(plan: &Plan) -> String {
    let example = if plan.config.cache_ref.is_empty() {
        "registry.example/cache"
    } else {
        &plan.config.cache_ref
    };
    format!("Repository of the registry cache, e.g. {example}; empty for none")
}
