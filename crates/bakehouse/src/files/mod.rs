//! Generated documents against the disk: what would change, and changing it.

pub mod apply;
pub mod attributes;
pub mod compare;
pub mod measured;
pub mod taken;

pub use compare::{Change, ChangeKind, changes, compare};
