//! Whether a binary was built from the current sources and the locked crates.

use std::collections::BTreeMap;

use super::results::Outcome;
use super::subject::Part;
use super::tree;

/// The contents of correct binaries.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Package → the marker in its sources.
    pub markers: BTreeMap<String, u32>,
    /// Crates that the lock no longer has, as `name-version`. Their folder is named in messages of panics.
    pub gone: Vec<String>,
}

/// Judges the binary of a part.
pub fn verdict(part: &Part, binary: &[u8], expected: &Expected) -> Outcome {
    let found = tree::markers(binary);
    let markers = expected.markers.iter();
    let wanted: Vec<u32> = markers
        .filter(|(package, _)| part.closure.contains(*package))
        .map(|(_, marker)| *marker)
        .collect();
    let has_gone = |name: &String| {
        let folder = format!("/{name}/");
        holds(binary, folder.as_bytes())
    };
    if found.iter().any(|marker| !wanted.contains(marker)) || expected.gone.iter().any(has_gone) {
        Outcome::Stale
    } else if wanted.iter().all(|marker| found.contains(marker)) {
        Outcome::Right
    } else {
        Outcome::Unchecked
    }
}

fn holds(binary: &[u8], part: &[u8]) -> bool {
    aho_corasick::AhoCorasick::new([part]).is_ok_and(|searcher| searcher.is_match(binary))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part() -> Part {
        Part {
            targets: vec!["api".to_owned()],
            name: "api".to_owned(),
            package: "api".to_owned(),
            bin: "api".to_owned(),
            file: "src/main.rs".into(),
            closure: ["api".to_owned(), "common".to_owned()].into(),
            image: None,
            pack_folder: None,
        }
    }

    #[test]
    fn a_binary_with_an_old_marker_or_an_old_crate_is_stale() {
        let expected = Expected {
            markers: [
                ("api".to_owned(), 7),
                ("common".to_owned(), 3),
                ("other".to_owned(), 9),
            ]
            .into(),
            gone: vec!["serde_json-1.0.150".to_owned()],
        };
        let judge = |text: String| verdict(&part(), text.as_bytes(), &expected);
        let both = tree::marker(7) + &tree::marker(3);
        assert_eq!(judge(both.clone()), Outcome::Right);
        assert_eq!(judge(tree::marker(7)), Outcome::Unchecked);
        assert_eq!(judge(tree::marker(7) + &tree::marker(2)), Outcome::Stale);
        assert_eq!(
            judge(both.clone() + "/serde_json-1.0.150/src/de.rs"),
            Outcome::Stale
        );
        assert_eq!(
            judge(both + "/serde_json-1.0.151/src/de.rs"),
            Outcome::Right
        );
    }
}
