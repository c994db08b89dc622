//! `bakehouse.toml`: as written ([`raw`]), and checked against the workspace ([`valid`]).

mod check;
pub mod raw;
mod services;
pub mod valid;
mod values;

pub use raw::RawConfig;
pub(super) use services::names;
pub use valid::Config;
