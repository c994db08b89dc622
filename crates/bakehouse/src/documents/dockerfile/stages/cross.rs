//! `cross`: the toolchain and, if the image's platform differs from the builder's, a cross compiler. It exists if
//! `platforms` in `bakehouse.toml` lists another platform and emulation is off.

use crate::documents::dockerfile::environment::run;
use crate::documents::dockerfile::model::{Instruction, Stage};
use crate::documents::dockerfile::platform::CROSS;
use crate::documents::dockerfile::script::{Call, Script};
use crate::documents::dockerfile::secrets;
use crate::names::StageName;
use crate::plan::Plan;

/// Renders the stage.
pub fn stage(plan: &Plan) -> Option<Stage> {
    let with_zig = plan.config.min_glibc.is_some();
    let mut call = Call::of(Script::Cross)
        .after(secrets::only_given_to_rustup(plan))
        .variable("ZIG", if with_zig { "true" } else { "" });
    if needs_gcc(plan) {
        let libraries = plan.config.builder_packages.iter();
        let libraries: Vec<&str> = libraries
            .map(String::as_str)
            .filter(|name| name.ends_with("-dev"))
            .collect();
        call = call
            .variable("LINKER", "gcc")
            .variable("LIBRARIES", libraries.join(" "));
    }
    if !with_zig {
        let linkers = plan.cargo_config.linkers.iter();
        let linkers: Vec<&str> = linkers.map(String::as_str).collect();
        call = call.variable("OWN_LINKERS", linkers.join(" "));
    }
    let arguments = ["TARGETPLATFORM", "TARGETARCH", "TARGETVARIANT"];
    let arguments = arguments.map(|name| Instruction::Arg(name.to_owned()));
    plan.config.cross().then(|| Stage {
        comment: vec![format!(
            "{CROSS}: the compiler for TARGETPLATFORM. If the builder's platform differs, it fetches a standard library and a linker."
        )],
        from: "toolchain".to_owned(),
        name: StageName::new(CROSS),
        instructions: arguments
            .into_iter()
            .chain([run(plan, true, secrets::of_rustup(plan), call)])
            .collect(),
    })
}

/// Returns whether gcc is needed: zig compiles and links everything except binaries that are linked statically against
/// the C library.
fn needs_gcc(plan: &Plan) -> bool {
    let mut binary_stages = plan
        .selections
        .iter()
        .flat_map(|selection| &selection.binary_stages);
    plan.config.min_glibc.is_none() || binary_stages.any(|binary_stage| binary_stage.linked_static)
}
