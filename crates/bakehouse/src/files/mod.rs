//! Comparison of generated documents with the disk, and application of the changes.

pub mod apply;
pub mod attributes;
pub mod compare;
pub mod content;
pub mod measured;
pub mod taken;
pub mod whole;

pub use compare::{Change, ChangeKind, changes, compare};
