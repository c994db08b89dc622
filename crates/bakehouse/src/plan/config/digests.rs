//! Base images in the text of a `bakehouse.toml`, pinned by digest.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{DocumentMut, Item, TableLike, TomlError, Value};

use super::Config;

/// The digests of images in their registries, by the image's name without a digest.
pub type Digests = BTreeMap<String, String>;

/// Returns the name of an image without its digest.
pub fn tagged(image: &str) -> &str {
    image.split('@').next().unwrap_or(image)
}

/// Returns whether no registry has to be asked: the image is `scratch`, or its name has a digest and no tag.
fn is_settled(image: &str) -> bool {
    let name = tagged(image);
    let last = name.rsplit('/').next().unwrap_or(name);
    image == "scratch" || (name != image && !last.contains(':'))
}

impl Config {
    /// Returns the base images that a registry can be asked about, without digests.
    pub fn tagged_bases(&self) -> BTreeSet<String> {
        let images = self.services.iter().map(|service| &service.image);
        let on_default =
            self.services.is_empty() || images.clone().any(|image| image.runtime.is_none());
        images
            .filter_map(|image| image.pulled_base())
            .chain([self.builder.as_str()])
            .chain(on_default.then_some(self.runtime.as_str()))
            .filter(|image| !is_settled(image))
            .map(|image| tagged(image).to_owned())
            .collect()
    }
}

/// Returns the text of the configuration `config`, with each base that is in `digests` pinned by it. Defaults that the
/// text leaves out are added; comments and layout stay.
///
/// # Errors
/// The text is not TOML.
pub fn pinned(text: &str, config: &Config, digests: &Digests) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let pin = |image: &str| {
        let name = tagged(image);
        let digest = digests.get(name).filter(|_| !is_settled(image))?;
        Some(format!("{name}@{digest}"))
    };
    for (key, default) in [("builder", &config.builder), ("runtime", &config.runtime)] {
        let named = document.get("bases").and_then(|bases| bases.get(key));
        if let (None, Some(pinned)) = (named, pin(default)) {
            let bases = document.entry("bases").or_insert_with(toml_edit::table);
            if let Some(bases) = bases.as_table_like_mut() {
                bases.insert(key, toml_edit::value(pinned));
            }
        }
    }
    if let Some(bases) = table(document.get_mut("bases")) {
        set(bases.get_mut("builder"), pin);
        set(bases.get_mut("runtime"), pin);
    }
    let services = table(document.get_mut("services"));
    for (_, service) in services.into_iter().flat_map(TableLike::iter_mut) {
        let Some(service) = service.as_table_like_mut() else {
            continue;
        };
        set(service.get_mut("runtime"), pin);
        let variants = table(service.get_mut("variants"));
        for (_, variant) in variants.into_iter().flat_map(TableLike::iter_mut) {
            if let Some(variant) = variant.as_table_like_mut() {
                set(variant.get_mut("runtime"), pin);
            }
        }
    }
    Ok(document.to_string())
}

/// Returns the text of a configuration with another base of the services that name none of their own. Comments and layout
/// stay.
///
/// # Errors
/// The text is not TOML.
pub fn rebased(text: &str, base: &str) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let bases = document.entry("bases").or_insert_with(toml_edit::table);
    if let Some(bases) = bases.as_table_like_mut() {
        if bases.contains_key("runtime") {
            set(bases.get_mut("runtime"), |_| Some(base.to_owned()));
        } else {
            bases.insert("runtime", toml_edit::value(base));
        }
    }
    Ok(document.to_string())
}

fn table(item: Option<&mut Item>) -> Option<&mut dyn TableLike> {
    item.and_then(Item::as_table_like_mut)
}

/// Adds its digest to an image, in place.
fn set(item: Option<&mut Item>, pin: impl Fn(&str) -> Option<String>) {
    let Some(value) = item.and_then(Item::as_value_mut) else {
        return;
    };
    let Some(image) = value.as_str() else { return };
    if let Some(pinned) = pin(image).filter(|pinned| pinned != image) {
        let decor = value.decor().clone();
        *value = Value::from(pinned);
        *value.decor_mut() = decor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_base_leaves_the_rest_of_the_text_as_it_is() {
        let table = [
            ("", "[bases]\nruntime = \"b\"\n"),
            (
                "# A\n[bases]\nruntime = 'a' # B\nbuilder = \"c\"\n",
                "# A\n[bases]\nruntime = \"b\" # B\nbuilder = \"c\"\n",
            ),
            (
                "bases = { builder = \"c\" }\n",
                "bases = { builder = \"c\" , runtime = \"b\" }\n",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(rebased(text, "b").unwrap(), expected);
        }
        assert!(rebased("[", "b").is_err());
    }
}
