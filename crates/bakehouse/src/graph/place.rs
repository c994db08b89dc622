//! Positions in a user's manifest.

use std::ops::Range;

use camino::Utf8Path;
use toml_edit::{Document, Item, Table, TableLike};

use super::member::EdgeKind;
use crate::problem::{Problem, Source};

/// A manifest that is read again to show a position in it.
pub struct Manifest {
    source: Source,
    document: Option<Document<String>>,
}

impl Manifest {
    /// Reads the manifest at `path`, relative to the context `root`.
    pub fn read(root: &Utf8Path, path: &Utf8Path) -> Self {
        let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        Self {
            document: Document::parse(text.clone()).ok(),
            source: Source {
                name: path.to_string(),
                text,
            },
        }
    }

    /// Returns `problem` with the position `span` in this manifest.
    pub fn at(&self, problem: Problem, span: Option<Range<usize>>) -> Problem {
        match span {
            Some(span) => problem.at(&self.source, span),
            None => problem,
        }
    }

    /// Returns the position of the key at the end of the path `keys`.
    pub fn key(&self, keys: &[&str]) -> Option<Range<usize>> {
        let (last, tables) = keys.split_last()?;
        let mut table: &dyn TableLike = self.table()?;
        for key in tables {
            table = table.get(key)?.as_table_like()?;
        }
        span(table, last)
    }

    /// Returns the position of the dependency that the manifest calls `key`, and whether it is inherited from the
    /// workspace.
    pub fn dependency(&self, key: &str, kind: EdgeKind) -> Option<(Range<usize>, bool)> {
        let names: [&str; 2] = match kind {
            EdgeKind::Normal => ["dependencies", "dependencies"],
            EdgeKind::Build => ["build-dependencies", "build_dependencies"],
            EdgeKind::Dev => ["dev-dependencies", "dev_dependencies"],
        };
        let table = self.table()?;
        let targets = table.get("target").and_then(Item::as_table_like);
        let targets = targets.into_iter().flat_map(TableLike::iter);
        let of_targets = targets.filter_map(|(_, target)| target.as_table_like());
        let mut all = std::iter::once(table as &dyn TableLike)
            .chain(of_targets)
            .flat_map(|table| names.map(|name| table.get(name).and_then(Item::as_table_like)))
            .flatten();
        all.find_map(|dependencies| {
            let inherited = dependencies.get(key)?.get("workspace").is_some();
            Some((span(dependencies, key)?, inherited))
        })
    }

    fn table(&self) -> Option<&Table> {
        Some(self.document.as_ref()?.as_table())
    }
}

fn span(table: &dyn TableLike, key: &str) -> Option<Range<usize>> {
    let value = table.get(key).and_then(Item::span);
    table.key(key)?.span().or(value)
}
