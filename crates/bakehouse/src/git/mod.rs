//! The workspace's history: the contents of a revision, and uncommitted changes. Runs `git`.

pub mod attributes;
mod command;
pub mod commits;
pub mod history;
mod kept;
mod objects;
pub mod repository;
pub mod snapshot;

pub use repository::{Repository, Revision};
pub use snapshot::Snapshot;
