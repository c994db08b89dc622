//! Checks of the registries of the images, and of the registry cache beside them.

use super::canonical::canonical;
use super::check::Check;
use super::image_name::{self, Fault, Form};
use super::raw::RawConfig;
use super::spanned::Spanned;
use super::valid::{OtherImageConfig, PackConfig, ServiceConfig, TargetConfig};
use crate::names::TargetName;
use crate::problem::Code;

impl Check<'_> {
    /// Checks the prefixes of the names of all images.
    pub(super) fn registries(
        &mut self,
        raw: &RawConfig,
        services: &[ServiceConfig],
        images: &[OtherImageConfig],
        packs: &[PackConfig],
    ) -> Vec<String> {
        if let (Some(_), Some(registry)) = (&raw.registries, &raw.registry) {
            self.problem(
                Code::ConfigValue,
                "`registry` and `registries` name the same thing".to_owned(),
                registry.span(),
                "leave one of them out",
            );
        }
        let services = services.iter().map(|service| &service.target);
        let images = services.chain(images.iter().map(|image| &image.target));
        let images = images.filter(|target| target.registries.is_empty());
        // A name that is refused itself is not reported again with its registry.
        let valid = |name: &String| name.split('/').all(image_name::is_component);
        let images = images.map(|target| target.image.clone()).filter(valid);
        let packs = packs.iter().map(|pack| format!("pack-{}", pack.name));
        let longest = images.chain(packs).max_by_key(String::len);
        let mut checked: Vec<String> = Vec::new();
        if let Some(registry) = &raw.registry {
            checked.push(self.registry(registry, longest.as_deref()));
        }
        if let Some(listed) = &raw.registries {
            checked.extend(self.prefixes(listed, longest.as_deref()));
        }
        checked
    }

    /// Checks a list of prefixes of image names, also together with the longest of the names.
    pub(super) fn prefixes(
        &mut self,
        listed: &Spanned<Vec<Spanned<String>>>,
        longest: Option<&str>,
    ) -> Vec<String> {
        if listed.as_ref().is_empty() {
            self.problem(
                Code::ConfigValue,
                "`registries` is empty".to_owned(),
                listed.span(),
                "name one, or leave the key out",
            );
        }
        self.once(listed.as_ref());
        self.once_each(listed.as_ref());
        let mut checked: Vec<String> = Vec::new();
        for registry in listed.as_ref() {
            let text = self.registry(registry, longest);
            if !checked.contains(&text) {
                checked.push(text);
            }
        }
        checked
    }

    /// Refuses two spellings of one registry.
    fn once_each(&mut self, listed: &[Spanned<String>]) {
        for (at, registry) in listed.iter().enumerate() {
            let (text, name) = (registry.as_ref(), canonical(registry.as_ref()));
            let mut before = listed[..at].iter();
            let other = before.find(|other| canonical(other.as_ref()) == name);
            if let Some(other) = other.filter(|other| other.as_ref() != text) {
                let message = format!(
                    "`{}` is the registry that `{}` names",
                    text.escape_debug(),
                    other.as_ref().escape_debug()
                );
                let places = [Some(registry.span()), Some(other.span())];
                self.two_places(Code::ConfigValue, message, places, "leave one of them out");
            }
        }
    }

    /// Checks a registry, also together with the longest name of an image.
    fn registry(&mut self, registry: &Spanned<String>, longest: Option<&str>) -> String {
        let before = self.problems.len();
        let text = self.image_name(registry, Form::Prefix);
        if let Some(longest) = longest
            && self.problems.len() == before
            && let Err(Fault { what, hint }) =
                image_name::check(&format!("{text}/{longest}"), Form::Image)
        {
            let message = format!("the image's name `{text}/{longest}` {what}");
            self.problem(Code::ConfigValue, message, registry.span(), hint);
        }
        text
    }

    /// Checks the repository of the registry cache. Its tags are branches, so it cannot be the repository of an image.
    pub(super) fn cache_ref(
        &mut self,
        raw: &RawConfig,
        services: &[ServiceConfig],
        images: &[OtherImageConfig],
    ) -> String {
        let Some(reference) = &raw.cache.reference else {
            return String::new();
        };
        let text = self.image_name(reference, Form::Repository);
        let usual: Vec<String> = written(raw)
            .map(|registry| registry.as_ref().clone())
            .collect();
        let is_image = |(_, target): &(&TargetName, &TargetConfig)| {
            let mut names = target.images(&usual).into_iter();
            names.any(|name| canonical(&name) == canonical(&text))
        };
        let services = services
            .iter()
            .map(|service| (&service.name, &service.target));
        let images = images.iter().map(|image| (&image.name, &image.target));
        if let Some((name, _)) = services.chain(images).find(is_image) {
            self.problem(
                Code::NameCollision,
                format!(
                    "`{text}` is the repository of the image of `{name}`, whose tags the cache would overwrite"
                ),
                reference.span(),
                "give the cache a repository of its own, such as `…/cache`",
            );
        }
        text
    }
}

/// Returns the registries as they are written.
fn written(raw: &RawConfig) -> impl Iterator<Item = &Spanned<String>> {
    let listed = raw.registries.iter().flat_map(AsRef::as_ref);
    raw.registry.iter().chain(listed)
}
