//! The error of a stable Cargo about artifact dependencies.

use camino::Utf8Path;

use super::member::EdgeKind;
use super::place::Manifest;
use crate::problem::{Code, Problem};

/// The hint for such a dependency.
pub(super) const HINT: &str = "let the build script of the package build what it embeds, or embed a file that is made before the image and declared under [inputs]";

/// Returns the problem if a stable Cargo `said` that it does not support artifact dependencies.
pub fn refused(said: &str) -> Option<Problem> {
    const SIGN: &str = "requires `-Z bindeps` (";
    let key = said.split_once(SIGN)?.1.split(')').next()?;
    let message = format!(
        "this Cargo refuses the artifact dependency `{key}`, which no stage of an image builds either"
    );
    let problem = Problem::new(Code::ArtifactDependency, message).hint(HINT);
    let path = said
        .split_once("parse manifest at `")
        .and_then(|(_, rest)| rest.split('`').next());
    let Some(path) = path else {
        return Some(problem);
    };
    let manifest = Manifest::read(Utf8Path::new(""), Utf8Path::new(path));
    let kinds = [EdgeKind::Normal, EdgeKind::Build, EdgeKind::Dev];
    let place = kinds
        .into_iter()
        .find_map(|kind| manifest.dependency(key, kind));
    Some(manifest.at(problem, place.map(|(place, _)| place)))
}
