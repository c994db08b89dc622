//! A component of Kustomize, which an overlay includes to get the digests.

use std::collections::BTreeSet;

use super::digests::Reference;
use crate::documents::yaml::Yaml;

/// Returns the first two images of one name that differ. Kustomize finds images by name alone, and would take one of them
/// for both.
pub fn ambiguous<'a>(references: &[Reference<'a>]) -> Option<[Reference<'a>; 2]> {
    let pairs = references.iter().enumerate().flat_map(|(at, one)| {
        let before = references[..at].iter();
        before.map(move |other| [*other, *one])
    });
    pairs
        .into_iter()
        .find(|[one, other]| one.image.image == other.image.image && one.pinned() != other.pinned())
}

/// Renders the component. Images are found by the names that the configuration gives them, so those of one name have one
/// entry.
pub fn render(references: &[Reference<'_>]) -> String {
    let mut names = BTreeSet::new();
    let named = references.iter();
    let named = named.filter(|reference| names.insert(&reference.image.image));
    let images = named.map(|reference| {
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
