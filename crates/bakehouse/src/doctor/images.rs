//! The times that images say, and the contexts of images of other Dockerfiles.

use super::{Check, Verdict};
use crate::engine::buildx::is_set;
use crate::plan::{Plan, builder};

/// Returns the check of the time that images say.
pub fn times() -> Check {
    const NEEDED: &str = "the same digest whenever an image is built";
    if is_set("SOURCE_DATE_EPOCH") {
        let found = "SOURCE_DATE_EPOCH is set: each value makes another digest of every image, and `bakehouse build` skips none";
        let remedy = "unset it, unless a release shall say when it was made";
        return Check::new("times", Verdict::Warning, found, NEEDED, remedy);
    }
    let found = "images say 1970 as their time, so `docker image prune --all --filter until=24h` matches all that no container uses, even new ones";
    Check::good("times", found, NEEDED)
}

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
