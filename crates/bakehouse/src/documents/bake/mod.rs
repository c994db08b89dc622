//! `docker-bake.hcl`, with one target per service and per pack binary, and the second Bake file of `bakehouse build`.

mod at_bake;
mod checked;
mod file;
mod functions;
mod hashes;
mod seeds;
mod syntax;
mod targets;
mod variables;

pub use file::render;
pub use hashes::{input_hashes, pack_hash};
pub use seeds::{SEED_ENVIRONMENT_LABEL, SEED_LABEL, SeedTarget, filled_from, seed};
