//! The platform of a step: the builder's where images for others are compiled by a cross compiler, else the image's.

use crate::plan::Plan;

/// The stage that has what compiles for the image's platform.
pub const CROSS: &str = "cross";

/// The stage that compile stages start from.
pub fn base(plan: &Plan) -> &'static str {
    if plan.config.cross() {
        CROSS
    } else {
        "toolchain"
    }
}

/// The builder base: of the builder's own platform, unless another is emulated.
pub fn builder_base(plan: &Plan) -> String {
    let platform = if plan.config.cross() {
        "--platform=$BUILDPLATFORM "
    } else {
        ""
    };
    format!("{platform}${{BUILDER_BASE}}")
}

/// The variable that keeps apart mounts whose content is for one platform: that of what is compiled there, or of what
/// compiles.
pub fn of_compiler(plan: &Plan) -> &'static str {
    if plan.config.cross() {
        "BUILDPLATFORM"
    } else {
        "TARGETPLATFORM"
    }
}
