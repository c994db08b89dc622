//! The text of every generated file. Pure, and it cannot fail: whatever could be wrong was found by the plan.

pub mod bake;
pub mod compose;
pub mod dockerfile;
pub mod ignore;
pub mod init_packs;
pub mod proposal;
pub mod seal;
pub mod skeleton;
pub mod yaml;

use camino::Utf8PathBuf;

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
    let mut documents = vec![
        bake::render(plan),
        dockerfile::render(plan),
        ignore::render(plan),
    ];
    documents.extend(skeleton::render(plan));
    if plan.config.compose {
        documents.extend(compose::render(plan));
        if !plan.packs.is_empty() {
            documents.push(init_packs::render(plan));
        }
    }
    documents.sort_by(|a, b| a.path.cmp(&b.path));
    documents
}
