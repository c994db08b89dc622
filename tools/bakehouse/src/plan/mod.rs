//! What will be built, worked out completely before anything is written. Pure: no files, no environment, no
//! clock, no process.

pub mod build;
pub mod config;
pub mod hash;
pub mod pack;
pub mod proposal;
pub mod selection;
pub mod service;
pub mod skeleton;
pub mod stage;

pub use build::Plan;
