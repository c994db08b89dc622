//! Docker images for Rust workspaces: reads a Cargo workspace and one `bakehouse.toml`, works out a plan, and writes
//! ordinary Bake and Docker files that work without this tool.
//!
//! The modules follow the flow of data, and each one uses only those before it:
//!
//! | module | does | touches |
//! |---|---|---|
//! | [`toolchain`] | the pinned compiler and C library, and one identity for them | reads three small files |
//! | [`graph`] | the workspace: members, closures, lock | reads `cargo metadata --no-deps` and files |
//! | [`plan`] | configuration and graph → services, packs, stages, input hashes | nothing |
//! | [`documents`] | plan → the text of every generated file | nothing |
//! | [`files`] | compares documents with the disk, then writes the differences | reads and writes files |
//! | [`git`] | the files of a revision, and uncommitted changes | runs `git` |
//! | [`engine`] | Docker: queries and builds | runs `docker` |
//! | [`registry`] | registries: images, their parts and tags | asks registries |
//! | [`packs`] | packs: their contents, checks, and the binaries put into them | reads and writes pack folders |
//! | [`rebase`] | images on other bases: whether they run there, and their bytes | nothing |
//! | [`shipped`] | what a repository ships by its own Dockerfiles, Bake files and the like | reads files |
//! | [`doctor`] | checks of the machine and of the workspace's setup | runs `docker` and `rustc`, reads files |
//! | [`bench`] | compares this tool with cargo-chef, hand-written cache mounts and the host | runs all of these on copies |
//! | [`cli`] | arguments, output, exit codes | the terminal |

pub mod bench;
pub mod cli;
pub mod context_path;
pub mod doctor;
pub mod documents;
pub mod engine;
pub mod files;
pub mod git;
pub mod graph;
pub mod names;
pub mod packs;
pub mod pages;
pub mod plan;
pub mod problem;
pub mod rebase;
pub mod registry;
pub mod reproduce;
pub mod shipped;
pub mod toolchain;

#[cfg(test)]
mod documentation;
#[cfg(test)]
mod reference;
