//! `bakehouse.toml`: as written ([`raw`]), and checked against the workspace ([`valid`]).

pub mod raw;
pub mod valid;

pub use raw::RawConfig;
pub use valid::Config;
