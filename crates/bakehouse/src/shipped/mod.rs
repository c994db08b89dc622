//! The images that a repository ships already, by its own Dockerfiles, Bake files, Compose files, workflows and scripts.

mod bake;
mod candidate;
mod cargo_call;
mod carried;
mod chart;
pub mod choose;
mod compose;
mod dockerfile;
mod gather;
mod image;
mod keys;
pub mod kinds;
mod named;
mod place;
mod program;
mod registry;
mod request;
mod scope;
mod shell;
mod tree;
mod values;
mod walk;
mod workflow;
