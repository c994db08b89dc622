//! `compiled`: nothing itself, and needs every stage that compiles.

use super::files::FILES;
use super::model::{Instruction, Mount, Run, Stage};
use crate::plan::Plan;
use crate::plan::build::COMPILED;
use crate::plan::image_files::ImageFiles;

/// The stage whose cache is the registry's. BuildKit takes a step's result from whichever cache answers first, and one
/// that knows the step without its result hides the others: so there is one cache, and it is whole.
pub fn stage(plan: &Plan, files: &[ImageFiles<'_>]) -> Stage {
    let binary_stages = plan
        .selections
        .iter()
        .flat_map(|selection| &selection.binary_stages);
    let binary_stages = binary_stages.map(|binary_stage| {
        Mount::stage(
            &binary_stage.name,
            "/dist",
            &format!("/compiled/{}", binary_stage.name),
        )
    });
    // Packages of a runtime base are fetched once, too, and stay the versions that they were. Any folder will do.
    let runtimes = plan.runtimes.iter();
    let runtimes =
        runtimes.map(|base| Mount::stage(&base.name, "/etc", &format!("/compiled/{}", base.name)));
    let files = files
        .iter()
        .map(|files| Mount::stage(&files.stage, FILES, &format!("/compiled/{}", files.stage)));
    let mounts = binary_stages.chain(runtimes).chain(files).collect();
    Stage {
        comment: vec![format!(
            "{COMPILED}: nothing itself; its cache holds every stage that compiles."
        )],
        from: "toolchain".to_owned(),
        name: COMPILED.to_owned(),
        instructions: vec![Instruction::Run(Run {
            network: false,
            mounts,
            script: vec!["true".to_owned()],
        })],
    }
}
