//! Layers of two images, side by side.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// A layer of the published image and the rebuilt one that stands in its place, by their indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// They have the same content.
    Same(usize, usize),
    Different(usize, usize),
    OnlyPublished(usize),
    OnlyRebuilt(usize),
}

/// Returns the pairs of two lists of layers, which are given by something that is equal for the same content. A layer
/// that only one image has moves none of the others.
pub fn pairs<T: Ord + std::hash::Hash>(published: &[T], rebuilt: &[T]) -> Vec<Pair> {
    let operations = capture_diff_slices(Algorithm::Myers, published, rebuilt);
    let mut pairs = Vec::new();
    for operation in operations {
        let (old, new) = (operation.old_range(), operation.new_range());
        let both = old.clone().zip(new.clone());
        match operation {
            DiffOp::Equal { .. } => pairs.extend(both.map(|(old, new)| Pair::Same(old, new))),
            _ => {
                let paired = old.len().min(new.len());
                pairs.extend(both.map(|(old, new)| Pair::Different(old, new)));
                pairs.extend(old.skip(paired).map(Pair::OnlyPublished));
                pairs.extend(new.skip(paired).map(Pair::OnlyRebuilt));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::Pair::{Different, OnlyPublished, OnlyRebuilt, Same};
    use super::*;

    #[test]
    fn a_layer_of_one_image_moves_none_of_the_others() {
        let table: [(&str, &str, &[Pair]); 5] = [
            ("ab", "ab", &[Same(0, 0), Same(1, 1)]),
            ("abc", "axc", &[Same(0, 0), Different(1, 1), Same(2, 2)]),
            ("axb", "ab", &[Same(0, 0), OnlyPublished(1), Same(2, 1)]),
            ("ab", "xab", &[OnlyRebuilt(0), Same(0, 1), Same(1, 2)]),
            ("ab", "axy", &[Same(0, 0), Different(1, 1), OnlyRebuilt(2)]),
        ];
        for (published, rebuilt, expected) in table {
            let layers = |text: &str| Vec::from_iter(text.chars());
            let found = pairs(&layers(published), &layers(rebuilt));
            assert_eq!(found, expected, "{published} {rebuilt}");
        }
    }
}
