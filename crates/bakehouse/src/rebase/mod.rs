//! An image on another base: the same layers, above others, where what is known of the bases and the binaries shows that
//! they run there, and that a bake on that base would write the same bytes.

pub mod base;
pub mod configuration;
mod elf;
pub mod fits;
pub mod image;
pub mod layer;
pub mod upper;
