//! Docker: its images, its builders, and baking.

pub mod builders;
pub mod buildx;
pub mod digests;
mod failed_steps;
mod failure;
pub mod images;
pub mod progress;
pub mod published;
pub mod records;
pub mod secrets;
pub mod spans;
pub mod temporary;
mod trace;
mod transcript;
pub mod usage;

pub use buildx::Engine;
