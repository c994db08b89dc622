//! `bakehouse.toml`: as written ([`raw`]), and checked against the workspace ([`valid`]).

mod bake;
pub mod bases;
mod builders;
mod check;
mod compose;
pub mod digests;
mod embedded;
mod groups;
pub mod image_name;
mod images;
mod inputs;
mod output;
mod parse;
pub mod raw;
mod raw_embedded;
mod read;
mod secrets;
mod services;
mod spanned;
mod targets;
pub mod valid;
mod values;

pub use check::{BAKE_FILE, FOLDER, SCRIPTS, SKELETON};
pub use raw::RawConfig;
pub(super) use services::{names, sanitised};
pub use valid::Config;
