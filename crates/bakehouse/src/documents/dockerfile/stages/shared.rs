//! Shared libraries of images: the stages of those that are compiled, which are like those of binaries, and the steps in
//! which others are found.

use crate::documents::dockerfile::environment::spec;
use crate::documents::dockerfile::script::{Call, Script};
use crate::plan::Plan;
use crate::plan::stage::CompileStage;

/// Returns the folder of a stage with one library that the builder has, at its path in the image.
pub fn found(file: &str) -> String {
    format!("/dist/libraries/{file}")
}

/// Returns the files that the step of `stage` has to find for the images of its binary, sorted.
fn wanted<'a>(plan: &'a Plan, stage: &CompileStage) -> Vec<&'a str> {
    let libraries = plan.services.iter().flat_map(|service| &service.libraries);
    let own = libraries.filter(|library| library.package.is_none() && library.stage == stage.name);
    let mut files: Vec<&str> = own.map(|library| library.file.as_str()).collect();
    files.sort_unstable();
    files.dedup();
    files
}

/// Returns the call that builds the output of `stage`, and the scripts that it needs: `binary` for a binary, or `cdylib`
/// for a shared library. Where libraries of the builder are wanted, another script finds them afterwards.
pub fn call(
    plan: &Plan,
    stage: &CompileStage,
    binary: Script,
    cdylib: Script,
) -> (Call, Vec<Script>) {
    if let Some(file) = &stage.cdylib {
        let call = Call::of(cdylib).arguments([&spec(plan, &stage.package), file]);
        return (call, vec![Script::Shared]);
    }
    let bin = stage.bin.as_deref().unwrap_or_default();
    let wanted = wanted(plan, stage);
    if wanted.is_empty() {
        return (Call::of(binary).argument(bin), Vec::new());
    }
    let call = Call::of(Script::Found).argument(binary.name());
    let call = call.argument(wanted.join(" ")).argument(bin);
    (call, vec![Script::Shared, binary])
}
