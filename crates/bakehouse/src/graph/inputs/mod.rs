//! Hidden inputs: files outside a package's folder that its build reads, found by reading its sources.
//!
//! Cargo knows the dependencies between packages, but ignores `include_str!("../../openapi.json")`. A file that is not
//! declared is neither in the Docker context nor in the input hash, so bakehouse looks for such files. [`scan`] and
//! [`variables`] read files; the rest is pure.

mod call;
mod depth;
pub mod finding;
mod macros;
mod reader;
pub mod reference;
mod resolve;
pub mod rust;
pub mod scan;
mod signs;
mod tests_only;
mod value;
mod variables;

pub use finding::{Certainty, Finding, Kind, fixed_part, undeclared};
pub use resolve::{needed, normal};
pub use scan::{scan, scan_files};
pub use variables::variables;
