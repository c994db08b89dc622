//! `compiled`: an empty stage that needs every stage that compiles.

use super::rootfs;
use crate::documents::dockerfile::model::{Command, Instruction, Mount, Run, Stage};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::base_checks::BaseChecks;
use crate::plan::build::{COMPILED, TURN};
use crate::plan::image_files::ImageFiles;

/// Renders the stage whose cache is exported to the registry. BuildKit takes a step's result from whichever cache
/// answers first, and a cache that knows the step but lacks its result hides the others. So there is one cache, and it
/// is complete.
pub fn stage(plan: &Plan, checks: &BaseChecks<'_>, files: &[ImageFiles<'_>]) -> Stage {
    let binary_stages = plan
        .selections
        .iter()
        .flat_map(|selection| &selection.binary_stages);
    let checks = binary_stages.flat_map(|binary_stage| checks.of(&binary_stage.name));
    let checks = checks.filter(|check| check.is_cached);
    let mount =
        |stage: &str, source: &str| Mount::stage(stage, source, &format!("/compiled/{stage}"));
    let outputs = checks.map(|check| mount(check.copied_from(), "/dist"));
    // Packages of a runtime base should be fetched once and keep their versions, too. Any folder of the base creates
    // the dependency.
    let runtimes = plan.runtimes.iter().map(|base| mount(&base.name, "/etc"));
    let files = files.iter().map(|files| mount(&files.stage, rootfs::OUT));
    Stage {
        comment: vec![format!(
            "{COMPILED}: depends on every stage that is built for an image, so that exporting its cache exports theirs."
        )],
        from: "toolchain".to_owned(),
        name: StageName::new(COMPILED),
        instructions: vec![
            Instruction::Arg(TURN.to_owned()),
            Instruction::Run(Run {
                network: false,
                mounts: outputs.chain(runtimes).chain(files).collect(),
                command: Command::Shell(vec!["true".to_owned()]),
            }),
        ],
    }
}
