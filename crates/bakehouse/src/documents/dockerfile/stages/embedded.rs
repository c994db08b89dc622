//! `image-*`: an image of another Dockerfile that stages are built from.

use crate::documents::dockerfile::model::Stage;
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::config::valid::stage_of;

/// Renders the stages that the Bake file and Compose replace by the images. They have nothing, so that a build without
/// the image fails.
pub fn placeholders(plan: &Plan) -> Vec<Stage> {
    let stages = plan.images_of_stages().into_iter().map(|image| {
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
