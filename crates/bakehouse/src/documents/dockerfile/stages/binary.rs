//! `build-*` under the strategy `layer`: a binary, which is alone in its layer.

use std::collections::BTreeSet;

use super::library::{
    as_is_mounts, keeping_scripts, manifest_mount, outputs, root_manifest_mount, source_mounts,
    third_party,
};
use super::{auditable, glibc};
use crate::context_path::ContextPath;
use crate::documents::dockerfile::environment::{Environment, Step};
use crate::documents::dockerfile::model::{Mount, Stage};
use crate::documents::dockerfile::mounts::kept;
use crate::documents::dockerfile::platform;
use crate::documents::dockerfile::script::{Call, Script};
use crate::plan::Plan;
use crate::plan::stage::CompileStage;

/// The folder that is copied into an image. It is one level down because BuildKit checksums the whole parent folder of
/// a copied path.
pub const IMAGE: &str = "/dist/image";

/// The folder of the binaries in [`IMAGE`].
pub const BINARIES: &str = "/dist/image/usr/local/bin";

/// Renders the stage.
pub fn stage(environment: &Environment<'_>, stage: &CompileStage) -> Stage {
    let plan = environment.plan;
    let bin = stage.bin.as_deref().unwrap_or_default();
    let as_is: BTreeSet<&ContextPath> = stage.as_is.iter().collect();
    let mut mounts = mounts(environment, stage);
    mounts.extend(as_is_mounts(&as_is));
    environment.compile(Step {
        name: stage.name.clone(),
        comment: format!("{}: the binary {bin}.", stage.name),
        platform: platform::of_compiler(plan),
        arguments: stage.variables.clone(),
        mounts,
        scripts: keeping_scripts(is_wrapped(plan, stage, &as_is)),
        call: link(Call::of(Script::Binary), stage).argument(bin),
    })
}

fn mounts(environment: &Environment<'_>, stage: &CompileStage) -> Vec<Mount> {
    let (plan, selection) = (environment.plan, environment.selection);
    let mut mounts = vec![third_party(selection), kept(plan, selection)];
    mounts.extend(auditable::mount(plan));
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
    mounts.extend(glibc::mounts(plan, stage));
    mounts
}

/// Returns whether the compiler is called through a script. The script adds the options of a single binary; passed as
/// flags, they would compile every crate again.
pub fn is_wrapped(plan: &Plan, stage: &CompileStage, as_is: &BTreeSet<&ContextPath>) -> bool {
    stage.linked_static || plan.config.auditable || !as_is.is_empty()
}

/// Adds the variables that say how the binary is linked.
pub fn link(call: Call, stage: &CompileStage) -> Call {
    let linked_static = if stage.linked_static { "true" } else { "" };
    call.variable("BAKEHOUSE_STATIC", linked_static)
}
