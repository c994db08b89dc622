//! `files` of services and variants: the paths that their images ship.

use std::ops::Range;

use camino::Utf8PathBuf;

use super::check::Check;
use super::raw::{RawConfig, RawVariant};
use super::valid::ImagePath;
use crate::context_path::ContextPath;
use crate::problem::Code;

/// A path that an image ships. Those of the workspace are laid out first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ShippedFrom {
    Context(ContextPath),
    Image(ImagePath),
}

/// A row of `files`.
#[derive(Clone, Debug)]
pub(super) struct ShippedFile {
    pub(super) from: ShippedFrom,
    /// The path in the image, as it is written.
    pub(super) to: Utf8PathBuf,
    /// The path that is shipped, as it is written.
    pub(super) written: String,
    /// The place of that path in the file.
    pub(super) place: Range<usize>,
    /// The number of its layer: 0 for the service's, 1 for the variant's.
    pub(super) layer: usize,
}

impl Check<'_> {
    /// Returns the rows of `layers` that have no mistake. Of several for the same path, the last layer's counts.
    pub(super) fn shipped_files(
        &mut self,
        raw: &RawConfig,
        layers: &[&RawVariant],
    ) -> Vec<ShippedFile> {
        let mut rows: Vec<ShippedFile> = Vec::new();
        let written = layers.iter().enumerate();
        let written =
            written.flat_map(|(layer, keys)| keys.files.iter().map(move |row| (layer, row)));
        for (layer, (from, to)) in written {
            let before = self.problems.len();
            let to = self.absolute(Some(to), "/");
            // No path in the workspace has a colon.
            let source = if from.as_ref().contains(':') {
                let from = self.shipped_of_image(raw, layers, from);
                from.map(ShippedFrom::Image)
            } else {
                let path = self.in_context(from);
                if self.problems.len() == before {
                    self.exists(from, &path);
                    self.is_sent(from, &path);
                }
                Some(ShippedFrom::Context(path))
            };
            let Some(source) = source.filter(|_| self.problems.len() == before) else {
                continue;
            };
            let row = ShippedFile {
                from: source,
                to,
                written: from.as_ref().clone(),
                place: from.span(),
                layer,
            };
            match rows.iter().position(|other| other.from == row.from) {
                Some(at) if rows[at].layer == layer => {
                    let message =
                        format!("`{}` and `{}` are one path", rows[at].written, row.written);
                    self.two_places(
                        Code::ConfigValue,
                        message,
                        [Some(rows[at].place.clone()), Some(row.place)],
                        "a path is shipped to one place: leave one of them out",
                    );
                }
                Some(at) => rows[at] = row,
                None => rows.push(row),
            }
        }
        rows
    }
}
