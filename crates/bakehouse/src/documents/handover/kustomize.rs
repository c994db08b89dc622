//! A component of Kustomize, which an overlay includes to get the digests.

use super::digests::Reference;
use crate::documents::yaml::Yaml;

/// Renders the component. Images are found by the names that the configuration gives them.
pub fn render(references: &[Reference<'_>]) -> String {
    let images = references.iter().map(|reference| {
        Yaml::map([
            ("name", Yaml::plain(&reference.image.image)),
            ("newName", Yaml::plain(&reference.repository.name)),
            ("digest", Yaml::plain(&reference.image.digest)),
        ])
    });
    let component = Yaml::map([
        (
            "apiVersion",
            Yaml::plain("kustomize.config.k8s.io/v1alpha1"),
        ),
        ("kind", Yaml::plain("Component")),
        ("images", Yaml::List(images.collect())),
    ]);
    component.dense()
}
