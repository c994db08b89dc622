//! The bases of a workspace that names none.

/// What services run on.
pub const RUNTIME: &str = "docker.io/library/debian:bookworm-slim";

/// Who services run as.
pub const USER: &str = "10001:10001";

/// The builder for a toolchain: of the release, where it is one.
pub fn builder(channel: Option<&str>) -> String {
    match channel.filter(|channel| is_release(channel)) {
        Some(release) => format!("docker.io/library/rust:{release}-slim-bookworm"),
        None => "docker.io/library/rust:slim-bookworm".to_owned(),
    }
}

/// Whether a toolchain is a release, such as `1.95.0` or `1.95`, and not a channel that moves.
pub fn is_release(channel: &str) -> bool {
    channel.starts_with(|c: char| c.is_ascii_digit())
}
