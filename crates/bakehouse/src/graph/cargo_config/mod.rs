//! Cargo's configuration files: which of them exist, how Cargo reads them, and which keys an image follows.

mod cfgs;
mod check;
mod file;
mod files;
mod flags;
pub mod keys;
mod named;
mod read;

pub use cfgs::cfgs;
pub use check::Override;
pub use file::{ConfigFile, Entry, Value};
pub use files::{files, with_included};
pub use named::{Named, Native, Tool, applies};
pub use read::CargoConfig;
