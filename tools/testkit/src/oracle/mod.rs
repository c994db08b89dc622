//! Compares random shapes with Cargo on the host.
//!
//! For each shape, the image prints what `cargo run --locked` prints on the host, or `bakehouse generate` refuses with
//! a code. After each edit, `bakehouse affected` names every service that the host builds differently, and the next
//! bake ships the change.

mod campaign;
mod host;
mod play;
mod verdict;

pub use campaign::{Campaign, Tally};
pub use host::Host;
pub use play::{Depth, Plant, Play};
pub use verdict::{Difference, Kind, Verdict, missed};
