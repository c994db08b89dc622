//! The workspace as Cargo sees it. [`cargo`], [`cargo_config`], [`context`], [`docker_context`],
//! [`dockerfile`], [`frontend`], [`listing`], [`place`], [`workspace`], [`well_known`] and [`sources`] read files, and `metadata_cache` caches Cargo's answers. The rest is pure.

pub mod activation;
mod artifact_refusal;
mod artifacts;
mod as_is;
pub mod cargo;
pub mod cargo_config;
pub mod cargo_sources;
pub mod closure;
pub mod context;
pub mod docker_context;
pub mod dockerfile;
pub mod dockerignore;
pub mod features;
mod fingerprint;
pub mod frontend;
pub mod inputs;
mod known;
pub mod listing;
mod literals;
pub mod lock;
mod lock_fit;
pub mod member;
mod metadata_cache;
mod package;
pub mod parallel;
pub mod patch;
pub mod paths;
pub mod pattern;
mod patterns_of_members;
pub mod place;
mod platform;
pub mod sources;
pub mod system;
mod toml_file;
pub mod toolchain_file;
mod tracked;
pub mod well_known;
mod which_cargo;
pub mod workspace;

pub use activation::Activation;
pub use lock::Lock;
pub use member::Member;
pub use sources::Sources;
pub use toolchain_file::ToolchainFile;
pub use workspace::Workspace;
