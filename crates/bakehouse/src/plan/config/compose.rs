//! Checks of how services run under Compose.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Check, reached};
use super::raw::{RawConfig, RawHealth};
use super::spanned::Spanned;
use super::valid::{
    ComposeConfig, Health, ImageConfig, OtherImageConfig, PacksMount, ServiceConfig, State,
};
use crate::names::TargetName;
use crate::problem::{Code, did_you_mean};

impl Check<'_> {
    /// Fills in the settings of `raw` for Compose.
    pub(super) fn compose(
        &mut self,
        raw: &RawConfig,
        services: &mut [ServiceConfig],
        images: &mut [OtherImageConfig],
    ) {
        let named = raw.services.iter().flatten();
        let mut settings = BTreeMap::new();
        for (name, service) in named.clone() {
            let compose = ComposeConfig {
                health: None,
                depends_on: Vec::new(),
                packs: self.choice(
                    service.packs.as_ref(),
                    &[
                        ("ro", PacksMount::ReadOnly),
                        ("rw", PacksMount::ReadWrite),
                        ("none", PacksMount::None),
                    ],
                ),
                state: service.state.as_ref().map(|state| {
                    let choices = [
                        ("volume", State::Volume),
                        ("memory", State::Memory),
                        ("none", State::None),
                    ];
                    self.choice(Some(state), &choices)
                }),
            };
            settings.insert(name.as_ref().as_str(), (service, compose));
        }
        let mut families = families(services);
        let names = images.iter().map(|image| &image.name);
        families.extend(names.map(|name| (name.to_string(), vec![name.clone()])));
        let mut needs = BTreeMap::new();
        for (name, written) in written_needs(raw) {
            needs.insert(name.as_ref().as_str(), self.depends_on(written, &families));
        }
        self.loops(raw, &needs);
        let mut told = BTreeSet::new();
        for service in services.iter_mut() {
            let Some((written, compose)) = settings.get(service.family.as_str()) else {
                continue;
            };
            service.compose = compose.clone();
            let known = self.problems.len();
            service.compose.health = written.health.as_ref().map(|health| {
                self.has_bash(raw, health, &service.image);
                self.health(health, &service.image.ports)
            });
            // A mistake is reported once, even if several variants have it.
            if self.problems.len() > known && !told.insert(service.family.clone()) {
                self.problems.truncate(known);
            }
            let needs = needs.get(service.family.as_str()).into_iter().flatten();
            service.compose.depends_on = needs
                .flat_map(|family| families[*family].iter().cloned())
                .collect();
        }
        for (image, (name, written)) in images.iter_mut().zip(&raw.images) {
            let health = written.health.as_ref();
            image.compose.health = health.map(|health| self.health(health, &image.ports));
            let needs = needs[name.as_ref().as_str()].iter();
            image.compose.depends_on = needs
                .flat_map(|family| families[*family].iter().cloned())
                .collect();
        }
        self.writers(raw, services);
    }

    /// Returns the services, without their variants, and images that a list names.
    fn depends_on<'a>(
        &mut self,
        written: &'a [Spanned<String>],
        families: &BTreeMap<String, Vec<TargetName>>,
    ) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        for name in written {
            if families.contains_key(name.as_ref()) {
                found.insert(name.as_ref().as_str());
                continue;
            }
            let hint = did_you_mean(name.as_ref(), families.keys().map(String::as_str))
                .unwrap_or_else(|| "name a service of [services]".to_owned());
            self.problem(
                Code::ServiceUnknown,
                format!("there is no service `{}`", name.as_ref().escape_debug()),
                name.span(),
                hint,
            );
        }
        found
    }

    /// Reports circles of `depends-on`, since Compose cannot start services that wait for each other.
    fn loops(&mut self, raw: &RawConfig, needs: &BTreeMap<&str, BTreeSet<&str>>) {
        for (name, written) in written_needs(raw) {
            for need in written {
                if reached(needs, need.as_ref()).contains(name.as_ref().as_str()) {
                    self.problem(
                        Code::ConfigValue,
                        format!(
                            "`{}` needs `{}`, which is started after it",
                            name.as_ref().escape_debug(),
                            need.as_ref().escape_debug()
                        ),
                        need.span(),
                        "remove one `depends-on` of the circle",
                    );
                }
            }
        }
    }

    /// Reports a path that is requested by a program that an empty base does not have.
    fn has_bash(&mut self, raw: &RawConfig, health: &Spanned<RawHealth>, image: &ImageConfig) {
        let usual = raw
            .bases
            .runtime
            .as_ref()
            .map(|name| name.as_ref().as_str());
        let base = image.runtime.as_deref().or(usual);
        if let (RawHealth::Path(path), Some("scratch")) = (health.as_ref(), base) {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`scratch` has no `bash` that requests `{}`",
                    path.escape_debug()
                ),
                health.span(),
                "give a command of the image as a list of strings, such as the binary itself",
            );
        }
    }

    fn health(&mut self, health: &Spanned<RawHealth>, ports: &[u16]) -> Health {
        match (health.as_ref(), ports) {
            (RawHealth::Path(path), [port, ..]) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || "-_./?=&~".contains(c);
                if !path.starts_with('/') || !path.chars().all(plain) {
                    self.problem(
                        Code::ConfigValue,
                        format!("`{}` is not a path to request", path.escape_debug()),
                        health.span(),
                        "begin it with `/`, and use letters, digits and `-_./?=&~`",
                    );
                }
                Health::Get {
                    port: *port,
                    path: path.clone(),
                }
            }
            (RawHealth::Path(path), []) => {
                self.problem(
                    Code::ConfigValue,
                    format!(
                        "there is no port from which to request `{}`",
                        path.escape_debug()
                    ),
                    health.span(),
                    "declare the port with `ports`, or give a command as a list of strings",
                );
                Health::Command(Vec::new())
            }
            (RawHealth::Command(command), _) => {
                if command.is_empty() || command.iter().any(|word| word.contains('\0')) {
                    self.problem(
                        Code::ConfigValue,
                        "the command is empty, or contains a character that arguments cannot contain"
                            .to_owned(),
                        health.span(),
                        "write it as `[\"program\", \"argument\"]`",
                    );
                }
                Health::Command(command.clone())
            }
        }
    }

    /// Checks that all services that write packs have the same user, since the volume has one owner.
    fn writers(&mut self, raw: &RawConfig, services: &[ServiceConfig]) {
        let writes = |service: &&ServiceConfig| service.compose.packs == PacksMount::ReadWrite;
        let mut writers = services.iter().filter(writes);
        let Some(first) = writers.next() else { return };
        let Some(other) = writers.find(|other| other.image.user != first.image.user) else {
            return;
        };
        let written = raw.services.iter().flatten();
        let mut key = written.filter(|(name, _)| *name.as_ref() == other.family);
        let key = key.find_map(|(_, service)| service.packs.as_ref());
        self.problem(
            Code::ConfigValue,
            format!(
                "`{}` and `{}` write packs as different users, `{}` and `{}`",
                first.name, other.name, first.image.user, other.image.user
            ),
            key.map_or(0..0, Spanned::span),
            "give both the same `user`: the packs have one owner",
        );
    }
}

/// Returns what each service and image names with `depends-on`.
fn written_needs(raw: &RawConfig) -> Vec<(&Spanned<String>, &[Spanned<String>])> {
    let services = raw.services.iter().flatten();
    let services = services.map(|(name, service)| (name, &service.depends_on[..]));
    let images = raw.images.iter();
    let images = images.map(|(name, image)| (name, &image.depends_on[..]));
    services.chain(images).collect()
}

/// Returns the names of services, by the name without the variant. Variants that are baked only by name are not among
/// them.
fn families(services: &[ServiceConfig]) -> BTreeMap<String, Vec<TargetName>> {
    let mut families: BTreeMap<String, Vec<TargetName>> = BTreeMap::new();
    for service in services.iter().filter(|service| service.target.of_family) {
        let names = families.entry(service.family.clone()).or_default();
        names.push(service.name.clone());
    }
    families
}
