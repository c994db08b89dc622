//! Checks of services: the binary of each, and its images.

use std::collections::{BTreeMap, BTreeSet};

use super::bases;
use super::check::{Check, is_reserved, sorted};
use super::image_name::Form;
use super::raw::{RawConfig, RawImage, RawService};
use super::spanned::Spanned;
use super::valid::{ComposeConfig, ImageConfig, ServiceConfig};
use crate::graph::Member;
use crate::names::{BinaryName, PackageName, TargetName};
use crate::problem::{Code, did_you_mean};

impl Check<'_> {
    pub(super) fn services(&mut self, raw: &RawConfig) -> Vec<ServiceConfig> {
        let user = raw.runtime.user.clone();
        let mut services = Vec::new();
        match &raw.services {
            Some(named) => {
                for (name, service) in named {
                    self.service(raw, name, service, user.as_ref(), &mut services);
                }
            }
            None => {
                let members = self.workspace.own_members();
                let binaries: Vec<_> = members
                    .flat_map(|member| member.binaries.iter().map(move |bin| (member, bin)))
                    .collect();
                let names = names(binaries.iter().map(|(m, bin)| (&*m.name, &*bin.name)));
                for ((member, bin), name) in binaries.into_iter().zip(names) {
                    services.push(ServiceConfig {
                        name: TargetName::new(&name),
                        family: name,
                        variant: None,
                        package: member.name.clone(),
                        bin: bin.name.clone(),
                        features: bin.required_features.clone(),
                        default_features: true,
                        linked_static: false,
                        image: self.image(raw, &RawImage::default(), None, user.as_ref()),
                        compose: ComposeConfig::default(),
                    });
                }
            }
        }
        services.sort_by(|a, b| a.name.cmp(&b.name));
        services
    }

    pub(super) fn service(
        &mut self,
        raw: &RawConfig,
        name: &Spanned<String>,
        service: &RawService,
        user: Option<&Spanned<String>>,
        services: &mut Vec<ServiceConfig>,
    ) {
        self.target_name(name);
        let found = self.package_and_bin(name, service.package.as_ref(), service.bin.as_ref());
        let images: Vec<_> = self.images(raw, service, user);
        let Some((package, bin)) = found else { return };
        let features = self.features(&package, &bin, &service.features);
        let default_features = self.default_features(&package, service.default_features.as_ref());
        let family = name.as_ref().clone();
        let mut push = |name: String, variant: Option<String>, image: ImageConfig| {
            services.push(ServiceConfig {
                name: TargetName::new(name),
                family: family.clone(),
                variant,
                package: package.clone(),
                bin: bin.clone(),
                features: features.clone(),
                default_features,
                linked_static: service.linked_static,
                image,
                compose: ComposeConfig::default(),
            });
        };
        for (variant, image) in images {
            match variant {
                Some(variant) => push(format!("{family}-{variant}"), Some(variant), image),
                None => push(family.clone(), None, image),
            }
        }
    }

    /// Returns the features that a binary asks for and those that it requires, sorted.
    pub(super) fn features(
        &mut self,
        package: &str,
        bin: &str,
        asked: &[Spanned<String>],
    ) -> Vec<String> {
        let member = &self.workspace.members[package];
        let mut features = BTreeSet::from_iter(member.required_features(bin));
        for feature in asked {
            if !member.features.contains_key(feature.as_ref()) {
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

    /// Returns the runtime images of a service, by variant.
    pub(super) fn images(
        &mut self,
        raw: &RawConfig,
        service: &RawService,
        user: Option<&Spanned<String>>,
    ) -> Vec<(Option<String>, ImageConfig)> {
        if service.variants.is_empty() {
            return vec![(None, self.image(raw, &service.image(), None, user))];
        }
        let mut images = Vec::new();
        for (variant, over) in &service.variants {
            self.target_name(variant);
            let image = self.image(raw, &service.image(), Some(over), user);
            images.push((Some(variant.as_ref().clone()), image));
        }
        images
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

    pub(super) fn image(
        &mut self,
        raw: &RawConfig,
        service: &RawImage,
        variant: Option<&RawImage>,
        user: Option<&Spanned<String>>,
    ) -> ImageConfig {
        let layers = [Some(service), variant];
        let layers = || layers.into_iter().flatten();
        let runtime = layers()
            .filter_map(|image| image.runtime.as_ref())
            .next_back();
        let user = layers()
            .filter_map(|image| image.user.as_ref())
            .next_back()
            .or(user);
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
        let mut files = BTreeMap::new();
        for image in layers() {
            for (from, to) in &image.files {
                let from = self.in_context(from);
                files.insert(from, self.absolute(Some(to), "/"));
            }
        }
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
        ImageConfig {
            runtime: runtime.map(|name| self.image_name(name, Form::Image)),
            packages: sorted(packages.into_iter()),
            user: user.map_or_else(|| bases::USER.to_owned(), |user| self.user(user)),
            ports: sorted(layers().flat_map(|image| image.ports.iter().map(|port| *port.as_ref()))),
            env,
            labels,
            files,
        }
    }
}

/// Returns a name for the service of each binary, which is given as package and binary: the binary's own name, or a
/// longer one if that is taken.
pub(in crate::plan) fn names<'a>(
    binaries: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Vec<String> {
    // Names collide if they differ only in `-` and `_`.
    let folded = |name: &str| name.replace('_', "-");
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (_, bin) in binaries.clone() {
        *count.entry(folded(&sanitised(bin))).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut name = |(package, bin): (&str, &str)| {
        let own = sanitised(bin);
        let long = sanitised(&format!("{package}-{bin}"));
        let others = |name: &str| count.get(&folded(name)).copied().unwrap_or_default();
        let numbered = (2..).map(|n| format!("app-{long}-{n}"));
        let own = std::iter::once(own.clone())
            .filter(|own| others(own) == 1)
            .chain(
                [long.clone(), format!("app-{own}"), format!("app-{long}")]
                    .into_iter()
                    .filter(|name| others(name) == 0),
            );
        own.chain(numbered)
            .find(|name| !name.is_empty() && !is_reserved(name) && taken.insert(folded(name)))
            .expect("numbers do not end")
    };
    binaries.map(&mut name).collect()
}

/// Converts a binary's name to the name of an image.
fn sanitised(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let mut plain = String::with_capacity(lower.len());
    let mut rest = lower.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (between, word) = rest.split_at(start);
        let end = word.find(|c: char| !c.is_ascii_alphanumeric());
        let (word, behind) = word.split_at(end.unwrap_or(word.len()));
        if !plain.is_empty() {
            // Image names allow only some separators between words.
            let keeps = matches!(between, "_" | "__") || between.bytes().all(|b| b == b'-');
            plain += if keeps { between } else { "-" };
        }
        plain += word;
        rest = behind;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_its_binarys_name_or_a_longer_one() {
        let table: [&[[&str; 3]]; 7] = [
            &[["shop-api", "Api_Server", "api_server"]],
            &[["a", "serve", "a-serve"], ["b", "serve", "b-serve"]],
            &[["a", "x-y", "a-x-y"], ["b", "x_y", "b-x_y"]],
            &[["build-info", "build-info", "app-build-info"]],
            &[["shop", "vendor", "shop-vendor"]],
            &[["a", "b", "app-b"], ["c", "b", "c-b"], ["d", "a-b", "a-b"]],
            &[
                ["a", "x_", "x"],
                ["b", "y___z", "y-z"],
                ["c", "u-_v.w", "u-v-w"],
            ],
        ];
        for binaries in table {
            let found = names(binaries.iter().map(|[package, bin, _]| (*package, *bin)));
            let expected: Vec<&str> = binaries.iter().map(|[.., name]| *name).collect();
            assert_eq!(found, expected);
        }
    }
}
