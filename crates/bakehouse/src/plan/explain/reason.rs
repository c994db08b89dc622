//! A change, and the two states between which it occurred.

use super::{Output, WorkspaceState};

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// The file, relative to the Docker context.
    pub file: String,
    /// The change itself.
    pub what: String,
    /// The way from the file to the output, the nearest to the file first: crates, packages, and the output last.
    pub chain: Vec<String>,
}

/// Two states of an output to compare.
pub struct Explained<'a> {
    pub then: WorkspaceState<'a>,
    pub was: Output<'a>,
    pub now: WorkspaceState<'a>,
    pub is: Output<'a>,
    pub(super) config: &'a str,
}

/// Formats a change as `old → new`.
pub fn turned(old: Option<&str>, new: Option<&str>) -> String {
    let shown = |value: Option<&str>| match value {
        None => "not set".to_owned(),
        Some("") => "none".to_owned(),
        Some(value) => value.to_owned(),
    };
    format!("{} → {}", shown(old), shown(new))
}
