//! `docker buildx bake`, and the steps that it really ran.

mod command;
mod run;

pub use bakehouse::engine::progress::Step;
pub use command::{Bake, Baking};
pub use run::{BakeRun, stages};
