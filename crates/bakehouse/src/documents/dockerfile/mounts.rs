//! The mounts that several kinds of steps have.

use super::model::Mount;
use super::script::Script;
use crate::plan::Plan;
use crate::plan::glibc::MIN_GLIBC_STAGE;

/// The folder that the workspace stands in inside the builder.
pub const BUILD: &str = "/build";

/// The Cargo home of the steps that compile.
pub const CARGO_HOME: &str = "/cargo-home";

/// The place of zig and of what it keeps, in its own stage and in those that mount it: the same, since Cargo remembers how
/// its linker is called.
const ZIG: &str = "/zig/out";

/// The Cargo home, in a step that compiles. Cargo and build scripts may write to it; the changes are thrown away.
pub fn cargo_home() -> Mount {
    Mount::Bind {
        from: Some("vendor".to_owned()),
        source: "/vendor/out".to_owned(),
        target: CARGO_HOME.to_owned(),
        writable: true,
    }
}

/// zig, in a step that compiles. What it writes there is thrown away.
pub fn zig(plan: &Plan) -> Option<Mount> {
    plan.config.min_glibc.as_ref()?;
    Some(Mount::Bind {
        from: Some(MIN_GLIBC_STAGE.to_owned()),
        source: ZIG.to_owned(),
        target: ZIG.to_owned(),
        writable: true,
    })
}

/// A script.
pub fn script(plan: &Plan, script: Script) -> Mount {
    Mount::Script {
        script,
        source: script.file(&plan.scripts_folder()),
    }
}

/// The id of a cache mount for what `made_by` made. BuildKit keeps mounts apart by nothing else.
pub fn cache_id(plan: &Plan, purpose: &str, made_by: &str, platform: &str) -> String {
    format!("{}-{purpose}-{made_by}-${{{platform}}}", plan.config.name)
}
