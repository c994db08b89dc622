//! Checks of what outputs write: no two of them write the same tag of an image, unless only somebody who names both bakes
//! them together. Those that one bake builds do not write the same file, either.

use std::collections::BTreeMap;
use std::ops::Range;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::check::Check;
use super::one_bake::OneBake;
use super::raw::{RawConfig, RawVariant};
use super::spanned::Spanned;
use super::valid::{BakeConfig, OtherImageConfig, PackConfig, ServiceConfig, TargetConfig};
use crate::problem::Code;

/// An output, and the places in the file that say what it writes.
struct Written<'a> {
    name: &'a str,
    target: &'a TargetConfig,
    /// The place of its image's name or tag.
    image: Range<usize>,
    /// The place of its `output`.
    output: Range<usize>,
}

impl Check<'_> {
    /// Reports each output that writes what another one writes, too.
    pub(super) fn written_twice(
        &mut self,
        raw: &RawConfig,
        services: &[ServiceConfig],
        images: &[OtherImageConfig],
        packs: &[PackConfig],
        bake: &BakeConfig,
    ) {
        let one_bake = OneBake::new(services, images, bake);
        let services = services.iter().map(|service| Written {
            name: &service.name,
            target: &service.target,
            image: place(raw, service, Aspect::Image),
            output: place(raw, service, Aspect::Output),
        });
        let others = images.iter().zip(&raw.images);
        let others = others.map(|(image, (name, written))| {
            let tag = written.tag.as_ref().map(Spanned::span);
            let image_name = written.image.as_ref().map(Spanned::span);
            let output = written.output.as_ref();
            Written {
                name: &image.name,
                target: &image.target,
                image: tag.or(image_name).unwrap_or_else(|| name.span()),
                output: output.unwrap_or(name).span(),
            }
        });
        let mut outputs: Vec<Written<'_>> = services.chain(others).collect();
        outputs.sort_by_key(|output| output.image.start);
        let usual = registries(raw, &outputs);
        // A pack's image has the usual tag, and is made by Compose under the first registry.
        let packs = packs.iter().map(|pack| {
            let name = format!("pack-{}", pack.name);
            let image = under(&usual[0], &format!("{name}:{}", bake.usual_tag));
            (image, vec![name])
        });
        // The targets that write each name.
        let mut taken: BTreeMap<String, Vec<String>> = packs.collect();
        let mut files: Vec<(Utf8PathBuf, bool, &str, Range<usize>)> = Vec::new();
        for Written {
            name,
            target,
            image,
            output,
        } in outputs
        {
            if target.is_image() {
                let names = target.names(&bake.usual_tag).into_iter();
                let registries = usual.iter().chain(&target.registries);
                let written = names.flat_map(|name| {
                    let registries = registries.clone();
                    registries.map(move |registry| under(registry, &name))
                });
                let written: Vec<String> = written.collect();
                let other = |written: &String| {
                    let mut others = taken.get(written)?.iter();
                    // Two targets of one name are told as that.
                    others.find(|other| *other != name && !one_bake.is_never_of(name, other))
                };
                let collision = written
                    .iter()
                    .find_map(|written| Some((written, other(written)?)));
                if let Some((written, other)) = collision {
                    self.problem(
                        Code::NameCollision,
                        format!("the image `{written}` of `{name}` is that of `{other}`, too"),
                        image,
                        "give one of them another `image` or `tag`",
                    );
                    continue;
                }
                for written in written {
                    taken.entry(written).or_default().push(name.to_owned());
                }
            } else if let Some(dest) = target.dest() {
                let here: Utf8PathBuf = plain(dest);
                let is_folder = target.writes_a_folder();
                let mut others = files
                    .iter()
                    .filter(|(.., other, _)| one_bake.is_of(name, other));
                let other = others.find(|(there, other_is_folder, ..)| {
                    // Files may lie in a folder that another output fills.
                    here == *there
                        || (!is_folder && there.starts_with(&here))
                        || (!other_is_folder && here.starts_with(there))
                });
                if let Some((there, _, other, place)) = other {
                    let message = match here == *there {
                        true => format!("`{other}` and `{name}` both write `{dest}` in one bake"),
                        false => format!(
                            "`{other}` writes `{there}` and `{name}` writes `{dest}` in one bake: one would be a file and a folder"
                        ),
                    };
                    self.two_places(
                        Code::NameCollision,
                        message,
                        [Some(output), Some(place.clone())],
                        "give one of them another `dest`",
                    );
                    continue;
                }
                files.push((here, is_folder, name, output));
            }
        }
    }
}

/// Returns the registries under which each image may get a name, `""` for those of which only one is in use; never none.
/// An image with registries of its own is among the others, too: `REGISTRY` puts it there.
fn registries(raw: &RawConfig, outputs: &[Written<'_>]) -> Vec<String> {
    let listed = raw.registries.iter().flat_map(AsRef::as_ref);
    let single = raw.registry.iter().chain(listed);
    let usual: Vec<String> = single.map(|registry| registry.as_ref().clone()).collect();
    let mut outputs = outputs.iter();
    let any_own = outputs.any(|output| !output.target.registries.is_empty());
    match usual.len() {
        0 => vec![String::new()],
        1 if !any_own => vec![String::new()],
        _ => usual,
    }
}

/// Returns the full name of an image, in the one form that engines know it by.
fn under(registry: &str, name: &str) -> String {
    if registry.is_empty() {
        return name.to_owned();
    }
    let full = format!("{registry}/{name}");
    let hub = ["docker.io/", "index.docker.io/"];
    let of_hub = hub.iter().find_map(|hub| full.strip_prefix(hub));
    let short = of_hub.map(|rest| rest.strip_prefix("library/").unwrap_or(rest).to_owned());
    short.unwrap_or(full)
}

/// Returns a path without `.` and repeated slashes.
fn plain(path: &str) -> Utf8PathBuf {
    let parts = Utf8Path::new(path).components();
    parts
        .filter(|part| *part != Utf8Component::CurDir)
        .collect()
}

/// The keys that say what is written.
#[derive(Clone, Copy)]
enum Aspect {
    Image,
    Output,
}

/// Returns the place where the file says what a service writes: its key if it has one, else its name.
fn place(raw: &RawConfig, service: &ServiceConfig, aspect: Aspect) -> Range<usize> {
    let key = |keys: &RawVariant| {
        let tag = keys.tag.as_ref().map(Spanned::span);
        match aspect {
            Aspect::Image => tag.or_else(|| keys.image.as_ref().map(Spanned::span)),
            Aspect::Output => keys.output.as_ref().map(Spanned::span),
        }
    };
    let mut named = raw.services.iter().flatten();
    let Some((name, written)) = named.find(|(name, _)| *name.as_ref() == service.family) else {
        return 0..0;
    };
    let Some(variant) = &service.variant else {
        return key(&written.own()).unwrap_or_else(|| name.span());
    };
    let mut variants = written.variants.iter();
    match variants.find(|(name, _)| name.as_ref() == variant) {
        Some((name, keys)) => key(keys).unwrap_or_else(|| name.span()),
        None => name.span(),
    }
}
