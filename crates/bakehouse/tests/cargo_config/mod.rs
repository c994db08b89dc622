//! Cargo's configuration files: images follow them as Cargo on the host does, or `generate` says why not.

mod images;
mod precedence;
mod refused;
