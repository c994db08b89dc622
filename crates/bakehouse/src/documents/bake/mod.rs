//! `docker-bake.hcl`: one target per service and per pack binary; and the Bake file that `bakehouse build` lays over it.

mod checked;
mod file;
mod functions;
mod hashes;
mod syntax;
mod targets;
mod variables;

pub use file::render;
pub use hashes::{input_hashes, pack_hash};
