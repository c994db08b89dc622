//! Checks of services: the binary of each, and its images.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::bases;
use super::check::{Check, sorted};
use super::image_name::Form;
use super::raw::{RawBinary, RawConfig, RawService, RawVariant};
use super::shared_libraries::{LIBRARIES, LIBRARY_PATH};
use super::shipped_files::{ShippedFile, ShippedFrom};
use super::spanned::Spanned;
use super::valid::{
    BinaryConfig, CompileSettings, ComposeConfig, ImageConfig, ServiceConfig, stage_of,
};
use crate::graph::Member;
use crate::graph::member::EdgeKind;
use crate::names::{BinaryName, PackageName, TargetName};
use crate::plan::choice::Choice;
use crate::problem::{Code, did_you_mean};

/// A binary that a service names, with what is asked for it alone.
struct Found {
    package: PackageName,
    bin: BinaryName,
    features: Vec<Spanned<String>>,
    default_features: Option<Spanned<bool>>,
    /// The place in the file that names it.
    place: Range<usize>,
}

impl Found {
    fn plain((package, bin): (PackageName, BinaryName), place: Range<usize>) -> Self {
        Self {
            package,
            bin,
            features: Vec::new(),
            default_features: None,
            place,
        }
    }
}

impl Check<'_> {
    pub(super) fn services(&mut self, raw: &RawConfig) -> Vec<ServiceConfig> {
        let mut services = Vec::new();
        match &raw.services {
            Some(named) => {
                for (name, service) in named {
                    services.extend(self.service(raw, name, service));
                }
            }
            None => {
                let chosen = Choice::of(self.workspace, &BTreeMap::new());
                let nothing = RawVariant::default();
                for service in chosen.services {
                    let bin = service.main().clone();
                    let member = &self.workspace.members[&service.package];
                    services.push(ServiceConfig {
                        name: TargetName::new(&service.name),
                        built_as: service.name.clone(),
                        variant: None,
                        binaries: vec![BinaryConfig {
                            features: member.required_features(&bin),
                            package: service.package,
                            bin,
                            default_features: true,
                            linked_static: false,
                            settings: self.settings(raw, &[&nothing]),
                        }],
                        libraries: Vec::new(),
                        image: self.image(raw, &[&nothing], Vec::new()),
                        target: self.target(raw, &service.name, None, &[&nothing]),
                        compose: ComposeConfig::default(),
                        family: service.name,
                    });
                }
            }
        }
        services.sort_by(|a, b| a.name.cmp(&b.name));
        services
    }

    /// Returns the variants of a service, or the service itself.
    fn service(
        &mut self,
        raw: &RawConfig,
        name: &Spanned<String>,
        service: &RawService,
    ) -> Vec<ServiceConfig> {
        self.target_name(name);
        let found = self.binaries(name, service);
        let own = service.own();
        // Variants may replace all of it, but a mistake is one anyway.
        self.settings(raw, &[&own]);
        let alone = service
            .variants
            .values()
            .all(|variant| variant.default == Some(false));
        let alone = alone.then_some(None).into_iter();
        let mut services = Vec::new();
        for variant in alone.chain(service.variants.iter().map(Some)) {
            let layers: Vec<&RawVariant> = [&own]
                .into_iter()
                .chain(variant.map(|(_, over)| over))
                .collect();
            let variant = variant.map(|(variant, _)| {
                self.target_name(variant);
                variant.as_ref().as_str()
            });
            let files = self.shipped_files(raw, &layers);
            let target = self.target(raw, name.as_ref(), variant, &layers);
            let settings = self.settings(raw, &layers);
            let binaries: Vec<BinaryConfig> = found
                .iter()
                .map(|found| self.binary(found, service, &layers, &settings))
                .collect();
            let libraries = self.shared_libraries(service, &layers, &settings);
            let named = found.iter();
            let named = named.map(|found| (found.bin.to_string(), found.place.clone()));
            let occupants = self.occupants(raw, &layers, &files, named, &libraries);
            self.occupied(&occupants);
            self.mounted(raw, service, &occupants);
            let image = self.image(raw, &layers, files);
            if binaries.is_empty() {
                continue;
            }
            let full = match variant {
                Some(variant) => format!("{}-{variant}", name.as_ref()),
                None => name.as_ref().clone(),
            };
            let alike = variant.is_none() || layers[1].compiles_alike();
            services.push(ServiceConfig {
                built_as: if alike {
                    name.as_ref().clone()
                } else {
                    full.clone()
                },
                name: TargetName::new(full),
                family: name.as_ref().clone(),
                variant: variant.map(str::to_owned),
                binaries,
                libraries: libraries.iter().map(|one| one.as_ref().clone()).collect(),
                image,
                target,
                compose: ComposeConfig::default(),
            });
        }
        services
    }

    /// Returns the binaries of a service, the first being the one that it is named after.
    fn binaries(&mut self, name: &Spanned<String>, service: &RawService) -> Vec<Found> {
        let Some(bins) = &service.bins else {
            let found = self.package_and_bin(name, service.package.as_ref(), service.bin.as_ref());
            let place = service.bin.as_ref().unwrap_or(name).span();
            let found = found.map(|found| Found::plain(found, place));
            return found.into_iter().collect();
        };
        if let Some(bin) = &service.bin {
            self.problem(
                Code::ConfigValue,
                "`bin` and `bins` name the same thing".to_owned(),
                bin.span(),
                "leave one of them out",
            );
        }
        if bins.is_empty() {
            self.problem(
                Code::ConfigValue,
                format!("`{}` has no binary", name.as_ref().escape_debug()),
                name.span(),
                "name one in `bins`, or leave `bins` out",
            );
        }
        let mut found: Vec<Found> = Vec::new();
        for written in bins {
            let one = match written.as_ref() {
                RawBinary::Named(bin) => {
                    let bin = Spanned::new(written.span(), bin.clone());
                    let one = self.package_and_bin(name, service.package.as_ref(), Some(&bin));
                    one.map(|one| Found::plain(one, written.span()))
                }
                RawBinary::Of(of) => {
                    let own = of.bin.as_ref().unwrap_or(&of.package);
                    let one = self.package_and_bin(own, Some(&of.package), of.bin.as_ref());
                    one.map(|one| Found {
                        features: of.features.clone(),
                        default_features: of.default_features.clone(),
                        ..Found::plain(one, written.span())
                    })
                }
            };
            let Some(one) = one else { continue };
            if let Some(other) = found.iter().find(|other| other.bin == one.bin) {
                let places = [Some(other.place.clone()), Some(written.span())];
                self.two_places(
                    Code::ConfigValue,
                    format!("two binaries of the image are named `{}`", one.bin),
                    places,
                    "leave one of them out: both would be the same file of the image",
                );
                continue;
            }
            found.push(one);
        }
        found
    }

    /// Returns how a binary of a service is built. Features of the service are those of its own package.
    fn binary(
        &mut self,
        found: &Found,
        service: &RawService,
        layers: &[&RawVariant],
        settings: &CompileSettings,
    ) -> BinaryConfig {
        let Found {
            package,
            bin,
            features,
            default_features,
            place: _,
        } = found;
        let own = service
            .package
            .as_ref()
            .is_none_or(|own| own.as_ref() == package.as_str());
        let layers = if own { layers } else { &[] };
        let asked = layers.iter().flat_map(|layer| &layer.features);
        let asked: Vec<&Spanned<String>> = asked.chain(features).collect();
        let mut default = layers
            .iter()
            .filter_map(|layer| layer.default_features.as_ref())
            .chain(default_features);
        BinaryConfig {
            features: self.features(package, bin, asked),
            default_features: self.default_features(package, default.next_back()),
            linked_static: service.linked_static,
            settings: settings.clone(),
            package: package.clone(),
            bin: bin.clone(),
        }
    }

    /// Returns the settings of Cargo that the last of `layers` names.
    pub(super) fn settings(&mut self, raw: &RawConfig, layers: &[&RawVariant]) -> CompileSettings {
        let profile = layers
            .iter()
            .filter_map(|layer| layer.profile.as_ref())
            .next_back();
        let rustflags = layers.iter().flat_map(|layer| &layer.rustflags);
        CompileSettings {
            // That of the file is checked only once.
            profile: match (profile, &raw.profile) {
                (Some(own), _) => self.profile(Some(own)),
                (None, all) => all
                    .as_ref()
                    .map_or_else(|| self.profile(None), |all| all.as_ref().clone()),
            },
            rustflags: rustflags.map(|flag| self.rustflag(flag)).collect(),
        }
    }

    /// Returns the features that a binary asks for and those that it requires, sorted.
    pub(super) fn features<'a>(
        &mut self,
        package: &str,
        bin: &str,
        asked: impl IntoIterator<Item = &'a Spanned<String>>,
    ) -> Vec<String> {
        let member = &self.workspace.members[package];
        let mut features = BTreeSet::from_iter(member.required_features(bin));
        for feature in asked {
            if let Some((key, of)) = feature.as_ref().split_once('/') {
                self.feature_of_dependency(package, key, of, feature);
            } else if !member.features.contains_key(feature.as_ref()) {
                let known = member.features.keys().map(String::as_str);
                let hint = did_you_mean(feature.as_ref(), known).unwrap_or_else(|| {
                    format!(
                        "declare it under [features] in {}",
                        member.path("Cargo.toml")
                    )
                });
                self.problem(
                    Code::FeatureUnknown,
                    format!("package `{package}` has no feature `{}`", feature.as_ref()),
                    feature.span(),
                    hint,
                );
            }
            features.insert(feature.as_ref().clone());
        }
        features.into_iter().collect()
    }

    /// Checks a feature of a direct dependency, `<dependency>/<feature>`. Of third-party crates only the lock's name is known.
    fn feature_of_dependency(
        &mut self,
        package: &str,
        key: &str,
        of: &str,
        feature: &Spanned<String>,
    ) {
        let member = &self.workspace.members[package];
        let all = member.requirements.iter();
        let mut all = all.filter(|needed| needed.kind != EdgeKind::Dev);
        let Some(needed) = all.clone().find(|needed| needed.key == key) else {
            let keys = all.by_ref().map(|needed| needed.key.as_str());
            let hint = did_you_mean(key, keys).unwrap_or_else(|| {
                "write a feature of the package itself without a `/`".to_owned()
            });
            self.problem(
                Code::FeatureUnknown,
                format!("package `{package}` has no dependency `{key}`"),
                feature.span(),
                hint,
            );
            return;
        };
        let local = self.workspace.members.get(needed.name.as_str());
        let Some(local) = local.filter(|local| needed.is_local && !local.features.contains_key(of))
        else {
            return;
        };
        let hint =
            did_you_mean(of, local.features.keys().map(String::as_str)).unwrap_or_else(|| {
                format!(
                    "declare it under [features] in {}",
                    local.path("Cargo.toml")
                )
            });
        self.problem(
            Code::FeatureUnknown,
            format!("package `{}` has no feature `{of}`", local.name),
            feature.span(),
            hint,
        );
    }

    /// Returns whether a binary has the default features of its package. Under the first resolver, with a root package,
    /// Cargo can leave them out only for the root package and silently ignores the option for others.
    pub(super) fn default_features(
        &mut self,
        package: &str,
        asked: Option<&Spanned<bool>>,
    ) -> bool {
        let Some(without) = asked.filter(|asked| !*asked.as_ref()) else {
            return true;
        };
        let root = self.workspace.root_package();
        if self.workspace.resolver() == "1" && root.is_some_and(|root| root.name != package) {
            self.problem(
                Code::ConfigValue,
                format!("Cargo cannot leave out the default features of `{package}`: under resolver 1 it does so only for the root package"),
                without.span(),
                "set `resolver = \"2\"` in the manifest of the workspace",
            );
        }
        false
    }

    /// Returns the package and binary of a service or pack binary. The default binary is the one with the service's
    /// name, or the package's only one. The default package is the one that has such a binary.
    pub(super) fn package_and_bin(
        &mut self,
        name: &Spanned<String>,
        package: Option<&Spanned<String>>,
        bin: Option<&Spanned<String>>,
    ) -> Option<(PackageName, BinaryName)> {
        let wanted = bin.unwrap_or(name);
        let member = if let Some(package) = package {
            let Some(member) = self.workspace.own_member(package.as_ref()) else {
                let names = self.workspace.own_members().map(|m| m.name.as_str());
                let hint = did_you_mean(package.as_ref(), names)
                    .unwrap_or_else(|| "`cargo metadata --no-deps` lists the members".to_owned());
                self.problem(
                    Code::PackageUnknown,
                    format!("the workspace has no package `{}`", package.as_ref()),
                    package.span(),
                    hint,
                );
                return None;
            };
            member
        } else {
            let has = |member: &&Member| {
                member
                    .binaries
                    .iter()
                    .any(|binary| binary.name == *wanted.as_ref())
            };
            let found: Vec<&Member> = self.workspace.own_members().filter(has).collect();
            let [member] = found[..] else {
                let all = self
                    .workspace
                    .own_members()
                    .flat_map(|m| m.binaries.iter().map(|b| b.name.as_str()));
                let hint = did_you_mean(wanted.as_ref(), all)
                    .unwrap_or_else(|| "name it with `package = \"…\"`".to_owned());
                let count = if found.is_empty() {
                    "no package"
                } else {
                    "more than one package"
                };
                self.problem(
                    Code::BinaryUnknown,
                    format!(
                        "{count} of the workspace has a binary `{}`",
                        wanted.as_ref()
                    ),
                    wanted.span(),
                    hint,
                );
                return None;
            };
            member
        };
        let names: Vec<&str> = member
            .binaries
            .iter()
            .map(|binary| binary.name.as_str())
            .collect();
        if names.contains(&wanted.as_ref().as_str()) {
            return Some((member.name.clone(), BinaryName::new(wanted.as_ref())));
        }
        if let ([only], None) = (&names[..], bin) {
            return Some((member.name.clone(), BinaryName::new(*only)));
        }
        let hint = did_you_mean(wanted.as_ref(), names.iter().copied()).unwrap_or_else(|| {
            if names.is_empty() {
                format!("add a [[bin]] target to {}", member.path("Cargo.toml"))
            } else {
                format!(
                    "its binaries are {}; choose one with `bin = \"…\"`",
                    names.join(", ")
                )
            }
        });
        let place = bin.or(package).unwrap_or(name).span();
        self.problem(
            Code::BinaryUnknown,
            format!(
                "package `{}` has no binary `{}`",
                member.name,
                wanted.as_ref()
            ),
            place,
            hint,
        );
        None
    }

    /// Returns the content of an image. Keys of the last of `layers` count most.
    fn image(
        &mut self,
        raw: &RawConfig,
        layers: &[&RawVariant],
        shipped: Vec<ShippedFile>,
    ) -> ImageConfig {
        let all = layers;
        let layers = || layers.iter().copied();
        let runtime = layers()
            .filter_map(|image| image.runtime.as_ref())
            .next_back();
        let user = layers()
            .filter_map(|image| image.user.as_ref())
            .next_back()
            .or(raw.runtime.user.as_ref());
        let workdir = layers()
            .filter_map(|image| image.workdir.as_ref())
            .next_back()
            .or(raw.runtime.workdir.as_ref());
        let own = layers().flat_map(|image| &image.packages);
        let mut packages: Vec<String> = own.map(|name| self.package(name)).collect();
        // The packages of all images are checked only once.
        packages.extend(
            raw.runtime
                .packages
                .iter()
                .map(|name| name.as_ref().clone()),
        );
        let base = runtime.or(raw.bases.runtime.as_ref());
        if let Some(empty) = base.filter(|name| name.as_ref() == "scratch")
            && !packages.is_empty()
        {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`scratch` has no program that installs {}",
                    packages.join(", ")
                ),
                empty.span(),
                "name a base that has apt-get or apk, or leave `packages` out for this image",
            );
        }
        let built_base = self.built_base(raw, all, base);
        let runtime = match &built_base {
            Some(image) => Some(stage_of(image)),
            None => runtime.map(|name| self.image_name(name, Form::Image)),
        };
        let (mut files, mut files_of_images) = (BTreeMap::new(), BTreeMap::new());
        for ShippedFile { from, to, .. } in shipped {
            match from {
                ShippedFrom::Context(from) => files.insert(from, to),
                ShippedFrom::Image(from) => files_of_images.insert(from, to),
            };
        }
        layers().for_each(|image| self.once(&image.ports));
        let (mut env, mut labels) = (BTreeMap::new(), BTreeMap::new());
        let own = layers().flat_map(|image| &image.env);
        for (key, value) in raw.runtime.env.iter().chain(own) {
            self.variable(key, value);
            env.insert(key.as_ref().clone(), value.as_ref().clone());
        }
        let own = layers().flat_map(|image| &image.labels);
        for (key, value) in raw.runtime.labels.iter().chain(own) {
            self.label(key, value);
            labels.insert(key.as_ref().clone(), value.as_ref().clone());
        }
        if layers().any(|layer| !layer.libs.is_empty())
            && let Some(own) = env.get_mut(LIBRARY_PATH)
        {
            *own = format!("{LIBRARIES}:{own}");
        }
        ImageConfig {
            runtime,
            built_base,
            packages: sorted(packages.into_iter()),
            user: user.map_or_else(|| bases::USER.to_owned(), |user| self.user(user)),
            workdir: self.absolute(workdir, bases::WORKDIR),
            ports: sorted(
                layers().flat_map(|image| image.ports.iter().map(|port| port.as_ref().0)),
            ),
            env,
            labels,
            files,
            files_of_images,
            entrypoint: self.last_command(layers().map(|image| image.entrypoint.as_deref())),
            command: self.last_command(layers().map(|image| image.command.as_deref())),
            stop_signal: self.stop_signal(layers()),
            healthcheck: self.healthcheck(layers()),
        }
    }
}
