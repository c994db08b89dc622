//! The text of every generated file. Pure, and it cannot fail: whatever could be wrong was found by the plan.

pub mod attributes;
pub mod bake;
pub mod ci;
pub mod compose;
pub mod dockerfile;
pub mod graph;
pub mod header;
pub mod ignore;
pub mod init_packs;
mod labels;
pub mod proposal;
pub mod skeleton;
pub mod yaml;

use camino::Utf8PathBuf;

use crate::graph::parallel::parallel_map;
use crate::plan::Plan;

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Relative to the context.
    pub path: Utf8PathBuf,
    pub text: String,
}

/// Files that not every plan has, in the folder of the generated files.
pub const OPTIONAL: [&str; 3] = [compose::COMPOSE, compose::OCI, init_packs::SCRIPT];

/// All files of `plan`, sorted by path.
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
