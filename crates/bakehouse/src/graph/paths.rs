//! Lists of paths.

use std::cmp::Ordering;

use camino::Utf8Path;

/// Orders paths part by part, as `Utf8Path` does, but faster: bytes give the same order if a slash sorts first.
pub fn in_order(a: &Utf8Path, b: &Utf8Path) -> Ordering {
    let (a, b) = (a.as_str().as_bytes(), b.as_str().as_bytes());
    // Neighbours have most of their text in common, which is passed over in steps.
    let steps = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let same = 8 * steps.take_while(|(a, b)| a == b).count();
    let byte = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
    a[same..].iter().map(byte).cmp(b[same..].iter().map(byte))
}

/// Returns `paths` without those that are inside another of them, in order.
pub fn outermost<'a, P: AsRef<Utf8Path> + Clone + 'a>(
    paths: impl IntoIterator<Item = &'a P>,
) -> Vec<P> {
    let mut sorted: Vec<&P> = paths.into_iter().collect();
    sorted.sort_unstable_by(|a, b| in_order(a.as_ref(), b.as_ref()));
    // The contents of a folder come right after it.
    let mut outermost: Vec<P> = Vec::new();
    for path in sorted {
        let inside = |last: &P| path.as_ref().starts_with(last.as_ref());
        if !outermost.last().is_some_and(inside) {
            outermost.push(path.clone());
        }
    }
    outermost
}
