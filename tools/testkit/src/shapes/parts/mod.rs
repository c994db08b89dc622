//! The changes that each part makes to a model.

mod apply;
mod configs;
mod features;
mod git;
mod inputs;
mod members;
mod patches;
mod paths;
mod registries;
mod targets;

pub(super) use apply::{apply, source};
pub(super) use registries::{LOCAL, VENDOR};
