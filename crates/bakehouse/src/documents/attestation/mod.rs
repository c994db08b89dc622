//! Statements about published images, in the form of in-toto: what an image consists of, and what it was built from.

mod forge;
pub mod provenance;
mod statement;

pub use forge::Forge;
pub use provenance::Provenance;
pub use statement::{Subject, statement};

/// The type of a bill of materials in SPDX.
pub const SPDX: &str = "https://spdx.dev/Document";
