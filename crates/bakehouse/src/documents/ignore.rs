//! `docker/Dockerfile.dockerignore`, which reduces the context to the files that images are built from.

use super::document::Document;
use super::header::with_header;
use crate::graph::sources::NEVER_SOURCES;
use crate::plan::Plan;

/// Renders an allowlist: everything is excluded, then the plan's paths are included, then files that are never sources
/// are excluded again. The last match wins.
pub fn render(plan: &Plan) -> Document {
    let mut text = "*\n".to_owned();
    for path in &plan.context {
        text += &format!("!{path}\n");
    }
    text += &format!(
        "# The images are built from the manifests in {}.\n",
        plan.skeleton_folder()
    );
    for member in plan.skeleton.members.values() {
        text += &format!("{}\n", member.path("Cargo.toml"));
    }
    for name in NEVER_SOURCES {
        text += &format!("**/{name}\n");
    }
    for path in &plan.kept {
        text += &format!("!{path}\n");
    }
    if !plan.left_out.is_empty() {
        text += "# Tests, benches and examples, which no source names.\n";
    }
    for path in &plan.left_out {
        text += &format!("{path}\n");
    }
    for path in &plan.put_back {
        text += &format!("!{path}\n");
    }
    Document {
        path: plan.output("Dockerfile.dockerignore"),
        text: with_header(&text),
    }
}
