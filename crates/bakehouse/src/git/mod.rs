//! The workspace's history: what a revision holds, and what is not committed. Runs `git`.

pub mod attributes;
mod command;
pub mod history;
mod objects;
pub mod repository;
pub mod snapshot;

pub use repository::{Repository, Revision};
pub use snapshot::Snapshot;
