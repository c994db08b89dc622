//! Values for a chart of Helm.

use super::digests::Reference;
use crate::documents::yaml::Yaml;

/// Renders `images.<service>` with `repository`, `digest` and `tag`.
pub fn render(references: &[Reference<'_>]) -> String {
    let images = references.iter().map(|reference| {
        let mut keys = vec![
            ("repository", Yaml::plain(&reference.repository.name)),
            ("digest", Yaml::plain(&reference.image.digest)),
        ];
        if let Some(tag) = reference.tag() {
            keys.push(("tag", Yaml::plain(tag)));
        }
        (reference.image.name.clone(), Yaml::map(keys))
    });
    Yaml::map([("images", Yaml::Map(images.collect()))]).dense()
}
