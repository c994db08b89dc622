//! `build-*` under the strategy `mount`: all services compile in one target folder, which a builder keeps in a cache
//! mount.

use std::collections::{BTreeMap, BTreeSet};

use super::binary::{about, audited, is_wrapped, link};
use super::dependencies::{target_mounts, target_scripts};
use super::library::{
    as_is_mounts, compile_scripts, files, manifest_mount, root_manifest_mount, source_mounts,
};
use super::{auditable, glibc, shared};
use crate::context_path::ContextPath;
use crate::documents::dockerfile::environment::{Environment, Step, listed};
use crate::documents::dockerfile::given;
use crate::documents::dockerfile::model::Stage;
use crate::documents::dockerfile::script::Script;
use crate::plan::Plan;
use crate::plan::base_checks::BaseChecks;
use crate::plan::stage::{CompileStage, Selection};

/// The variable that separates the target folders. A changed package is cleaned for one platform only.
pub const PLATFORM: &str = "TARGETPLATFORM";

/// Renders the stage.
pub fn stage(
    environment: &Environment<'_>,
    checks: &BaseChecks<'_>,
    binary_stage: &CompileStage,
) -> Stage {
    let (plan, selection) = (environment.plan, environment.selection);
    let closure = closure(selection, binary_stage);
    let as_is: BTreeSet<&ContextPath> = closure.iter().flat_map(|stage| &stage.as_is).collect();
    let mut mounts = target_mounts(plan, &purpose(plan, selection), PLATFORM);
    mounts.push(root_manifest_mount(plan, binary_stage));
    for stage in &closure {
        mounts.extend(manifest_mount(plan, stage));
        mounts.extend(source_mounts(stage));
    }
    mounts.extend(as_is_mounts(&as_is));
    mounts.extend(audited(plan, binary_stage));
    mounts.extend(given::mounts(environment));
    mounts.extend(glibc::mounts(checks, &binary_stage.name));
    let scripts = target_scripts(plan).into_iter();
    let (call, further) = shared::call(plan, binary_stage, Script::Mounted, Script::MountedCdylib);
    let call = link(call, binary_stage).input("CLOSURE", table(plan, &closure));
    let (call, guarded) = given::guarded(environment, call);
    environment.compile(Step {
        name: binary_stage.name.clone(),
        comment: about(binary_stage),
        platform: PLATFORM,
        arguments: binary_stage.variables.clone(),
        mounts,
        scripts: scripts
            .chain(compile_scripts(is_wrapped(plan, binary_stage, &as_is)))
            .chain(further)
            .chain(guarded)
            .collect(),
        call,
    })
}

/// Returns the purpose in the id of the cache mount.
pub fn purpose(plan: &Plan, selection: &Selection) -> String {
    format!("target{}{}", selection.suffix, auditable::in_a_name(plan))
}

/// Returns the libraries of a binary stage in compile order, then the stage itself.
fn closure<'a>(selection: &'a Selection, binary_stage: &'a CompileStage) -> Vec<&'a CompileStage> {
    let libraries: BTreeMap<&str, &CompileStage> = selection
        .path_dependencies
        .iter()
        .chain(&selection.libraries)
        .map(|library| (library.package.as_str(), library))
        .collect();
    let needed = binary_stage
        .needs
        .iter()
        .filter(|package| **package != binary_stage.package);
    needed
        .map(|package| libraries[package.as_str()])
        .chain([binary_stage])
        .collect()
}

/// Returns a line for each package: its name, its files, the variables that its compilation gets, and the packages that
/// it needs.
fn table(plan: &Plan, closure: &[&CompileStage]) -> Vec<String> {
    let lines = closure.iter().map(|stage| {
        let as_is = stage.as_is.iter().map(|path| format!("/as-is/{path}"));
        let files: Vec<String> = files(plan, stage).into_iter().chain(as_is).collect();
        let variables = plan.config.variables.get(&stage.package);
        let variables: Vec<&str> = variables
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let needed = closure
            .iter()
            .filter(|other| stage.needs.contains(&other.package) && other.package != stage.package);
        let needed: Vec<&str> = needed.map(|other| other.package.as_str()).collect();
        let line = [
            listed(plan, &stage.package),
            files.join(" "),
            variables.join(" "),
            needed.join(" "),
        ];
        line.join(" | ").trim_end().to_owned()
    });
    lines.collect()
}
