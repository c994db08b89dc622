//! `compiled`: nothing itself, and needs every stage that compiles.

use super::rootfs;
use crate::documents::dockerfile::model::{Command, Instruction, Mount, Run, Stage};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::build::COMPILED;
use crate::plan::image_files::ImageFiles;

/// Renders the stage whose cache is the registry's. BuildKit takes a step's result from whichever cache answers first,
/// and one that knows the step without its result hides the others: so there is one cache, and it is whole.
pub fn stage(plan: &Plan, files: &[ImageFiles<'_>]) -> Stage {
    let binary_stages = plan
        .selections
        .iter()
        .flat_map(|selection| &selection.binary_stages);
    let mount =
        |stage: &str, source: &str| Mount::stage(stage, source, &format!("/compiled/{stage}"));
    let binary_stages = binary_stages.map(|binary_stage| mount(&binary_stage.name, "/dist"));
    // Packages of a runtime base are fetched once, too, and stay the versions that they were. Any folder will do.
    let runtimes = plan.runtimes.iter().map(|base| mount(&base.name, "/etc"));
    let files = files.iter().map(|files| mount(&files.stage, rootfs::OUT));
    Stage {
        comment: vec![format!(
            "{COMPILED}: nothing itself; its cache holds every stage that compiles."
        )],
        from: "toolchain".to_owned(),
        name: StageName::new(COMPILED),
        instructions: vec![Instruction::Run(Run {
            network: false,
            mounts: binary_stages.chain(runtimes).chain(files).collect(),
            command: Command::Shell(vec!["true".to_owned()]),
        })],
    }
}
