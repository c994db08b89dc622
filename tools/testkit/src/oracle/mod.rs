//! Shapes held against what Cargo on the host makes of them.
//!
//! For each: what `cargo run --locked` prints on the host is what the image prints, or `bakehouse generate` refuses
//! with a code. After each edit, `bakehouse affected` names every service that the host builds differently, and the
//! next bake ships it.

mod campaign;
mod host;
mod play;
mod verdict;

pub use campaign::{Campaign, Tally};
pub use host::Host;
pub use play::{Depth, Plant, Play};
pub use verdict::{Difference, Kind, Verdict, missed};
