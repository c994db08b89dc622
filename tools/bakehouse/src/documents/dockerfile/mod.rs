//! `docker/Dockerfile`: one file for all targets. BuildKit runs only the stages that a target needs, and
//! shared ones once.

mod compile;
mod model;
mod runtime;
mod third_party;

use super::{Document, HEADER};
use crate::plan::Plan;
use model::Stage;

/// The folder that the workspace stands in inside the builder.
const BUILD: &str = "/build";

/// Renders the Dockerfile.
pub fn render(plan: &Plan) -> Document {
    let mut text = format!("# {HEADER}\n\n");
    text += &format!("ARG BUILDER_BASE={}\n", plan.config.builder);
    text += &format!("ARG RUNTIME_BASE={}\n", plan.config.runtime);
    for stage in stages(plan) {
        text += &format!("\n{stage}");
    }
    Document {
        path: "docker/Dockerfile".into(),
        text,
    }
}

fn stages(plan: &Plan) -> Vec<Stage> {
    let mut stages = vec![third_party::toolchain(plan), third_party::vendor(plan)];
    for selection in &plan.selections {
        stages.push(third_party::deps(plan, selection));
        stages.extend(
            selection
                .libraries
                .iter()
                .map(|stage| compile::library(plan, selection, stage)),
        );
        stages.extend(
            selection
                .leaves
                .iter()
                .map(|stage| compile::binary(plan, selection, stage)),
        );
    }
    stages.extend(
        plan.services
            .iter()
            .map(|service| runtime::service(plan, service)),
    );
    stages.extend(plan.pack_binaries().map(runtime::pack_binary));
    stages
}
