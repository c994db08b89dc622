//! The plan of a build, complete before anything is written. This module is pure: no files, no environment, no clock,
//! no process.

pub mod about;
mod activated;
pub mod affected;
mod alternatives;
pub mod auditable;
pub mod baked;
pub mod build;
pub mod builder;
pub mod chains;
pub mod choice;
mod collect;
pub mod config;
pub mod costs;
pub mod development;
pub mod downloads;
pub mod draft;
mod embedded;
pub mod explain;
mod feature_requests;
mod given;
pub mod glibc;
pub mod grouping;
pub mod hash;
pub mod identity;
pub mod image_files;
mod inherit;
pub mod inputs;
pub mod lock_graph;
pub mod missing;
pub mod other_image;
pub mod pack;
pub mod parted;
pub mod profile;
pub mod proposal;
mod request;
pub mod runtime;
pub mod selection;
pub mod service;
mod settings;
pub mod shared;
pub mod skeleton;
pub mod stage;
mod tables;
pub mod zig;

pub use build::Plan;
