//! Differences between the files of two layers.

use std::collections::BTreeSet;

use serde::Serialize;

use super::difference::Difference;
use super::entries::{Entries, Entry};

/// A path that two layers have differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileDifference {
    pub path: String,
    #[serde(flatten)]
    pub change: Change,
}

/// The way in which they differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Change {
    OnlyPublished,
    OnlyRebuilt,
    Different { differences: Vec<Difference> },
}

/// Returns the paths that two layers have differently, sorted.
pub fn differences(published: &Entries, rebuilt: &Entries) -> Vec<FileDifference> {
    let paths: BTreeSet<&String> = published.keys().chain(rebuilt.keys()).collect();
    let differing = paths.into_iter().filter_map(|path| {
        let change = match (published.get(path), rebuilt.get(path)) {
            (Some(published), Some(rebuilt)) => {
                let differences = fields(published, rebuilt);
                if differences.is_empty() {
                    return None;
                }
                Change::Different { differences }
            }
            (Some(_), None) => Change::OnlyPublished,
            (None, _) => Change::OnlyRebuilt,
        };
        let path = path.clone();
        Some(FileDifference { path, change })
    });
    differing.collect()
}

fn fields(published: &Entry, rebuilt: &Entry) -> Vec<Difference> {
    let field = |key: &str, value: &dyn Fn(&Entry) -> Option<String>| {
        Difference::of(key, value(published), value(rebuilt))
    };
    let fields = [
        field("kind", &|entry| Some(entry.kind.to_string())),
        field("mode", &|entry| Some(format!("{:04o}", entry.mode))),
        field("owner", &|entry| {
            Some(format!("{}:{}", entry.owner.0, entry.owner.1))
        }),
        field("size", &|entry| Some(entry.size.to_string())),
        field("content", &|entry| {
            entry.content.as_ref().map(ToString::to_string)
        }),
        field("modified", &|entry| Some(entry.modified.to_string())),
    ];
    let names: BTreeSet<&String> = published
        .attributes
        .keys()
        .chain(rebuilt.attributes.keys())
        .collect();
    let attributes = names.into_iter().map(|name| {
        let value = |entry: &Entry| entry.attributes.get(name).cloned();
        field(&format!("attribute {name}"), &value)
    });
    fields.into_iter().chain(attributes).flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::entries::Kind;
    use super::*;
    use crate::registry::Digest;

    fn file() -> Entry {
        Entry {
            kind: Kind::File,
            mode: 0o755,
            owner: (0, 0),
            size: 1,
            content: Some(Digest::of(b"a")),
            modified: "1970-01-01T00:00:00Z".parse().unwrap(),
            attributes: BTreeMap::new(),
        }
    }

    /// Returns the differences of a file whose entry in the rebuilt layer is `change`d, as lines.
    fn told(change: impl Fn(&mut Entry)) -> Vec<String> {
        let mut other = file();
        change(&mut other);
        let published = Entries::from([("same".to_owned(), file()), ("f".to_owned(), file())]);
        let rebuilt = Entries::from([("same".to_owned(), file()), ("f".to_owned(), other)]);
        let found = differences(&published, &rebuilt);
        let lines = found.iter().flat_map(|found| {
            assert_eq!(found.path, "f");
            match &found.change {
                Change::Different { differences } => differences.clone(),
                change => panic!("{change:?}"),
            }
        });
        lines
            .map(|line| format!("{} {}", line.key, line.values()))
            .collect()
    }

    #[test]
    fn each_field_of_a_file_is_compared() {
        type Edit = fn(&mut Entry);
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let content = format!("content {a} published, {b} rebuilt");
        let table: [(Edit, &[&str]); 7] = [
            (|_| {}, &[]),
            (
                |file| file.mode = 0o4755,
                &["mode 0755 published, 4755 rebuilt"],
            ),
            (
                |file| file.owner = (0, 5),
                &["owner 0:0 published, 0:5 rebuilt"],
            ),
            (|file| file.content = Some(Digest::of(b"b")), &[&content]),
            (
                |file| file.modified = "2026-12-01T00:00:00Z".parse().unwrap(),
                &["modified 1970-01-01T00:00:00Z published, 2026-12-01T00:00:00Z rebuilt"],
            ),
            (
                |file| {
                    let attribute = ("user.x".to_owned(), "01".to_owned());
                    file.attributes.extend([attribute]);
                },
                &["attribute user.x none published, 01 rebuilt"],
            ),
            (
                |file| {
                    file.kind = Kind::Link("x".to_owned());
                    file.size = 0;
                },
                &[
                    "kind file published, link to x rebuilt",
                    "size 1 published, 0 rebuilt",
                ],
            ),
        ];
        for (edit, expected) in table {
            assert_eq!(told(edit), expected);
        }
    }

    #[test]
    fn files_that_only_one_has_are_named() {
        let one = |path: &str| Entries::from([(path.to_owned(), file())]);
        let found = differences(&one("a/more"), &one("b/other"));
        let found: Vec<_> = found
            .into_iter()
            .map(|found| (found.path, found.change))
            .collect();
        let expected = [
            ("a/more".to_owned(), Change::OnlyPublished),
            ("b/other".to_owned(), Change::OnlyRebuilt),
        ];
        assert_eq!(found, expected);
    }
}
