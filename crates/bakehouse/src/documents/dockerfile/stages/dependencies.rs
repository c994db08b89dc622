//! `deps`: the third-party crates of a selection, compiled once. They are compiled in a cache mount, so that a builder
//! that keeps it compiles only an added dependency. A layer keeps the result for all others.

use super::library::source_mounts;
use crate::documents::dockerfile::environment::{Environment, Step, spec};
use crate::documents::dockerfile::model::{Mount, Stage};
use crate::documents::dockerfile::mounts::BUILD;
use crate::documents::dockerfile::script::{Call, Script};
use crate::documents::dockerfile::{given, mounts, platform};
use crate::plan::Plan;
use crate::plan::stage::Selection;

/// Renders the stage.
pub fn stage(environment: &Environment<'_>) -> Stage {
    let (plan, selection) = (environment.plan, environment.selection);
    let platform = platform::of_compiler(plan);
    let mut mounts = target_mounts(plan, &selection.deps(), platform);
    mounts.extend(given::mounts(environment));
    mounts.extend(of_earlier(plan, selection));
    mounts.extend(selection.path_dependencies.iter().flat_map(source_mounts));
    let path_dependencies = selection
        .path_dependencies
        .iter()
        .map(|stage| spec(plan, &stage.package));
    let call = Call::of(Script::Dependencies).arguments(path_dependencies);
    let (call, guarded) = given::guarded(environment, call);
    let mut scripts = target_scripts(plan);
    scripts.extend(guarded);
    let variables = selection
        .third_party_variables()
        .into_iter()
        .map(str::to_owned);
    environment.compile(Step {
        name: selection.deps(),
        comment: format!(
            "{}: every third-party crate, compiled once and shared by all services.",
            selection.deps()
        ),
        platform,
        arguments: variables.collect(),
        mounts,
        scripts,
        call,
    })
}

/// Returns the mount of what an earlier selection with the same settings compiled. Cargo takes those crates from it that are
/// the same in both.
fn of_earlier(plan: &Plan, selection: &Selection) -> Option<Mount> {
    let mut earlier = plan
        .selections
        .iter()
        .take_while(|other| other.suffix != selection.suffix);
    let same = earlier.find(|other| other.settings == selection.settings)?;
    Some(Mount::stage(&same.deps(), "/deps/out/target", "/earlier"))
}

/// Returns the mounts of a step that uses a kept target folder and lays out the skeleton. There is one target folder
/// for each value of the variable `platform`.
pub fn target_mounts(plan: &Plan, purpose: &str, platform: &str) -> Vec<Mount> {
    let target = target_cache(plan, purpose, platform);
    let skeleton = Mount::context(&plan.skeleton_folder().join("deps"), "/skeleton");
    let configs = plan.cargo_configs.iter();
    let configs = configs.map(|path| Mount::context(path, format!("/cargo-config/{path}")));
    [target, skeleton].into_iter().chain(configs).collect()
}

/// Returns the mount of a kept target folder.
pub fn target_cache(plan: &Plan, purpose: &str, platform: &str) -> Mount {
    // The guard cannot compare a folder from before any crate was given something.
    let purpose = match given::given(plan) {
        true => format!("given-{purpose}"),
        false => purpose.to_owned(),
    };
    Mount::Cache {
        id: mounts::compiled_id(plan, &purpose, platform),
        target: format!("{BUILD}/target"),
        shared: false,
    }
}

/// Returns the further scripts of such a step.
pub fn target_scripts(plan: &Plan) -> Vec<Script> {
    let mut scripts = vec![Script::Target];
    scripts.extend(plan.config.cross().then_some(Script::Platforms));
    scripts.extend((!plan.local_sources.is_empty()).then_some(Script::Folders));
    scripts
}
