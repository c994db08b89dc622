//! Parts of images of `[images]` in other images: files, and bases.

use camino::Utf8PathBuf;

use super::check::Check;
use super::image_name::Form;
use super::raw::{RawConfig, RawVariant};
use super::spanned::Spanned;
use super::valid::ImagePath;
use crate::names::TargetName;
use crate::problem::{Code, did_you_mean};

impl Check<'_> {
    /// Checks `<image>:<path in the image>`.
    pub(super) fn path_in_image(
        &mut self,
        raw: &RawConfig,
        from: &Spanned<String>,
    ) -> Option<ImagePath> {
        let text = from.as_ref();
        let Some((name, path)) = text.split_once(':').filter(|(_, path)| path.len() > 1) else {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is not an image with a path in it",
                    text.escape_debug()
                ),
                from.span(),
                "write it as `dashboard:/dist`",
            );
            return None;
        };
        let mut names = raw.images.keys().map(|name| name.as_ref().as_str());
        if !names.clone().any(|known| known == name) {
            let hint = did_you_mean(name, names.by_ref())
                .unwrap_or_else(|| format!("declare it with [images.{name}]"));
            self.problem(
                Code::ServiceUnknown,
                format!("there is no image `{}` under [images]", name.escape_debug()),
                from.span(),
                hint,
            );
            return None;
        }
        let before = self.problems.len();
        let path = self.absolute(Some(&Spanned::new(from.span(), path.to_owned())), "/");
        let path: Utf8PathBuf = path.components().collect();
        (self.problems.len() == before).then(|| ImagePath {
            image: TargetName::new(name),
            path,
        })
    }

    /// Checks files of an image that an image with `layers` ships.
    pub(super) fn shipped_of_image(
        &mut self,
        raw: &RawConfig,
        layers: &[&RawVariant],
        from: &Spanned<String>,
    ) -> Option<ImagePath> {
        let found = self.path_in_image(raw, from)?;
        self.has_platforms(raw, layers, &found.image, from);
        Some(found)
    }

    /// Returns the image of `[images]` that a base names.
    pub(super) fn built_base(
        &mut self,
        raw: &RawConfig,
        layers: &[&RawVariant],
        base: Option<&Spanned<String>>,
    ) -> Option<TargetName> {
        let base = base.filter(|base| is_built(raw, base))?;
        let image = TargetName::new(base.as_ref());
        self.has_platforms(raw, layers, &image, base);
        Some(image)
    }

    /// Reports the platforms of an image with `layers` that `other`, which it is built from, does not have.
    fn has_platforms(
        &mut self,
        raw: &RawConfig,
        layers: &[&RawVariant],
        other: &str,
        place: &Spanned<String>,
    ) {
        let mut own = layers.iter().filter_map(|layer| layer.platforms.as_ref());
        let own = own.next_back().map_or(&raw.platforms, AsRef::as_ref);
        let mut images = raw.images.iter();
        let others = images
            .find(|(name, _)| name.as_ref() == other)
            .and_then(|(_, image)| image.platforms.as_ref())
            .map_or(&raw.platforms, AsRef::as_ref);
        let missing = own.iter().map(|platform| platform.as_ref().as_str());
        let missing: Vec<&str> = missing
            .filter(|platform| others.iter().all(|other| other.as_ref() != platform))
            .collect();
        if !missing.is_empty() {
            self.problem(
                Code::ConfigValue,
                format!(
                    "the image `{other}` is not built for {}, as the service is",
                    missing.join(", ")
                ),
                place.span(),
                format!("add it to `platforms` of [images.{other}], or leave it out of those of the service"),
            );
        }
    }
}

impl Check<'_> {
    /// Returns a base that no image of `[images]` can be. Its name would be that of an image of a registry.
    pub(super) fn pulled_image(
        &mut self,
        raw: &RawConfig,
        key: &str,
        name: &Spanned<String>,
    ) -> String {
        let text = name.as_ref();
        let named = raw.images.keys().find(|image| image.as_ref() == text);
        if let Some(image) = named.filter(|_| is_built(raw, name)) {
            self.two_places(
                Code::ConfigValue,
                format!("`{key}` is pulled, and `{text}` is an image of [images]"),
                [Some(name.span()), Some(image.span())],
                format!("push it and write its name in full, such as `registry.example/{text}:1`; for that of Docker Hub write `docker.io/library/{text}`"),
            );
        }
        self.image_name(name, Form::Image)
    }
}

/// Returns whether a base is an image of `[images]`. `scratch` is none, whatever is declared.
pub(super) fn is_built(raw: &RawConfig, base: &Spanned<String>) -> bool {
    let mut names = raw.images.keys();
    base.as_ref() != "scratch" && names.any(|name| name.as_ref() == base.as_ref())
}
