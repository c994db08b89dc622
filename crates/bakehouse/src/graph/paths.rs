//! Lists of paths.

use std::cmp::Ordering;

use camino::{Utf8Path, Utf8PathBuf};

/// Orders paths part by part, as `Utf8Path` does, but faster: bytes give the same order if a slash sorts first.
pub fn in_order(a: &Utf8Path, b: &Utf8Path) -> Ordering {
    let byte = |byte| if byte == b'/' { 0 } else { byte };
    let (a, b) = (a.as_str().bytes(), b.as_str().bytes());
    a.map(byte).cmp(b.map(byte))
}

/// Returns `paths` without those that are inside another of them, in order.
pub fn outermost<'a>(paths: impl IntoIterator<Item = &'a Utf8PathBuf>) -> Vec<Utf8PathBuf> {
    let mut sorted: Vec<&Utf8PathBuf> = paths.into_iter().collect();
    sorted.sort_unstable_by(|a, b| in_order(a, b));
    // The contents of a folder come right after it.
    let mut outermost: Vec<Utf8PathBuf> = Vec::new();
    for path in sorted {
        if !outermost.last().is_some_and(|last| path.starts_with(last)) {
            outermost.push(path.clone());
        }
    }
    outermost
}
