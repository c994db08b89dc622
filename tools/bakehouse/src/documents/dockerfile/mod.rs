//! `docker/Dockerfile`: one file for all targets. BuildKit runs only the stages that a target needs, and
//! shared ones once.

mod auditable;
mod compiled;
mod cross;
mod files;
mod floor;
mod glibc;
mod layered;
mod model;
mod mounted;
pub mod runtime;
mod secrets;
mod third_party;
mod toolchain;
mod vendor;
mod wrapper;

use std::collections::BTreeSet;

use super::Document;
use super::header::with_header;
use crate::plan::Plan;
use crate::plan::config::valid::Strategy;
use model::Stage;
pub use third_party::profile_folder;

/// The folder that the workspace stands in inside the builder.
const BUILD: &str = "/build";

/// What a leaf puts into an image. One level down: BuildKit checksums the whole folder that a copied path stands in.
const IMAGE: &str = "/dist/image";

/// The binaries there.
const BINARIES: &str = "/dist/image/usr/local/bin";

/// Renders the Dockerfile.
pub fn render(plan: &Plan) -> Document {
    let mut text = format!("\nARG BUILDER_BASE={}\n", plan.config.builder);
    text += &format!("ARG RUNTIME_BASE={}\n", plan.config.runtime);
    for stage in stages(plan) {
        text += &format!("\n{stage}");
    }
    Document {
        path: plan.output("Dockerfile"),
        text: with_header(&text),
    }
}

/// Returns the names of all stages.
pub fn stage_names(plan: &Plan) -> BTreeSet<String> {
    stages(plan).into_iter().map(|stage| stage.name).collect()
}

fn stages(plan: &Plan) -> Vec<Stage> {
    let mut stages = vec![toolchain::stage(plan), vendor::stage(plan)];
    stages.extend(cross::stage(plan));
    stages.extend(floor::stage(plan));
    stages.extend(auditable::stage(plan));
    stages.extend(glibc::stages(plan));
    for selection in &plan.selections {
        stages.extend(match plan.config.strategy {
            Strategy::Layer => layered::stages(plan, selection),
            Strategy::Mount => mounted::stages(plan, selection),
        });
    }
    stages.extend(plan.runtimes.iter().map(|base| runtime::base(plan, base)));
    let files = plan.image_files();
    stages.extend(files::stages(plan, &files));
    // A mount has to name a stage that comes before.
    stages.push(compiled::stage(plan, &files));
    stages.extend(
        plan.services
            .iter()
            .map(|service| runtime::service(plan, service, &files)),
    );
    stages.extend(plan.pack_binaries().map(runtime::pack_binary));
    stages
}
