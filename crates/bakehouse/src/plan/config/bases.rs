//! The bases of a workspace that names none.

use crate::graph::toolchain_file::Channel;

/// What services run on.
pub const RUNTIME: &str = "docker.io/library/debian:bookworm-slim";

/// Who services run as.
pub const USER: &str = "10001:10001";

/// The builder for a toolchain: of the release, where it is one.
pub fn builder(channel: Option<&Channel>) -> String {
    match channel.filter(|channel| is_published(channel)) {
        Some(release) => format!("docker.io/library/rust:{}-slim-bookworm", release.as_str()),
        None => "docker.io/library/rust:slim-bookworm".to_owned(),
    }
}

/// Returns whether images of a toolchain are published: only of releases, such as `1.95.0` or `1.95`.
pub fn is_published(channel: &Channel) -> bool {
    channel.is_release() && !channel.as_str().contains('-')
}
