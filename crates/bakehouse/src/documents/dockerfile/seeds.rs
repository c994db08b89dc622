//! The inputs of seeds, from which their names are computed.

use super::environment::Environment;
use super::model::{Instruction, Mount, Stage};
use super::stages::{cross, dependencies, fetched, seed, toolchain, vendor, zig};
use crate::context_path::ContextPath;
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::config::valid::Strategy;
use crate::plan::stage::Selection;

/// The seed of a selection.
pub struct SeedInputs {
    /// The target that fills the builder's cache mounts.
    pub fill: StageName,
    /// The target that writes the seed.
    pub save: StageName,
    /// The suffix of the selection's stages.
    pub suffix: String,
    /// The names of the services and pack binaries that the selection compiles.
    pub outputs: Vec<String>,
    /// The id of the cache mount of its target folder, up to the platform.
    pub mount: String,
    /// Text that is the same for all seeds that a build can begin with: compiler, base, profile, strategy, scripts.
    pub environment: String,
    /// The stages whose steps compile third-party crates.
    pub stages: String,
    /// The variables that these steps get.
    pub variables: Vec<String>,
    /// The paths of the context that these steps mount.
    pub sources: Vec<ContextPath>,
}

/// Returns the inputs of the seeds of all selections.
pub fn seed_inputs(plan: &Plan) -> Vec<SeedInputs> {
    let selections = plan.selections.iter();
    selections
        .map(|selection| inputs(plan, selection))
        .collect()
}

fn inputs(plan: &Plan, selection: &Selection) -> SeedInputs {
    let environment = Environment::new(plan, selection);
    let mut below = vec![toolchain::stage(plan)];
    below.extend(cross::stage(plan));
    below.extend(zig::stage(plan));
    let mut all = vec![vendor::stage(plan), environment.stage()];
    all.extend(fetched::stages(plan).into_iter().map(without_addresses));
    // With the strategy `mount`, no stage compiles third-party crates alone. They come from the same files.
    all.push(dependencies::stage(&environment));
    let mounts = below.iter().chain(&all).flat_map(Stage::mounts);
    let mut sources: Vec<ContextPath> = Vec::new();
    let mut scripts = String::new();
    for mount in mounts {
        match mount {
            Mount::Context { source, .. } => sources.push(source.clone()),
            Mount::Script { script, .. } => scripts += script.text(),
            _ => {}
        }
    }
    sources.sort();
    sources.dedup();
    let strategy = match plan.config.strategy {
        Strategy::Layer => "layer",
        Strategy::Mount => "mount",
    };
    SeedInputs {
        fill: selection.deps_fill(),
        save: selection.deps_save(),
        suffix: selection.suffix.clone(),
        outputs: selection.outputs.clone(),
        mount: seed::target_mount(&environment),
        environment: format!(
            "{strategy} {} {}\n{}{scripts}",
            selection.settings.profile,
            plan.config.builder,
            text(&below)
        ),
        stages: text(&all),
        variables: selection
            .third_party_variables()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        sources,
    }
}

/// Returns a stage that fetches files without their addresses, which do not change the files.
fn without_addresses(mut stage: Stage) -> Stage {
    for instruction in &mut stage.instructions {
        if let Instruction::Add { url, .. } = instruction {
            url.clear();
        }
    }
    stage
}

fn text(stages: &[Stage]) -> String {
    stages.iter().map(Stage::to_string).collect()
}
