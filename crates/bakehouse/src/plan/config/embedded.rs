//! `images` of `[inputs.<package>]`: files of images that the build of a package reads.

use std::collections::BTreeMap;
use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};

use super::check::Check;
use super::inputs::ByPackage;
use super::raw::RawConfig;
use super::raw_embedded::RawEmbedded;
use super::spanned::Spanned;
use super::valid::{Config, Embedded, ImagePath, OtherImageConfig};
use crate::context_path::ContextPath;
use crate::graph::Workspace;
use crate::graph::inputs::fixed_part;
use crate::names::PackageName;
use crate::problem::{Code, Problem, Source};

/// Files of an image, and the place in the file that says where a build finds them.
pub(super) struct PlacedFiles {
    files: Embedded,
    place: Range<usize>,
}

impl Config {
    /// Returns a problem for each path that a build reads as a whole and that contains a place where files of an image go:
    /// what the host has there must not be read, and a mount cannot lie in another one.
    pub(super) fn not_apart(
        &self,
        placed: &[PlacedFiles],
        source: &Source,
        workspace: &Workspace,
    ) -> Vec<Problem> {
        let held = placed.iter().filter_map(|PlacedFiles { files, place }| {
            let members = workspace.members.values();
            let sources = members.flat_map(|member| &member.sources);
            let read: Vec<Utf8PathBuf> = sources.chain(self.inputs.values().flatten()).cloned().collect();
            let why = match holder(&files.to, read.iter()) {
                Some(holder) => format!("{holder} is read as a whole"),
                None => held_by(&files.to, &read, workspace)?,
            };
            let to = match files.to.as_str() {
                "" => "the root of the context",
                to => to,
            };
            let message = format!("files of the image `{}` cannot go to {to}: {why}", files.image);
            let problem = Problem::new(Code::ConfigValue, message).at(source, place.clone());
            Some(problem.hint("name another place, outside `src` and the paths of [inputs], with `images = { \"<image>:<path>\" = \"<place>\" }`"))
        });
        held.collect()
    }
}

impl Check<'_> {
    /// Returns the files of images that the build of each package reads, also with the places that say so.
    pub(super) fn embedded(
        &mut self,
        raw: &RawConfig,
        images: &[OtherImageConfig],
    ) -> (ByPackage<Embedded>, Vec<PlacedFiles>) {
        let mut found: ByPackage<Embedded> = BTreeMap::new();
        let mut places: Vec<(PlacedFiles, PackageName)> = Vec::new();
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
                let other = places.iter().find(|(PlacedFiles { files, .. }, of)| {
                    let same = *files == one && *of != name;
                    !same && !apart(files)
                });
                if let Some((
                    PlacedFiles {
                        files: other,
                        place: written,
                    },
                    _,
                )) = other
                {
                    self.two_places(
                        Code::ConfigValue,
                        format!("{} lies in {}, where files of `{}` go", one.to, other.to, other.image),
                        [Some(written.clone()), Some(place.span())],
                        "give each its own place, with `images = { \"<image>:<path>\" = \"<place>\" }`",
                    );
                    continue;
                }
                let placed = PlacedFiles {
                    files: one.clone(),
                    place: place.span(),
                };
                places.push((placed, name.clone()));
                found.entry(name.clone()).or_default().push(one);
            }
        }
        found.values_mut().for_each(|list| list.sort());
        (
            found,
            places.into_iter().map(|(placed, _)| placed).collect(),
        )
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

/// Returns why nothing can take `place`: something that a build reads is there or below it, or Cargo writes there.
fn held_by(place: &Utf8Path, read: &[Utf8PathBuf], workspace: &Workspace) -> Option<String> {
    let outputs = workspace.folder.join("target");
    if place.starts_with(&outputs) {
        return Some(format!("Cargo writes to {outputs}"));
    }
    let manifests = workspace.members.values();
    let manifests = manifests.map(|member| member.dir.join("Cargo.toml"));
    let of_workspace = ["Cargo.toml", "Cargo.lock"].map(|file| workspace.folder.join(file));
    let configs = workspace.cargo_configs.iter().cloned();
    let read = read.iter().map(|path| fixed_part(path));
    let mut all = of_workspace
        .into_iter()
        .chain(manifests)
        .chain(configs)
        .chain(read);
    let inside = all.find(|path| path.starts_with(place))?;
    Some(format!("builds read {inside}"))
}

/// Returns the path, of those that a build reads as a whole, that contains `place`.
fn holder<'a>(
    place: &Utf8Path,
    mut read: impl Iterator<Item = &'a Utf8PathBuf>,
) -> Option<Utf8PathBuf> {
    read.find_map(|path| {
        let path = fixed_part(path);
        place.starts_with(&path).then_some(path)
    })
}
