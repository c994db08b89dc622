//! The kinds of stages, one file each.

pub mod auditable;
pub mod binary;
pub mod compiled;
pub mod cross;
pub mod dependencies;
pub mod embedded;
pub mod fetched;
pub mod glibc;
pub mod image;
pub mod library;
pub mod mounted;
pub mod rootfs;
pub mod seed;
pub mod shared;
pub mod toolchain;
pub mod vendor;
pub mod zig;
