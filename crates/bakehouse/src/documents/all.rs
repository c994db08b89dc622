//! Rendering of all files of a plan.

use super::document::Document;
use super::{bake, compose, dockerfile, ignore, init_packs, skeleton};
use crate::graph::parallel::parallel_map;
use crate::plan::Plan;

/// Files in the folder of generated files that only some plans have.
pub const OPTIONAL: [&str; 3] = [compose::COMPOSE, compose::OCI, init_packs::SCRIPT];

/// Renders all files of `plan`, sorted by path.
pub fn render(plan: &Plan) -> Vec<Document> {
    let mut all: Vec<fn(&Plan) -> Vec<Document>> = vec![
        dockerfile::render,
        |plan| vec![bake::render(plan), ignore::render(plan)],
        skeleton::render,
    ];
    if plan.config.compose {
        all.push(compose::render);
        if !plan.packs.is_empty() {
            all.push(|plan| vec![init_packs::render(plan)]);
        }
    }
    let documents = parallel_map(&all, |render| render(plan));
    let mut documents: Vec<Document> = documents.into_iter().flatten().collect();
    documents.sort_by(|a, b| a.path.cmp(&b.path));
    documents
}
