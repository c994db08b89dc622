//! A generated file.

use crate::context_path::ContextPath;

/// A file to write. The files of a plan lie in the context; a workflow does not, and has another type of path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<P = ContextPath> {
    pub path: P,
    pub text: String,
}
