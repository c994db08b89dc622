//! Test workspaces, and helpers to test them with a real engine.
//!
//! | module | contents |
//! |---|---|
//! | [`workspace`] | a Cargo workspace in a temporary folder, and edits to it |
//! | [`bakehouse`](mod@bakehouse) | the program under test |
//! | [`bake`] | `docker buildx bake`, and the steps that it really ran |
//! | [`images`] | a namespace of images that is removed at the end of the test |
//! | [`compose`] | a Compose project that is removed at the end of the test |
//! | [`container`] | the behaviour and the contents of an image |
//! | [`crates`] | a registry of crates that requires a token |
//! | [`git_host`] | git repositories that crates are fetched from |
//! | [`mirror`] | a public registry of crates |
//! | [`ssh`] | a host that is reached by SSH |
//! | [`leaks`] | a search for a text that must not appear anywhere |
//! | [`contents`] | the exact contents of an image |
//! | [`engine`] | the Docker Engine, and turns to use it |
//! | [`mounts`] | the cache mounts of a Dockerfile |
//! | [`oracle`] | comparison of shapes with what Cargo builds on the host |
//! | [`node`] | an engine's BuildKit as a node of a fleet |
//! | [`own_registry`] | a registry with settings of a test's own |
//! | [`pages`] | pages of `docs/` with commands that are run |
//! | [`ran`] | a finished process |
//! | [`running`] | a process that is observed while it runs |
//! | [`disk`] | a small disk, which can be filled up |
//! | [`read_only`] | a connection to the registry for those who may only read |
//! | [`refusing`] | a registry that refuses all requests |
//! | [`runner`] | a second, empty engine, and the registry that both reach |
//! | [`served`] | git repositories and files that are served |
//! | [`shapes`] | workspaces of random shape |
//! | [`slow`] | a slow connection to the registry |
//! | [`spoil`] | damage to a cache in the registry |
//! | [`synthetic`] | a generated workspace of any size |
//!
//! Everything here is for tests: errors panic, with the output of the process.

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
pub mod own_registry;
pub mod pages;
pub mod ran;
pub mod read_only;
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
pub use own_registry::OwnRegistry;
pub use ran::Ran;
pub use read_only::ReadOnly;
pub use refusing::{Refusal, Refusing};
pub use runner::Runner;
pub use running::{Reach, Running};
pub use served::Served;
pub use slow::Slow;
pub use ssh::Ssh;
pub use synthetic::Synthetic;
pub use workspace::{Member, Workspace};
