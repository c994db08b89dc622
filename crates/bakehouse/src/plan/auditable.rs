//! What puts the list of its crates into a binary: cargo-auditable. docs/releases.md tells how it is read.

/// The version of the package `cargo-auditable`.
pub const CARGO_AUDITABLE: &str = "0.7.5";
