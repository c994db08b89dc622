//! `bakehouse.toml`: as written ([`raw`]), and checked against the workspace ([`valid`]).

mod bake;
mod bake_groups;
pub mod bases;
mod builders;
mod check;
mod compose;
mod content;
pub mod digests;
mod embedded;
mod fetch;
pub mod fetched;
mod groups;
pub mod image_name;
mod images;
mod inputs;
pub mod names;
mod output;
mod parse;
pub mod raw;
mod raw_content;
mod raw_embedded;
mod raw_fetch;
mod read;
mod registries;
mod secrets;
mod services;
pub mod shared_libraries;
mod spanned;
mod targets;
pub mod valid;
mod values;
mod written;

pub use check::{BAKE_FILE, FOLDER, SCRIPTS, SKELETON};
pub(super) use names::sanitised;
pub use raw::RawConfig;
pub use valid::Config;
