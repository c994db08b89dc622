//! Comparison of a published image with one that was rebuilt: documents by their keys, layers by their files.

pub mod difference;
pub mod entries;
pub mod files;
pub mod keys;
pub mod layers;
pub mod origin;
