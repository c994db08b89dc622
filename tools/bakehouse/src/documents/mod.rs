//! The text of every generated file. Pure, and it cannot fail: whatever could be wrong was found by the plan.

pub mod bake;
pub mod dockerfile;
pub mod ignore;
pub mod proposal;
pub mod seal;
pub mod skeleton;

use camino::Utf8PathBuf;

use crate::plan::Plan;

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Relative to the context.
    pub path: Utf8PathBuf,
    pub text: String,
}

/// All files of `plan`, sorted by path.
pub fn render(plan: &Plan) -> Vec<Document> {
    let mut documents = vec![
        bake::render(plan),
        dockerfile::render(plan),
        ignore::render(plan),
    ];
    documents.extend(skeleton::render(plan));
    documents.sort_by(|a, b| a.path.cmp(&b.path));
    documents
}
