//! A compose file that overrides the images of the generated one.

use super::digests::Reference;
use crate::documents::yaml::Yaml;

/// Renders the override. Without `build` Compose pulls an image and never builds another one in its place.
pub fn render(references: &[Reference<'_>]) -> String {
    let services = references.iter().map(|reference| {
        let service = Yaml::map([
            ("image", Yaml::text(reference.pinned())),
            ("build", Yaml::Null.marked("!reset")),
            ("develop", Yaml::Null.marked("!reset")),
            ("pull_policy", Yaml::text("missing")),
        ]);
        (reference.image.name.clone(), service)
    });
    Yaml::map([("services", Yaml::Map(services.collect()))]).to_string()
}
