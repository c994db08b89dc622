//! GitHub's workflows, played on this machine: jobs in order, their conditions, and the scripts of their steps.

mod action;
mod expression;
mod job;
mod play;

pub use action::ACTIONS;
pub use play::{Event, Played, Workflow};
