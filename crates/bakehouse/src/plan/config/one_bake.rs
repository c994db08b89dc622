//! The targets that one bake, or one start of Compose, has together without being named one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::check::reached;
use super::valid::{BakeConfig, OtherImageConfig, ServiceConfig};
use crate::names::TargetName;

/// The targets that are baked together, and those that are not.
pub(super) struct OneBake<'a> {
    /// The targets that are baked only by name.
    by_name: BTreeSet<&'a str>,
    /// The targets that each group of Bake stands for.
    groups: Vec<BTreeSet<&'a str>>,
    /// The same with what Compose starts together.
    sets: Vec<BTreeSet<&'a str>>,
}

impl<'a> OneBake<'a> {
    pub(super) fn new(
        services: &'a [ServiceConfig],
        images: &'a [OtherImageConfig],
        bake: &'a BakeConfig,
    ) -> Self {
        let others: BTreeSet<&str> = images
            .iter()
            .filter(|image| !image.target.default)
            .map(|image| image.name.as_str())
            .collect();
        let by_name = services.iter().filter(|service| !service.target.default);
        let by_name = by_name
            .map(|service| service.name.as_str())
            .chain(others.iter().copied());
        let by_name = by_name.collect();
        // Each name leads to what it brings along: a group to its members, a service of Compose to those that it needs.
        let mut leads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (group, members) in &bake.groups {
            let members = members.iter().map(String::as_str);
            leads.entry(group.as_str()).or_default().extend(members);
        }
        let variants = services.iter().filter(|one| one.variant.is_some());
        for variant in variants.filter(|one| one.target.of_family) {
            let family = leads.entry(&variant.family).or_default();
            family.insert(variant.name.as_str());
        }
        let all = |leads: &BTreeMap<&'a str, BTreeSet<&'a str>>| -> Vec<BTreeSet<&'a str>> {
            leads.keys().map(|name| reached(leads, name)).collect()
        };
        let groups = all(&leads);
        for service in services {
            let needed = service.compose.depends_on.iter();
            let needed = needed.chain(service.image.images());
            let own = leads.entry(service.name.as_str()).or_default();
            own.extend(needed.map(TargetName::as_str));
        }
        for image in images {
            let needed = image.compose.depends_on.iter();
            let own = leads.entry(image.name.as_str()).or_default();
            own.extend(needed.map(TargetName::as_str));
        }
        let mut sets = all(&leads);
        // Compose has one profile for all images that are not started by default.
        sets.push(others);
        Self {
            by_name,
            groups,
            sets,
        }
    }

    /// Returns whether Bake makes two targets at once for somebody who names neither.
    pub(super) fn is_of(&self, one: &str, other: &str) -> bool {
        let both = |set: &BTreeSet<&str>| set.contains(one) && set.contains(other);
        let by_default = [one, other].iter().all(|name| !self.by_name.contains(name));
        by_default || self.groups.iter().any(both)
    }

    /// Returns whether two targets are baked together only by somebody who names both.
    pub(super) fn is_never_of(&self, one: &str, other: &str) -> bool {
        let both = |set: &BTreeSet<&str>| set.contains(one) && set.contains(other);
        both(&self.by_name) && !self.sets.iter().any(both)
    }
}
