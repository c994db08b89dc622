//! Rendering of the whole Dockerfile and of the scripts that its steps call.

use std::collections::{BTreeMap, BTreeSet};

use super::environment::Environment;
use super::model::{Mount, Stage};
use super::script::Script;
use super::stages::{
    auditable, binary, compiled, cross, dependencies, embedded, fetched, glibc, image, library,
    mounted, rootfs, seed, toolchain, vendor, zig,
};
use crate::documents::document::Document;
use crate::documents::header::with_header;
use crate::plan::Plan;
use crate::plan::base_checks::BaseChecks;
use crate::plan::config::valid::Strategy;
use crate::plan::stage::Selection;

/// Renders the Dockerfile and its scripts.
pub fn render(plan: &Plan) -> Vec<Document> {
    let stages = stages(plan);
    let mut text = about(plan);
    text += &format!("\nARG BUILDER_BASE={}\n", plan.config.builder);
    text += &format!("ARG RUNTIME_BASE={}\n", plan.config.runtime);
    for stage in &stages {
        text += &format!("\n{stage}");
    }
    let dockerfile = Document {
        path: plan.output("Dockerfile"),
        text: with_header(&text),
    };
    let scripts = scripts(&stages).into_iter().map(|script| Document {
        path: script.file(&plan.scripts_folder()),
        text: with_header(script.text()),
    });
    std::iter::once(dockerfile).chain(scripts).collect()
}

/// Returns the first lines of the Dockerfile, for somebody who reads it for the first time.
fn about(plan: &Plan) -> String {
    let skeleton = plan.skeleton_folder();
    format!(
        "\
# A stage runs again if something changes that it mounts, and so do the stages that mount its output. Third-party crates
# are compiled from {skeleton}/deps, the workspace's own packages from their sources and {skeleton}/own. These
# manifests are copies: run `bakehouse generate` after an edit of a Cargo.toml.
"
    )
}

/// Returns the names of all stages.
pub fn stage_names(plan: &Plan) -> BTreeSet<String> {
    stages(plan)
        .into_iter()
        .map(|stage| String::from(stage.name))
        .collect()
}

/// Returns the text of each stage.
pub fn stage_texts(plan: &Plan) -> BTreeMap<String, String> {
    stages(plan)
        .into_iter()
        .map(|stage| (stage.name.to_string(), stage.to_string()))
        .collect()
}

/// Returns the ids of all cache mounts, without the platform that they end with.
pub fn mount_ids(plan: &Plan) -> BTreeSet<String> {
    let stages = stages(plan);
    let mounts = stages.iter().flat_map(Stage::mounts);
    let ids = mounts.filter_map(|mount| match mount {
        Mount::Cache { id, .. } => Some(id.split('$').next().unwrap_or(id).to_owned()),
        _ => None,
    });
    ids.collect()
}

/// Returns the scripts that steps mount.
fn scripts(stages: &[Stage]) -> BTreeSet<Script> {
    let mounts = stages.iter().flat_map(Stage::mounts);
    let scripts = mounts.filter_map(|mount| match mount {
        Mount::Script { script, .. } => Some(*script),
        _ => None,
    });
    scripts.collect()
}

fn stages(plan: &Plan) -> Vec<Stage> {
    let mut stages = vec![toolchain::stage(plan), vendor::stage(plan)];
    // A mount can only name an earlier stage.
    stages.extend(fetched::stages(plan));
    stages.extend(embedded::placeholders(plan));
    stages.extend(cross::stage(plan));
    stages.extend(zig::stage(plan));
    stages.extend(auditable::stage(plan));
    stages.extend(glibc::stages(plan));
    let checks = BaseChecks::new(plan);
    for selection in &plan.selections {
        stages.extend(compile_stages(plan, &checks, selection));
    }
    stages.extend(glibc::checks(&checks));
    let runtimes = plan.runtimes.iter();
    stages.extend(runtimes.map(|base| image::base(plan, base)));
    let files = plan.image_files();
    stages.extend(files.iter().map(|files| rootfs::stage(plan, files)));
    // A mount can only name an earlier stage.
    stages.push(compiled::stage(plan, &checks, &files));
    stages.push(seed::placeholder());
    for selection in &plan.selections {
        let environment = Environment::new(plan, selection);
        stages.extend([seed::reader(&environment), seed::writer(&environment)]);
    }
    let services = plan.services.iter();
    stages.extend(services.map(|service| image::service(plan, &checks, service, &files)));
    let binaries = plan.pack_binaries();
    stages.extend(binaries.map(|binary| image::pack_binary(&checks, binary)));
    stages
}

fn compile_stages(plan: &Plan, checks: &BaseChecks<'_>, selection: &Selection) -> Vec<Stage> {
    let environment = Environment::new(plan, selection);
    let mut stages = vec![environment.stage()];
    let binary_stages = selection.binary_stages.iter();
    match plan.config.strategy {
        Strategy::Layer => {
            stages.push(dependencies::stage(&environment));
            let libraries = selection.library_stages();
            stages.extend(
                libraries
                    .iter()
                    .map(|stage| library::stage(&environment, stage)),
            );
            stages.extend(
                binary_stages.map(|binary_stage| binary::stage(&environment, checks, binary_stage)),
            );
        }
        Strategy::Mount => stages.extend(
            binary_stages.map(|binary_stage| mounted::stage(&environment, checks, binary_stage)),
        ),
    }
    stages
}

/// Returns Cargo's folder for the outputs of a profile.
pub fn profile_folder(profile: &str) -> &str {
    match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    }
}
