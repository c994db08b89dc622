//! The pinned toolchain: the compiler, C library and package set that a workspace is built with, and one identity for
//! all of them. `tools/nix/toolchain.nix` computes the same identity from the same files. Only [`files`] reads files.
//! The rest is pure.

pub mod files;
pub mod flake_lock;
pub mod identity;
pub mod pins;
pub mod written;

pub use identity::Toolchain;
