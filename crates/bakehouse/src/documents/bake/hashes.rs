//! Input hashes in Bake files. Those of images are in a temporary file, so that the committed one does not change
//! with every commit. Those of pack binaries change seldom and are in the committed one, where a reviewer sees them
//! change.

use hcl::Block;

use super::syntax::{Noted, expression, label, text};
use super::targets::{service_tags, with_tags};
use crate::plan::baked::BakedImage;
use crate::plan::config::valid::INPUT_HASH_LABEL;

/// Renders the Bake file that adds the input hashes of `services` as tags and labels. It is read after the committed
/// file. A list of tags replaces that of an earlier file, so it repeats the usual tags.
pub fn input_hashes<'a>(services: impl IntoIterator<Item = &'a BakedImage>) -> String {
    services
        .into_iter()
        .map(|service| target(service).text())
        .collect()
}

fn target(service: &BakedImage) -> Noted {
    let BakedImage {
        name,
        input_hash,
        target,
        ..
    } = service;
    let hashed = with_tags(target, &format!(r#"["in-{input_hash}"]"#));
    let tags = format!("concat({}, {hashed})", service_tags(target));
    let block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("tags", expression(&tags)))
        .add_attribute(("labels", label(INPUT_HASH_LABEL, text(input_hash))))
        .build();
    Noted::new("", block)
}

/// Returns the input hash of a pack binary, if `line` of the committed Bake file has one.
pub fn pack_hash(line: &str) -> Option<&str> {
    let value = line.trim_start().strip_prefix("labels = { \"")?;
    let value = value.strip_prefix(INPUT_HASH_LABEL)?;
    value.strip_prefix("\" = \"")?.strip_suffix("\" }")
}
