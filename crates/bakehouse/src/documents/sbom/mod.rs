//! Bills of materials of images, from the crates that Cargo links and from what the plan puts beside them.

mod content;
pub mod cyclonedx;
mod licence;
mod model;
mod purl;
mod serial;
pub mod spdx;

pub use model::{Made, Sbom};
