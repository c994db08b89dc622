//! `auditable`: cargo-auditable, compiled once. With `auditable` in `bakehouse.toml`, each binary contains the list of
//! its crates.

use crate::documents::dockerfile::environment::run;
use crate::documents::dockerfile::model::{Mount, Stage};
use crate::documents::dockerfile::script::{Call, Script};
use crate::documents::dockerfile::secrets;
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::auditable::CARGO_AUDITABLE;

const STAGE: &str = "auditable";

/// Renders the stage.
pub fn stage(plan: &Plan) -> Option<Stage> {
    let mounts = [Mount::Temporary]
        .into_iter()
        .chain(secrets::of_vendor(plan));
    plan.config.auditable.then(|| Stage {
        comment: vec![format!(
            "{STAGE}: cargo-auditable, which adds the list of its crates to a binary. Its step has network, to fetch the pinned version."
        )],
        from: "toolchain".to_owned(),
        name: StageName::new(STAGE),
        instructions: vec![run(
            plan,
            true,
            mounts.collect(),
            Call::of(Script::Auditable)
                .after(secrets::only_given(plan))
                .argument(CARGO_AUDITABLE),
        )],
    })
}

/// Returns the mount of cargo-auditable for a stage that links a binary.
pub fn mount(plan: &Plan) -> Option<Mount> {
    plan.config
        .auditable
        .then(|| Mount::stage(STAGE, "/auditable/out", "/auditable/out"))
}

/// Returns the part of a cache mount's id that separates auditable binaries from plain ones: Cargo cannot tell them
/// apart.
pub fn in_a_name(plan: &Plan) -> String {
    if plan.config.auditable {
        format!("-auditable-{CARGO_AUDITABLE}")
    } else {
        String::new()
    }
}
