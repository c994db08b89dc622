//! Docker: what it has, and baking.

pub mod buildx;
pub mod images;

pub use buildx::Engine;
