//! The workspace as Cargo sees it. [`cargo`], `cargo_config`, [`context`], [`listing`], [`place`], [`workspace`] and [`sources`] are the edges that read, and
//! `memory` keeps what Cargo said; the rest is pure.

pub mod activation;
mod artifacts;
mod as_is;
pub mod cargo;
mod cargo_config;
pub mod closure;
pub mod context;
pub mod each;
pub mod inputs;
mod known;
pub mod listing;
mod literals;
pub mod lock;
mod lock_fit;
pub mod member;
mod memory;
mod package;
pub mod patch;
pub mod pattern;
mod patterns_of_members;
pub mod place;
mod platform;
mod seen;
pub mod sources;
pub mod system;
mod tracked;
mod which_cargo;
pub mod workspace;

pub use activation::Activation;
pub use lock::Lock;
pub use member::Member;
pub use sources::Sources;
pub use workspace::Workspace;
