//! What outputs write: no two of them write the same tag of an image. Those that one bake builds do not write the same
//! file, either.

use std::collections::BTreeMap;
use std::ops::Range;

use super::check::Check;
use super::raw::{RawConfig, RawVariant};
use super::spanned::Spanned;
use super::valid::{PackConfig, ServiceConfig, USUAL_TAG};
use crate::problem::Code;

impl Check<'_> {
    /// Reports each output that writes what another one writes, too.
    pub(super) fn written_twice(
        &mut self,
        raw: &RawConfig,
        services: &[ServiceConfig],
        packs: &[PackConfig],
    ) {
        // A pack's image has the usual tag.
        let packs = packs.iter().map(|pack| {
            let name = format!("pack-{}", pack.name);
            (format!("{name}:{USUAL_TAG}"), name)
        });
        let mut images: BTreeMap<String, String> = packs.collect();
        let mut files: BTreeMap<&str, &ServiceConfig> = BTreeMap::new();
        for service in in_order(raw, services) {
            let target = &service.target;
            if target.is_image() {
                let name = target.name();
                if let Some(other) = images.get(&name) {
                    self.problem(
                        Code::NameCollision,
                        format!(
                            "the image `{name}` of `{}` is that of `{other}`, too",
                            service.name
                        ),
                        place(raw, service, Aspect::Image),
                        "give one of them another `image` or `tag`",
                    );
                    continue;
                }
                images.insert(name, service.name.to_string());
            } else if let Some(dest) = target.dest().filter(|_| target.default) {
                if let Some(other) = files.get(dest) {
                    self.problem(
                        Code::NameCollision,
                        format!(
                            "`{}` and `{}` both write `{dest}` in one bake",
                            other.name, service.name
                        ),
                        place(raw, service, Aspect::Output),
                        "give one of them another `dest`",
                    );
                    continue;
                }
                files.insert(dest, service);
            }
        }
    }
}

/// The keys that say what is written.
#[derive(Clone, Copy)]
enum Aspect {
    Image,
    Output,
}

/// Returns the services in the order of their places in the file.
fn in_order<'a>(raw: &RawConfig, services: &'a [ServiceConfig]) -> Vec<&'a ServiceConfig> {
    let mut ordered: Vec<&ServiceConfig> = services.iter().collect();
    ordered.sort_by_key(|service| place(raw, service, Aspect::Image).start);
    ordered
}

/// Returns the place where the file says what a service writes: its key if it has one, else its name.
fn place(raw: &RawConfig, service: &ServiceConfig, aspect: Aspect) -> Range<usize> {
    let key = |keys: &RawVariant| {
        let key = match aspect {
            Aspect::Image => keys.tag.as_ref().or(keys.image.as_ref()),
            Aspect::Output => keys.output.as_ref(),
        };
        key.map(Spanned::span)
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
