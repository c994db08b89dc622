//! The workspace as Cargo sees it. [`cargo`], `cargo_config`, [`context`], [`workspace`] and [`sources`] are the edges that read, and
//! `memory` keeps what Cargo said; the rest is pure.

pub mod activation;
pub mod cargo;
mod cargo_config;
pub mod closure;
pub mod context;
pub mod each;
pub mod features;
pub mod inputs;
pub mod lock;
pub mod member;
mod memory;
mod package;
pub mod patch;
mod platform;
mod seen;
pub mod sources;
pub mod system;
mod which_cargo;
pub mod workspace;

pub use activation::Activation;
pub use lock::Lock;
pub use member::Member;
pub use sources::Sources;
pub use workspace::Workspace;
