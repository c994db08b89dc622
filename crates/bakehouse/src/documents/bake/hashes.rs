//! Input hashes in Bake files: those of services in one that lasts as long as a bake, so that the committed one does not
//! change with each commit; those of pack binaries, which change seldom, in the committed one, for the review of a change.

use hcl::Block;

use super::syntax::{Noted, expression, label, text};
use super::targets::tags;
use crate::plan::config::valid::INPUT_HASH_LABEL;
use crate::plan::service::Service;

/// Renders the Bake file that gives `services` the tag and the label of their input hashes, laid over the committed one. A
/// list of tags replaces the one of an earlier file, so it has the usual tags again.
pub fn input_hashes<'a>(services: impl IntoIterator<Item = &'a Service>) -> String {
    services
        .into_iter()
        .map(|service| target(service).text())
        .collect()
}

fn target(service: &Service) -> Noted {
    let Service {
        name, input_hash, ..
    } = service;
    let tags = format!(
        r#"concat({}, ["${{image("{name}")}}:in-{input_hash}"])"#,
        tags(name)
    );
    let block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("tags", expression(&tags)))
        .add_attribute(("labels", label(INPUT_HASH_LABEL, text(input_hash))))
        .build();
    Noted::new("", block)
}

/// Returns the input hash that a line of the committed Bake file gives a pack binary.
pub fn pack_hash(line: &str) -> Option<&str> {
    let value = line.trim_start().strip_prefix("labels = { \"")?;
    let value = value.strip_prefix(INPUT_HASH_LABEL)?;
    value.strip_prefix("\" = \"")?.strip_suffix("\" }")
}
