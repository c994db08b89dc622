//! The Bake file that users write beside the generated one, and that Bake reads after it.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use hcl::{Block, Body};

use super::file::render;
use crate::plan::Plan;

/// Returns the path of that file: `docker-bake.override.hcl` for `docker-bake.hcl`.
pub fn override_file(bake: &Utf8Path) -> Utf8PathBuf {
    bake.with_extension("override.hcl")
}

/// Returns whether such a file can change what the generated targets write. Groups and targets of its own cannot. A text
/// that cannot be read may do anything.
pub fn changes_outputs(plan: &Plan, text: &str) -> bool {
    let (Ok(own), Ok(generated)) = (hcl::parse(text), hcl::parse(&render(plan).text)) else {
        return true;
    };
    let known = targets(&generated);
    let harmless = |block: &Block| match block.identifier() {
        "group" => true,
        "target" => block
            .labels()
            .iter()
            .all(|label| !known.contains(label.as_str())),
        _ => false,
    };
    own.attributes().next().is_some() || !own.blocks().all(harmless)
}

fn targets(body: &Body) -> BTreeSet<&str> {
    let targets = body.blocks().filter(|block| block.identifier() == "target");
    targets
        .flat_map(|target| target.labels().iter().map(hcl::BlockLabel::as_str))
        .collect()
}
