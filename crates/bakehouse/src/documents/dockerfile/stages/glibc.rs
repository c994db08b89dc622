//! `glibc-*`: the facts about a base that decide whether a binary finds its C library there. A base that changes in
//! other ways runs no other stage, and no stage of a binary has to mount a whole base.

use crate::documents::dockerfile::environment::run;
use crate::documents::dockerfile::model::{Mount, Stage};
use crate::documents::dockerfile::script::{Call, Script};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::glibc::{DEFAULT_BASE, GLIBC, RuntimeBase};
use crate::plan::stage::CompileStage;

/// Renders the stages.
pub fn stages(plan: &Plan) -> Vec<Stage> {
    let bases = plan.runtime_bases();
    let mut stages = Vec::new();
    if bases.iter().any(|base| base.image.is_none()) {
        stages.push(Stage {
            comment: vec![format!(
                "{DEFAULT_BASE}: RUNTIME_BASE as a stage, since a mount cannot name a variable."
            )],
            from: "${RUNTIME_BASE}".to_owned(),
            name: StageName::new(DEFAULT_BASE),
            instructions: Vec::new(),
        });
    }
    stages.extend(bases.iter().map(|base| stage(plan, base)));
    stages
}

fn stage(plan: &Plan, base: &RuntimeBase<'_>) -> Stage {
    let call = Call::of(Script::Glibc).arguments(["read", base.name]);
    let image = base.image.unwrap_or(DEFAULT_BASE);
    let (mounts, call) = match base.declared {
        Some(version) => (Vec::new(), call.argument(version)),
        None => (vec![Mount::stage(image, "/", "/runtime")], call),
    };
    Stage {
        comment: vec![format!("{}: the C library of {}.", base.stage, base.name)],
        from: "toolchain".to_owned(),
        name: StageName::new(&base.stage),
        instructions: vec![run(plan, false, mounts, call)],
    }
}

/// Returns the mounts of the facts about each base that a binary will run on. The stage of the binary checks it against
/// all of them.
pub fn mounts(plan: &Plan, binary_stage: &CompileStage) -> impl Iterator<Item = Mount> {
    let bases = binary_stage
        .output()
        .map(|_| plan.met_by(&binary_stage.name));
    bases.into_iter().flatten().map(|base| {
        let name = base.stage.trim_start_matches(GLIBC);
        let folder = format!("/glibc/{}", name.trim_start_matches('-'));
        Mount::stage(&base.stage, "/glibc/out", &folder)
    })
}
