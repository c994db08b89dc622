//! `docker/Dockerfile`, one file for all targets, and the scripts that its steps call. BuildKit runs only the stages
//! that a target needs, and shared ones once.

mod environment;
mod file;
mod given;
mod model;
mod mounts;
mod platform;
mod script;
mod secrets;
mod seeds;
mod stages;

pub use environment::{features_argument, listed};
pub use file::{mount_ids, profile_folder, render, stage_names, stage_texts};
pub use seeds::{SeedInputs, seed_inputs};
pub use stages::image;
