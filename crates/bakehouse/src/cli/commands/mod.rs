//! The commands, one file each.

pub mod affected;
pub mod bench;
pub mod build;
pub mod builder;
pub mod ci;
pub mod completions;
pub mod dev;
pub mod doctor;
pub mod generate;
pub mod graph;
pub mod group;
pub mod handover;
pub mod init;
pub mod manpages;
pub mod packs;
pub mod pin;
pub mod plan;
pub mod prune;
pub mod rebase;
pub mod reproduce;
pub mod sbom;
pub mod verify;
pub mod why;
