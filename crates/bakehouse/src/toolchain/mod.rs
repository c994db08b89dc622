//! The pinned toolchain: which compiler, C library and package set a workspace is built with, and one identity for
//! all of it. `tools/nix/toolchain.nix` computes the same from the same files. [`files`] is the edge that reads; the rest is
//! pure.

pub mod files;
pub mod flake_lock;
pub mod identity;
pub mod pins;
pub mod written;

pub use identity::Toolchain;
