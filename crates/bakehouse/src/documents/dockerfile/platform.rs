//! The platform of a step: the builder's if a cross compiler compiles images for others, else the image's.

use crate::plan::Plan;

/// The stage that has the compiler for the image's platform.
pub const CROSS: &str = "cross";

/// Returns the stage that compile stages start from.
pub fn base(plan: &Plan) -> &'static str {
    if plan.config.cross() {
        CROSS
    } else {
        "toolchain"
    }
}

/// Returns the builder base: of the builder's own platform, unless another one is emulated.
pub fn builder_base(plan: &Plan) -> String {
    let platform = if plan.config.cross() {
        "--platform=$BUILDPLATFORM "
    } else {
        ""
    };
    format!("{platform}${{BUILDER_BASE}}")
}

/// Returns the variable that separates mounts whose content is for one platform: the platform of the compiler, which is
/// the target platform unless images are cross-compiled.
pub fn of_compiler(plan: &Plan) -> &'static str {
    if plan.config.cross() {
        "BUILDPLATFORM"
    } else {
        "TARGETPLATFORM"
    }
}
