//! Docker: what it has, and baking.

pub mod builders;
pub mod buildx;
pub mod digests;
mod failure;
mod heard;
pub mod images;
pub mod progress;
pub mod published;
pub mod records;
pub mod secrets;
mod temporary;

pub use buildx::Engine;
