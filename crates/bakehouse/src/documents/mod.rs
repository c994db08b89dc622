//! The text of every generated file. Rendering is pure and cannot fail: the plan has found all errors before.

mod all;
pub mod attestation;
pub mod attributes;
pub mod bake;
pub mod ci;
pub mod compose;
pub mod dockerfile;
mod document;
pub mod graph;
pub mod handover;
pub mod header;
pub mod ignore;
pub mod init_packs;
pub mod kubernetes;
pub mod labels;
pub mod proposal;
pub mod sbom;
pub mod skeleton;
pub mod yaml;

pub use all::{OPTIONAL, render};
pub use document::Document;
