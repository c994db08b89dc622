//! Cargo's configuration files: what Cargo makes of them on the host, the image does, or `generate` says why not.

mod images;
mod precedence;
mod refused;
