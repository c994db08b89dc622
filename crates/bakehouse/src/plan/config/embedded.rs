//! `images` of `[inputs.<package>]`: files of images that the build of a package reads.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::check::Check;
use super::inputs::ByPackage;
use super::raw::RawConfig;
use super::raw_embedded::RawEmbedded;
use super::spanned::Spanned;
use super::valid::{Embedded, ImagePath, OtherImageConfig};
use crate::context_path::ContextPath;
use crate::graph::inputs::fixed_part;
use crate::names::PackageName;
use crate::problem::Code;

impl Check<'_> {
    /// Returns the files of images that the build of each package reads.
    pub(super) fn embedded(
        &mut self,
        raw: &RawConfig,
        images: &[OtherImageConfig],
    ) -> ByPackage<Embedded> {
        let mut found: ByPackage<Embedded> = BTreeMap::new();
        let mut places: Vec<(Embedded, PackageName)> = Vec::new();
        for (package, inputs) in &raw.inputs {
            let Some(written) = &inputs.images else {
                continue;
            };
            let name = PackageName::new(package.as_ref());
            if self.workspace.members.contains_key(&name)
                && self.workspace.own_member(&name).is_none()
            {
                self.problem(
                    Code::ConfigValue,
                    format!("`{name}` is not a member of the workspace, so its build cannot read files of an image"),
                    written.span(),
                    "let a member embed them",
                );
            }
            let pairs: Vec<(&Spanned<String>, Option<&Spanned<String>>)> = match written.as_ref() {
                RawEmbedded::List(list) => list.iter().map(|from| (from, None)).collect(),
                RawEmbedded::Table(table) => {
                    table.iter().map(|(from, to)| (from, Some(to))).collect()
                }
            };
            for (from, to) in pairs {
                let Some(one) = self.embedded_one(raw, images, from, to) else {
                    continue;
                };
                let place = to.unwrap_or(from);
                let apart = |other: &Embedded| {
                    !other.to.starts_with(&one.to) && !one.to.starts_with(&other.to)
                };
                let other = places.iter().find(|(other, of)| {
                    let same = *other == one && *of != name;
                    !same && !apart(other)
                });
                if let Some((other, _)) = other {
                    self.problem(
                        Code::ConfigValue,
                        format!("{} lies in {}, where files of `{}` go", one.to, other.to, other.image),
                        place.span(),
                        "give each its own place, with `images = { \"<image>:<path>\" = \"<place>\" }`",
                    );
                    continue;
                }
                places.push((one.clone(), name.clone()));
                found.entry(name.clone()).or_default().push(one);
            }
        }
        found.values_mut().for_each(|list| list.sort());
        found
    }

    fn embedded_one(
        &mut self,
        raw: &RawConfig,
        images: &[OtherImageConfig],
        from: &Spanned<String>,
        to: Option<&Spanned<String>>,
    ) -> Option<Embedded> {
        let ImagePath {
            image,
            path: source,
        } = self.path_in_image(raw, from)?;
        let context = &images.iter().find(|one| one.name == image)?.context;
        let before = self.problems.len();
        let to: Utf8PathBuf = match to {
            Some(to) => Utf8PathBuf::from(self.in_context(to))
                .components()
                .collect(),
            None => context
                .join(source.strip_prefix("/").unwrap_or(&source))
                .into(),
        };
        (self.problems.len() == before).then(|| Embedded {
            image,
            source,
            to: ContextPath::new(to),
        })
    }
}

/// Returns the path, of those that a build reads as a whole, that contains `place`.
pub(super) fn holder<'a>(
    place: &Utf8Path,
    mut read: impl Iterator<Item = &'a Utf8PathBuf>,
) -> Option<Utf8PathBuf> {
    read.find_map(|path| {
        let path = fixed_part(path);
        place.starts_with(&path).then_some(path)
    })
}
