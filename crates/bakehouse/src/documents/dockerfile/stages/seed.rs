//! `deps-save` and `deps-fill`: an image of what a builder compiled, and the step that fills the cache mounts of an empty
//! builder from it. No other stage depends on them, so a seed is in no cache key: it saves time and decides nothing.

use super::dependencies::target_cache;
use super::mounted;
use crate::documents::dockerfile::environment::{Environment, run};
use crate::documents::dockerfile::model::{Instruction, Mount, Stage};
use crate::documents::dockerfile::mounts;
use crate::documents::dockerfile::platform;
use crate::documents::dockerfile::script::{Call, Script};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::build::{COMPILED, DEPS_SEED, TURN};
use crate::plan::config::valid::Strategy;

/// The folder of third-party crates in the image.
const TARGET: &str = "/deps/out/target";

/// The folder of what was compiled upon them.
const KEPT: &str = "/seed";

/// Renders the stage that the Bake file replaces by an earlier seed.
pub fn placeholder() -> Stage {
    Stage {
        comment: vec![format!(
            "{DEPS_SEED}: empty. The Bake file puts the seed of an earlier build in its place."
        )],
        from: "scratch".to_owned(),
        name: StageName::new(DEPS_SEED),
        instructions: [TARGET, KEPT]
            .map(|folder| Instruction::Workdir(folder.to_owned()))
            .into(),
    }
}

/// Renders the stage that fills the cache mounts.
pub fn reader(environment: &Environment<'_>) -> Stage {
    let selection = environment.selection;
    let name = selection.deps_fill();
    let mut mounts = vec![
        Mount::stage(DEPS_SEED, TARGET, "/deps-seed/target"),
        Mount::stage(DEPS_SEED, KEPT, "/deps-seed/kept"),
        // Not needed, but so the crates are fetched while the seed is.
        Mount::stage("vendor", "/vendor/out", mounts::CARGO_HOME),
    ];
    mounts.extend(caches(environment));
    Stage {
        comment: vec![format!(
            "{name}: fills the cache mounts of an empty builder from {DEPS_SEED}. To be run before the other stages, none of which depends on it."
        )],
        from: String::from(&environment.stage),
        name,
        instructions: vec![
            Instruction::Arg(platform_variable(environment.plan).to_owned()),
            Instruction::Arg(TURN.to_owned()),
            run(environment.plan, false, mounts, Call::of(Script::Fill)),
        ],
    }
}

/// Renders the stage whose image is a seed.
pub fn writer(environment: &Environment<'_>) -> Stage {
    let (plan, selection) = (environment.plan, environment.selection);
    let name = selection.deps_save();
    let (from, caches) = match plan.config.strategy {
        Strategy::Layer => (selection.deps(), vec![mounts::kept(plan, selection)]),
        Strategy::Mount => (environment.stage.clone(), caches(environment)),
    };
    // It is empty, and there when everything is compiled.
    let mut mounts = vec![Mount::stage(COMPILED, "/etc", "/compiled")];
    mounts.extend(caches);
    Stage {
        comment: vec![format!(
            "{name}: what this builder compiled, for {}.",
            selection.deps_fill()
        )],
        from: String::from(from),
        name,
        instructions: vec![
            Instruction::Arg(platform_variable(plan).to_owned()),
            Instruction::Arg(TURN.to_owned()),
            run(plan, false, mounts, Call::of(Script::Save)),
        ],
    }
}

/// Returns the id of the mount of the target folder, without its platform.
pub fn target_mount(environment: &Environment<'_>) -> String {
    let caches = caches(environment);
    let ids = caches.iter().filter_map(|mount| match mount {
        Mount::Cache {
            id, shared: false, ..
        } => id.split("${").next(),
        _ => None,
    });
    ids.collect()
}

fn caches(environment: &Environment<'_>) -> Vec<Mount> {
    let (plan, selection) = (environment.plan, environment.selection);
    let variable = platform_variable(plan);
    match plan.config.strategy {
        Strategy::Layer => vec![
            target_cache(plan, &selection.deps(), variable),
            mounts::kept(plan, selection),
        ],
        Strategy::Mount => vec![target_cache(
            plan,
            &mounted::purpose(plan, selection),
            variable,
        )],
    }
}

fn platform_variable(plan: &Plan) -> &'static str {
    match plan.config.strategy {
        Strategy::Layer => platform::of_compiler(plan),
        Strategy::Mount => mounted::PLATFORM,
    }
}
