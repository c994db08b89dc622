//! Workspaces made for tests, and the real engine as their judge.
//!
//! | module | holds |
//! |---|---|
//! | [`workspace`] | a Cargo workspace in a temporary folder, and edits to it |
//! | [`bakehouse`](mod@bakehouse) | the program under test |
//! | [`bake`] | `docker buildx bake`, and which steps it really ran |
//! | [`images`] | a namespace of images that is removed with the test |
//! | [`compose`] | a Compose project that is taken down with the test |
//! | [`container`] | what an image does and what it holds |
//! | [`crates`] | a registry of crates that wants a token |
//! | [`git_host`] | git repositories that crates are fetched from |
//! | [`mirror`] | a registry of crates that everybody may read |
//! | [`ssh`] | a host that is reached by SSH |
//! | [`leaks`] | where a text is that should be nowhere |
//! | [`contents`] | what an image is made of, byte for byte |
//! | [`engine`] | the Docker Engine, and whose turn it is to use it |
//! | [`mounts`] | the cache mounts of a Dockerfile |
//! | [`oracle`] | comparison of shapes with what Cargo builds on the host |
//! | [`node`] | BuildKit of an engine, as a node of a fleet |
//! | [`pages`] | pages of `docs/` whose commands are played |
//! | [`ran`] | a finished process |
//! | [`running`] | a process that is watched while it runs |
//! | [`disk`] | a small disk, which can be full |
//! | [`refusing`] | a registry that refuses |
//! | [`runner`] | a second, empty engine, and the registry that both reach |
//! | [`served`] | git repositories and files that are served |
//! | [`shapes`] | workspaces of random shape |
//! | [`slow`] | the registry, far away |
//! | [`spoil`] | a cache in the registry that is no longer what it was |
//! | [`synthetic`] | a workspace of any size that no person wrote |
//!
//! Everything here is for tests: what goes wrong panics, with what the process said.

pub mod bake;
pub mod bakehouse;
pub mod compose;
pub mod container;
pub mod contents;
pub mod crates;
pub mod disk;
pub mod engine;
pub mod git_host;
pub mod images;
pub mod leaks;
mod listening;
pub mod mirror;
pub mod mounts;
pub mod node;
pub mod oracle;
pub mod pages;
pub mod ran;
pub mod refusing;
pub mod runner;
pub mod running;
pub mod served;
pub mod shapes;
pub mod slow;
pub mod spoil;
pub mod ssh;
pub mod synthetic;
pub mod unique;
pub mod workspace;

pub use bake::{Bake, BakeRun, stages};
pub use bakehouse::bakehouse;
pub use compose::Compose;
pub use contents::Contents;
pub use crates::Crates;
pub use disk::Disk;
pub use engine::Turn;
pub use git_host::GitHost;
pub use leaks::Leaks;
pub use mirror::Mirror;
pub use node::Node;
pub use ran::Ran;
pub use refusing::{Refusal, Refusing};
pub use runner::Runner;
pub use running::{Reach, Running};
pub use served::Served;
pub use slow::Slow;
pub use ssh::Ssh;
pub use synthetic::Synthetic;
pub use workspace::{Member, Workspace};
