//! Docker: what it has, and baking.

pub mod buildx;
mod failure;
mod heard;
pub mod images;
pub mod progress;

pub use buildx::Engine;
