//! `glibc-*`: the facts about a base that decide whether a binary finds its C library there, and the comparisons with
//! them that are not part of a step that compiles. A base that changes in other ways runs no other stage, and no stage
//! has to mount a whole base for a comparison.

use crate::documents::dockerfile::environment::run;
use crate::documents::dockerfile::model::{Command, Instruction, Mount, Run, Stage};
use crate::documents::dockerfile::script::{Call, Script};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::base_checks::{BaseCheck, BaseChecks};
use crate::plan::glibc::{DEFAULT_BASE, GLIBC, RuntimeBase};

/// Renders the stages with facts.
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

/// Renders the stages that compare.
pub fn checks(checks: &BaseChecks<'_>) -> Vec<Stage> {
    checks.stages().map(check).collect()
}

fn check((stage, check): (&str, &BaseCheck<'_>)) -> Stage {
    let names: Vec<&str> = check.bases.iter().map(|base| base.name).collect();
    let calls = check.bases.iter().map(|base| {
        let folder = folder(base);
        format!("sh {folder}/glibc.sh check /dist")
    });
    Stage {
        comment: vec![format!(
            "{stage}: what {} built, compared with the C library of {}.",
            check.compiled,
            names.join(", ")
        )],
        from: check.compiled.to_owned(),
        name: StageName::new(stage),
        instructions: vec![Instruction::Run(Run {
            network: false,
            mounts: check.bases.iter().map(facts).collect(),
            command: Command::Shell(vec![calls.collect::<Vec<_>>().join(" && ")]),
        })],
    }
}

/// Returns the mounts of the facts about each base that the step of the stage `compiled` compares its output with.
pub fn mounts(checks: &BaseChecks<'_>, compiled: &StageName) -> Vec<Mount> {
    match checks.of(compiled) {
        [check] => check.bases.iter().map(facts).collect(),
        _ => Vec::new(),
    }
}

fn facts(base: &RuntimeBase<'_>) -> Mount {
    Mount::stage(&base.stage, "/glibc/out", &folder(base))
}

fn folder(base: &RuntimeBase<'_>) -> String {
    let name = base.stage.trim_start_matches(GLIBC);
    format!("/glibc/{}", name.trim_start_matches('-'))
}
