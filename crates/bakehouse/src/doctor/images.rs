//! The contexts of images of other Dockerfiles.

use super::{Check, Verdict};
use crate::plan::{Plan, builder};

/// Returns one check for each image whose context has what no checkout has, or one for all images.
pub fn checks(plan: &Plan) -> Vec<Check> {
    const NEEDED: &str = "contexts whose files are all in the input hash";
    if plan.images.is_empty() {
        return Vec::new();
    }
    let stray = builder::stray(plan).map(|found| {
        let remedy = "list what is not a source in the .dockerignore of the image";
        Check::new("images", Verdict::Warning, found, NEEDED, remedy)
    });
    let mut checks: Vec<Check> = stray.collect();
    if checks.is_empty() {
        let sizes = plan.images.iter().map(|image| {
            format!(
                "{}: {} files, {} kB",
                image.config.name,
                image.files,
                image.bytes.div_ceil(1000)
            )
        });
        let found = sizes.collect::<Vec<_>>().join("; ");
        checks.push(Check::good("images", found, NEEDED));
    }
    checks
}
