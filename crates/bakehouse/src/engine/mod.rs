//! Docker: its images, its builders, and baking.

pub mod builders;
pub mod buildx;
mod cache_mounts;
pub mod digests;
mod failure;
pub mod images;
pub mod progress;
pub mod published;
pub mod records;
pub mod secrets;
mod temporary;
mod transcript;

pub use buildx::Engine;
