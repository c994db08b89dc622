//! `image-*`: an image of another Dockerfile whose files a package embeds.

use std::collections::BTreeSet;

use crate::documents::dockerfile::model::Stage;
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::other_image::stage_of;

/// Renders the stages that the Bake file and Compose replace by the images. They have nothing, so that a build without
/// the image fails.
pub fn placeholders(plan: &Plan) -> Vec<Stage> {
    let embedded = plan.embedded(plan.packages.keys()).into_iter();
    let names: BTreeSet<&str> = embedded.map(|embedded| embedded.image.as_str()).collect();
    let stages = names.into_iter().map(|image| {
        let name = stage_of(image);
        Stage {
            comment: vec![format!(
                "{name}: empty. The Bake file and Compose put the image {image} in its place."
            )],
            from: "scratch".to_owned(),
            name: StageName::new(name),
            instructions: Vec::new(),
        }
    });
    stages.collect()
}
