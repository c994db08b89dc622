//! The images that other targets are built from.

use hcl::expr::{Object, ObjectKey};
use hcl::{BlockBuilder, Expression};

use super::syntax::text;
use crate::names::PackageName;
use crate::plan::Plan;
use crate::plan::other_image::stage_of;

/// Adds the images whose files the builds of `packages` read.
pub fn with_embedded<'a>(
    block: BlockBuilder,
    plan: &'a Plan,
    packages: impl IntoIterator<Item = &'a PackageName>,
) -> BlockBuilder {
    let embedded = plan.embedded(packages).into_iter();
    let contexts = embedded.map(|embedded| {
        let name = ObjectKey::Expression(stage_of(&embedded.image).into());
        (name, text(&format!("target:{}", embedded.image)))
    });
    let contexts = Object::from_iter(contexts);
    if contexts.is_empty() {
        return block;
    }
    block.add_attribute(("contexts", Expression::Object(contexts)))
}
