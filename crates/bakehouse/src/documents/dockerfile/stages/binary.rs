//! `build-*` under the strategy `layer`: a binary, which is alone in its layer.

use std::collections::BTreeSet;

use super::library::{
    as_is_mounts, keeping_scripts, manifest_mount, outputs, root_manifest_mount, source_mounts,
    third_party,
};
use super::{auditable, glibc, shared};
use crate::context_path::ContextPath;
use crate::documents::dockerfile::environment::{Environment, Step};
use crate::documents::dockerfile::model::{Mount, Stage};
use crate::documents::dockerfile::mounts::kept;
use crate::documents::dockerfile::platform;
use crate::documents::dockerfile::script::{Call, Script};
use crate::plan::Plan;
use crate::plan::base_checks::BaseChecks;
use crate::plan::stage::CompileStage;

/// The folder that is copied into an image. It is one level down because BuildKit checksums the whole parent folder of
/// a copied path.
pub const IMAGE: &str = "/dist/image";

/// The folder of the binaries in [`IMAGE`].
pub const BINARIES: &str = "/dist/image/usr/local/bin";

/// Renders the stage.
pub fn stage(
    environment: &Environment<'_>,
    checks: &BaseChecks<'_>,
    stage: &CompileStage,
) -> Stage {
    let plan = environment.plan;
    let as_is: BTreeSet<&ContextPath> = stage.as_is.iter().collect();
    let mut mounts = mounts(environment, stage);
    mounts.extend(glibc::mounts(checks, &stage.name));
    mounts.extend(as_is_mounts(&as_is));
    let (call, further) = shared::call(plan, stage, Script::Binary, Script::Cdylib);
    let mut scripts = keeping_scripts(is_wrapped(plan, stage, &as_is));
    scripts.extend(further);
    environment.compile(Step {
        name: stage.name.clone(),
        comment: about(stage),
        platform: platform::of_compiler(plan),
        arguments: stage.variables.clone(),
        mounts,
        scripts,
        call: link(call, stage),
    })
}

fn mounts(environment: &Environment<'_>, stage: &CompileStage) -> Vec<Mount> {
    let (plan, selection) = (environment.plan, environment.selection);
    let mut mounts = vec![third_party(selection), kept(plan, selection)];
    mounts.extend(audited(plan, stage));
    mounts.extend(outputs(selection.laid_upon(stage)));
    mounts.push(root_manifest_mount(plan, stage));
    // If other packages need the package as a library, its sources come with that library's output.
    let has_own_output = stage.needs.contains(&stage.package);
    if !has_own_output || plan.skeleton.members[&stage.package].library.is_some() {
        mounts.extend(manifest_mount(plan, stage));
    }
    if !has_own_output {
        mounts.extend(source_mounts(stage));
    }
    mounts
}

/// Returns whether the compiler is called through a script. The script adds the options of a single binary; passed as
/// flags, they would compile every crate again.
pub fn is_wrapped(plan: &Plan, stage: &CompileStage, as_is: &BTreeSet<&ContextPath>) -> bool {
    let audited = plan.config.auditable && stage.bin.is_some();
    stage.linked_static || audited || !as_is.is_empty()
}

/// Returns the mount of the program that writes the list of crates into a binary.
pub fn audited(plan: &Plan, stage: &CompileStage) -> Option<Mount> {
    auditable::mount(plan).filter(|_| stage.bin.is_some())
}

/// Returns the comment of the stage.
pub fn about(stage: &CompileStage) -> String {
    let what = match stage.cdylib {
        Some(_) => "shared library",
        None => "binary",
    };
    format!(
        "{}: the {what} {}.",
        stage.name,
        stage.output().unwrap_or_default()
    )
}

/// Adds the variables that say how the binary is linked.
pub fn link(call: Call, stage: &CompileStage) -> Call {
    let linked_static = if stage.linked_static { "true" } else { "" };
    call.variable("BAKEHOUSE_STATIC", linked_static)
}
