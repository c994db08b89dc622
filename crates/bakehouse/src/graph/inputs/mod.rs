//! Hidden inputs: what the build of a package reads outside its own folder, found in its sources.
//!
//! Cargo knows the dependencies between packages, and nothing of `include_str!("../../openapi.json")`. What is not
//! declared is neither in the Docker context nor in the input hash, so it is looked for. [`scan`] and
//! [`variables`] are the edges that read; the rest is pure.

mod call;
mod depth;
pub mod finding;
mod macros;
mod reader;
pub mod reference;
mod resolve;
pub mod rust;
pub mod scan;
mod tests_only;
mod value;
mod variables;

pub use finding::{Certainty, Finding, Kind, fixed_part, undeclared};
pub use resolve::{needed, normal};
pub use scan::scan;
pub use variables::variables;
