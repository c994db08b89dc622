//! `docker-bake.hcl`, with one target per service and per pack binary, and the second Bake file of `bakehouse build`.

mod at_bake;
mod checked;
mod embedded;
mod file;
mod functions;
mod hashes;
pub mod images;
mod overriding;
mod seeds;
mod syntax;
mod targets;
mod variables;

pub use file::render;
pub use hashes::{input_hashes, pack_hash};
pub use overriding::{changes_outputs, override_file};
pub use seeds::{SEED_ENVIRONMENT_LABEL, SEED_LABEL, SeedTarget, filled_from, seed};
pub use variables::{EPOCH, SEED};
