//! Keys that the variants of a service share, written once. Variants mostly differ only in their bases.

use std::collections::BTreeMap;

use super::parts::{build, image};
use super::profiles::profiles;
use crate::documents::yaml::Yaml;
use crate::plan::Plan;
use crate::plan::service::Service;

type Keys = Vec<(&'static str, Yaml)>;

/// The services, without the keys that their families have.
pub struct Shared<'a> {
    families: BTreeMap<&'a str, Keys>,
    services: Vec<(&'a Service, Keys)>,
}

impl<'a> Shared<'a> {
    /// Separates the keys of each family from those of its services.
    pub fn new(plan: &'a Plan, mut services: Vec<(&'a Service, Keys)>) -> Self {
        let mut families = BTreeMap::new();
        let several = plan.families().into_iter();
        for (family, _) in several.filter(|(_, variants)| variants.len() > 1) {
            let is_variant =
                |service: &Service| service.variant.is_some() && service.family == family;
            let variants = || services.iter().filter(|(service, _)| is_variant(service));
            let Some((_, first)) = variants().next() else {
                continue;
            };
            let in_all = |key: &&(&str, Yaml)| variants().all(|(_, keys)| keys.contains(key));
            let shared: Keys = first.iter().filter(in_all).cloned().collect();
            for (service, keys) in &mut services {
                if is_variant(service) {
                    keys.retain(|key| !shared.contains(key));
                    keys.insert(0, ("<<", Yaml::alias(anchor(family))));
                }
            }
            families.insert(family, shared);
        }
        Self { families, services }
    }

    /// Returns the keys of the document that variants refer to.
    pub fn families(&self) -> Vec<(String, Yaml)> {
        let families = self.families.iter();
        let families = families.map(|(family, keys)| {
            let name = anchor(family);
            let yaml = Yaml::map(keys.clone())
                .marked(format!("&{name}"))
                .noted(&format!(
                    "The settings that the variants of {family} share."
                ));
            (format!("x-{name}"), yaml)
        });
        families.collect()
    }

    /// Returns the services with their images.
    pub fn services(&self, plan: &Plan) -> Vec<(String, Yaml)> {
        let services = self.services.iter().map(|(service, keys)| {
            let mut keys = keys.clone();
            // The image follows the merged keys.
            let target = &service.target;
            let mut own = vec![
                ("image", image(plan, target)),
                ("build", build(plan, service)),
            ];
            // Another service may have built the image of this name.
            if plan.shares_its_name(&service.name, target) {
                own.push(("pull_policy", Yaml::text("build")));
            }
            if let [platform] = &target.platforms[..] {
                own.push(("platform", Yaml::text(platform)));
            }
            let profiles = profiles(plan, service);
            if !profiles.is_empty() {
                own.push(("profiles", Yaml::words(profiles)));
            }
            keys.splice(1..1, own);
            (
                String::from(&service.name),
                Yaml::map(keys).noted(&service.what()),
            )
        });
        services.collect()
    }
}

/// Returns the anchor of a family. It cannot collide with another anchor, whatever the service's name.
pub fn anchor(family: &str) -> String {
    format!("variants-{family}")
}
