//! `[bake]`: groups of targets, and what images take over from docker/metadata-action.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Check, is_reserved, reached};
use super::raw::RawConfig;
use super::valid::{BakeConfig, OtherImageConfig, PackConfig, ServiceConfig};
use crate::names::TargetName;
use crate::problem::{Code, did_you_mean};

/// The group of all pack binaries.
const PACKS: &str = "packs";

/// The target that compiles everything.
const COMPILED: &str = "compiled";

impl Check<'_> {
    pub(super) fn bake(
        &mut self,
        raw: &RawConfig,
        services: &[ServiceConfig],
        images: &[OtherImageConfig],
        packs: &[PackConfig],
    ) -> BakeConfig {
        let mut targets = targets(services, packs);
        targets.extend(images.iter().map(|image| image.name.to_string()));
        let (mut given_labels, mut given_annotations) = (false, false);
        for word in &raw.bake.metadata {
            if self.choice(Some(word), &[("labels", true), ("annotations", false)]) {
                given_labels = true;
            } else {
                given_annotations = true;
            }
        }
        BakeConfig {
            groups: self.bake_groups(raw, &targets),
            given_labels,
            given_annotations,
            usual_tag: self.usual_tag(raw.bake.tag.as_ref()),
        }
    }

    /// Checks the names of groups and of their members.
    fn bake_groups(
        &mut self,
        raw: &RawConfig,
        targets: &BTreeSet<String>,
    ) -> BTreeMap<TargetName, Vec<String>> {
        let groups: BTreeMap<&str, Vec<&str>> = raw
            .bake
            .groups
            .iter()
            .map(|(group, members)| {
                let members = members.iter().map(|member| member.as_ref().as_str());
                (group.as_ref().as_str(), members.collect())
            })
            .collect();
        for (group, members) in &raw.bake.groups {
            let name = group.as_ref();
            self.target_name(group);
            let taken = if targets.contains(name) {
                Some("is a target or group already")
            } else if is_reserved(name) {
                Some("is reserved for a stage or group of bakehouse")
            } else {
                None
            };
            if let Some(taken) = taken {
                self.problem(
                    Code::NameCollision,
                    format!("`{}` {taken}", name.escape_debug()),
                    group.span(),
                    "give the group another name",
                );
            }
            if members.is_empty() {
                self.problem(
                    Code::ConfigValue,
                    format!("the group `{}` is empty", name.escape_debug()),
                    group.span(),
                    "name its targets, or leave the group out",
                );
            }
            self.once(members);
            for member in members {
                let known = || {
                    targets
                        .iter()
                        .map(String::as_str)
                        .chain(groups.keys().copied())
                };
                let is = member.as_ref();
                if !known().any(|name| name == is) {
                    let hint = did_you_mean(is, known()).unwrap_or_else(|| {
                        format!("there are {}", Vec::from_iter(known()).join(", "))
                    });
                    self.problem(
                        Code::ServiceUnknown,
                        format!("there is no target or group `{}`", is.escape_debug()),
                        member.span(),
                        hint,
                    );
                } else if reached(&groups, is).contains(name.as_str()) {
                    self.problem(
                        Code::ConfigValue,
                        format!(
                            "the group `{}` is a member of itself, by `{}`",
                            name.escape_debug(),
                            is.escape_debug()
                        ),
                        member.span(),
                        "remove one group of the circle",
                    );
                }
            }
        }
        let members = |members: Vec<&str>| {
            let mut seen = BTreeSet::new();
            let members = members.into_iter().filter(|name| seen.insert(*name));
            members.map(str::to_owned).collect()
        };
        groups
            .into_iter()
            .map(|(group, listed)| (TargetName::new(group), members(listed)))
            .collect()
    }
}

/// Returns the names that a group can have as members, without those of other groups of the file.
fn targets(services: &[ServiceConfig], packs: &[PackConfig]) -> BTreeSet<String> {
    let families = services.iter().filter(|service| service.target.of_family);
    let binaries = packs.iter().flat_map(|pack| {
        let binaries = pack.binaries.iter();
        binaries.map(|built| pack.target(built))
    });
    let binaries: Vec<String> = binaries.collect();
    let all_binaries = (!binaries.is_empty()).then(|| PACKS.to_owned());
    services
        .iter()
        .map(|service| service.name.to_string())
        .chain(families.map(|service| service.family.clone()))
        .chain(all_binaries)
        .chain(binaries)
        .chain([COMPILED.to_owned()])
        .collect()
}
