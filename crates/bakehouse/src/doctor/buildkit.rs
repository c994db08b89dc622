//! The check of the builder's version of BuildKit against releases that do not do what a bake needs.

use semver::Version;

use super::builder::Builder;
use super::{Check, Verdict};

/// A release with a fault.
struct Faulty {
    version: Version,
    /// The fault, as the end of a sentence about that version.
    fails: &'static str,
    remedy: &'static str,
}

/// The releases, oldest first.
static FAULTY: [Faulty; 1] = [Faulty {
    version: Version::new(0, 35, 0),
    fails: "can fail on a long .dockerignore, which a workspace with many packages has",
    remedy: "BuildKit 0.35.1 or newer: `docker buildx create --use --driver-opt image=moby/buildkit:v0.35.1`, or a newer engine",
}];

/// Checks the version; none if the builder does not report it, as engines of some distributions.
pub fn check(builder: &Builder) -> Option<Check> {
    let needed = "a BuildKit without a known fault that affects bakes";
    let mut versions: Vec<&Version> = builder.buildkit.iter().collect();
    versions.sort();
    versions.dedup();
    let faulty = |version: &Version| FAULTY.iter().find(|faulty| faulty.version == *version);
    if let Some(faulty) = versions.iter().find_map(|version| faulty(version)) {
        let found = format!("BuildKit {} {}", faulty.version, faulty.fails);
        let warning = Check::new("buildkit", Verdict::Warning, found, needed, faulty.remedy);
        return Some(warning);
    }
    let versions: Vec<String> = versions.into_iter().map(Version::to_string).collect();
    let found = format!("BuildKit {}", versions.join(", "));
    (!versions.is_empty()).then(|| Check::good("buildkit", found, needed))
}
