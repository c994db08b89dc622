//! Docker images for Rust workspaces: reads a Cargo workspace and one `bakehouse.toml`, works out a
//! plan, and writes ordinary Bake and Docker files that work without this tool.
//!
//! The folders are the flow, and each one looks only at those before it:
//!
//! | room | does | touches |
//! |---|---|---|
//! | [`toolchain`] | the pinned compiler and C library, and one identity for them | reads three small files |
//! | [`graph`] | the workspace: members, closures, lock | reads `cargo metadata --no-deps` and files |
//! | [`plan`] | configuration and graph → services, packs, stages, input hashes | nothing |
//! | [`documents`] | plan → the text of every generated file | nothing |
//! | [`files`] | documents against the disk: compare, then apply | reads and writes files |
//! | [`git`] | the files of a revision, and what is not committed | runs `git` |
//! | [`engine`] | Docker: what it has, and baking | runs `docker` |
//! | [`packs`] | packs: what is in them, whether it can be used, and the binaries put into them | reads and writes pack folders |
//! | [`doctor`] | what is there to bake with, and what is in the way | runs `docker` and `rustc`, reads files |
//! | [`bench`] | this tool, cargo-chef, mounts by hand and the host, side by side | runs all of these on copies |
//! | [`cli`] | arguments, output, exit codes | the terminal |

pub mod bench;
pub mod cli;
pub mod doctor;
pub mod documents;
pub mod engine;
pub mod files;
pub mod git;
pub mod graph;
pub mod names;
pub mod packs;
pub mod plan;
pub mod problem;
pub mod toolchain;

#[cfg(test)]
mod reference;
