//! `docker buildx bake`, and which steps it really ran.

mod command;
mod progress;
mod run;

pub use command::{Bake, Baking};
pub use progress::Step;
pub use run::{BakeRun, stages};
