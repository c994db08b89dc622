//! Paths in images and repositories, as texts.

/// Returns the last part of a path.
pub fn last(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}
