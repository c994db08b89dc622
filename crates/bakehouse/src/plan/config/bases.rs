//! The default bases.

use crate::graph::toolchain_file::Channel;

/// The image that services run on.
pub const RUNTIME: &str = "docker.io/library/debian:bookworm-slim";

/// The user that services run as.
pub const USER: &str = "10001:10001";

/// The working folder of services.
pub const WORKDIR: &str = "/var/lib/app";

/// Returns the builder for a toolchain: the image of its release if the toolchain names one.
pub fn builder(channel: Option<&Channel>) -> String {
    match channel.filter(|channel| is_published(channel)) {
        Some(release) => format!("docker.io/library/rust:{}-slim-bookworm", release.as_str()),
        None => "docker.io/library/rust:slim-bookworm".to_owned(),
    }
}

/// Returns whether images of a toolchain are published. Only releases have them, such as `1.95.0` or `1.95`.
pub fn is_published(channel: &Channel) -> bool {
    channel.is_release() && !channel.as_str().contains('-')
}
