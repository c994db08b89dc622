//! The images that other targets are built from.

use std::collections::BTreeSet;

use hcl::expr::{Object, ObjectKey};
use hcl::{BlockBuilder, Expression};

use super::syntax::text;
use crate::names::TargetName;
use crate::plan::config::valid::stage_of;

/// Adds the images that a target is built from.
pub fn with_images(block: BlockBuilder, images: BTreeSet<&TargetName>) -> BlockBuilder {
    let contexts = images.into_iter().map(|image| {
        let name = ObjectKey::Expression(stage_of(image).into());
        (name, text(&format!("target:{image}")))
    });
    let contexts = Object::from_iter(contexts);
    if contexts.is_empty() {
        return block;
    }
    block.add_attribute(("contexts", Expression::Object(contexts)))
}
