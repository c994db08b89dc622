//! Cargo's configuration files: images follow them as Cargo on the host does, or `generate` explains why they cannot.

mod images;
mod precedence;
mod refused;
