//! Pinned version of cargo-auditable, which adds the list of its crates to a binary. docs/releases.md describes how to
//! read that list.

/// The version of the package `cargo-auditable`.
pub const CARGO_AUDITABLE: &str = "0.7.5";
