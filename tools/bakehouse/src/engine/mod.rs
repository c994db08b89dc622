//! Docker: what it has, and baking.

pub mod buildx;
mod failure;
pub mod images;
pub mod progress;

pub use buildx::Engine;
