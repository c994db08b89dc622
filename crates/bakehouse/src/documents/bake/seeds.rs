//! Names of seeds in a temporary Bake file, which is read after the committed one.

use hcl::Block;
use hcl::expr::{Object, ObjectKey};

use super::syntax::{Noted, label, names, text};
use crate::documents::labels::CREATED_LABEL;
use crate::plan::build::DEPS_SEED;

/// The label with the hash of everything that a seed was compiled from.
pub const SEED_LABEL: &str = "dev.bakehouse.seed";

/// The label with the hash of what must be the same for a seed to be of use: compiler, base, recipe, profile.
pub const SEED_ENVIRONMENT_LABEL: &str = "dev.bakehouse.seed-environment";

/// A seed to push.
pub struct SeedTarget<'a> {
    /// The target that writes it.
    pub target: &'a str,
    pub tags: [&'a str; 2],
    pub hash: &'a str,
    pub environment: &'a str,
    /// The time at which it is made, by RFC 3339.
    pub created: &'a str,
}

/// Renders the seed from which `target` fills cache mounts.
pub fn filled_from(target: &str, image: &str) -> String {
    let image = text(&format!("docker-image://{image}"));
    let block = Block::builder("target")
        .add_label(target)
        .add_attribute(("contexts", label(DEPS_SEED, image)))
        .build();
    Noted::new("", block).text()
}

/// Renders the tags and labels of a seed.
pub fn seed(seed: &SeedTarget<'_>) -> String {
    let labels = [
        (SEED_LABEL, seed.hash),
        (SEED_ENVIRONMENT_LABEL, seed.environment),
        (CREATED_LABEL, seed.created),
    ];
    let labels = labels.map(|(name, value)| (ObjectKey::Expression(name.into()), text(value)));
    let labels = hcl::Expression::Object(Object::from_iter(labels));
    let block = Block::builder("target")
        .add_label(seed.target)
        .add_attribute(("tags", names(seed.tags)))
        .add_attribute(("labels", labels))
        .build();
    Noted::new("", block).text()
}
