//! Mounts that several kinds of steps share.

use super::model::Mount;
use super::platform;
use super::script::Script;
use crate::plan::Plan;
use crate::plan::config::fetched;
use crate::plan::glibc::MIN_GLIBC_STAGE;
use crate::plan::stage::Selection;

/// The folder of the workspace inside the builder.
pub const BUILD: &str = "/build";

/// The Cargo home of the steps that compile.
pub const CARGO_HOME: &str = "/cargo-home";

/// The folder of zig and of its cache. It is the same in its own stage and in those that mount it, since Cargo's
/// fingerprints contain the path of the linker.
const ZIG: &str = "/zig/out";

/// Returns the mount of the Cargo home for a step that compiles. Cargo and build scripts may write to it; the changes
/// are discarded.
pub fn cargo_home() -> Mount {
    Mount::Stage {
        from: "vendor".to_owned(),
        source: "/vendor/out".to_owned(),
        target: CARGO_HOME.to_owned(),
        writable: true,
    }
}

/// Returns the mount of zig for a step that compiles. Changes to it are discarded.
pub fn zig(plan: &Plan) -> Option<Mount> {
    plan.config.min_glibc.as_ref()?;
    Some(Mount::Stage {
        from: MIN_GLIBC_STAGE.to_owned(),
        source: ZIG.to_owned(),
        target: ZIG.to_owned(),
        writable: true,
    })
}

/// Returns the mount of the fetched files for a step that compiles.
pub fn fetched(plan: &Plan) -> Option<Mount> {
    let any = !plan.config.fetch.is_empty();
    any.then(|| Mount::stage(fetched::STAGE, "/", fetched::FOLDER))
}

/// Returns the mount in which the stages of a selection keep what they compile.
pub fn kept(plan: &Plan, selection: &Selection) -> Mount {
    let purpose = format!("kept{}", selection.suffix);
    let platform = platform::of_compiler(plan);
    Mount::Cache {
        id: compiled_id(plan, &purpose, platform),
        target: "/kept".to_owned(),
        shared: true,
    }
}

/// Returns the mount of a script.
pub fn script(plan: &Plan, script: Script) -> Mount {
    Mount::Script {
        script,
        source: script.file(&plan.scripts_folder()),
    }
}

/// Returns the id of a cache mount for what is compiled. Where a bake chooses the profile, each has its own, since outputs
/// that a build does not use are removed.
pub fn compiled_id(plan: &Plan, purpose: &str, platform: &str) -> String {
    let profile = match plan.config.at_bake.profile {
        true => "-${BAKEHOUSE_PROFILE}",
        false => "",
    };
    cache_id(plan, purpose, &plan.compiles_with(), platform) + profile
}

/// Returns the id of a cache mount for the output of `made_by`. BuildKit separates cache mounts only by their ids.
pub fn cache_id(plan: &Plan, purpose: &str, made_by: &str, platform: &str) -> String {
    format!("{}-{purpose}-{made_by}-${{{platform}}}", plan.config.name)
}
