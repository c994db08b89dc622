//! Checks a whole configuration, and goes on after a mistake so that all are reported at once.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::bases;
use super::digests::tagged;
use super::raw::RawConfig;
use super::spanned::Spanned;
use super::valid::{Config, PackBinaryConfig, PackConfig, ServiceConfig, Strategy, Unify};
use crate::graph::Workspace;
use crate::problem::{Code, Problem, Source, did_you_mean};
use crate::toolchain::pins;

/// Names of groups and stages in the generated files.
const RESERVED: [&str; 8] = [
    "compiled",
    "default",
    "deps",
    "docker-metadata-action",
    "glibc",
    "packs",
    "toolchain",
    "vendor",
];
const RESERVED_STARTS: [&str; 5] = ["build-", "deps-", "glibc-", "lib-", "_"];

/// Whether a service cannot have this name.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || RESERVED_STARTS.iter().any(|start| name.starts_with(start))
}

/// A check under way.
pub(super) struct Check<'a> {
    pub(super) source: &'a Source,
    pub(super) workspace: &'a Workspace,
    pub(super) problems: Vec<Problem>,
}

impl Check<'_> {
    pub(super) fn config(&mut self, raw: &RawConfig) -> Config {
        let channel = self.workspace.channel.as_deref();
        let builder = match &raw.bases.builder {
            Some(builder) => self.image_name(builder),
            None => bases::builder(channel),
        };
        let packs = self.packs(raw);
        let services = self.services(raw);
        if services.is_empty() && packs.iter().all(|pack| pack.binaries.is_empty()) {
            self.problems.push(
                Problem::new(Code::NothingToBake, "the workspace has no binary to bake")
                    .hint("add a [[bin]] target to a member, or name a service in bakehouse.toml"),
            );
        }
        self.collisions(&services, &packs);
        let name = match (&raw.name, &raw.registry) {
            (Some(name), _) => {
                self.target_name(name);
                name.as_ref().clone()
            }
            (None, Some(registry)) => registry.as_ref().replace(['/', ':', '.', '@'], "-"),
            (None, None) => services
                .first()
                .map_or_else(|| "workspace".to_owned(), |first| first.package.clone()),
        };
        let runtime = raw
            .bases
            .runtime
            .as_ref()
            .map_or_else(|| bases::RUNTIME.to_owned(), |name| self.image_name(name));
        Config {
            name,
            glibc: self.declared_glibc(raw, &runtime, &services),
            registry: raw
                .registry
                .as_ref()
                .map_or_else(String::new, |name| self.image_name(name)),
            platforms: sorted(raw.platforms.iter().map(|platform| self.platform(platform))),
            profile: self.profile(raw.profile.as_ref()),
            unify: self.choice(
                raw.unify.as_ref(),
                &[("services", Unify::Services), ("each", Unify::Each)],
            ),
            strategy: self.choice(
                raw.cache.strategy.as_ref(),
                &[("layer", Strategy::Layer), ("mount", Strategy::Mount)],
            ),
            cache_ref: raw
                .cache
                .reference
                .as_ref()
                .map_or_else(String::new, |name| self.image_name(name)),
            builder,
            runtime,
            builder_packages: sorted(
                raw.bases
                    .packages
                    .iter()
                    .map(|name| self.debian_package(name)),
            ),
            packs_path: self.absolute(raw.runtime.packs.as_ref(), "/opt/packs"),
            workdir: self.absolute(raw.runtime.workdir.as_ref(), "/var/lib/app"),
            inputs: self.inputs(raw),
            services,
            packs,
        }
    }

    pub(super) fn problem(
        &mut self,
        code: Code,
        message: String,
        span: std::ops::Range<usize>,
        hint: impl Into<String>,
    ) {
        self.problems
            .push(Problem::new(code, message).at(self.source, span).hint(hint));
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        value: Option<&Spanned<String>>,
        choices: &[(&str, T)],
    ) -> T {
        let default = choices[0].1;
        let Some(value) = value else { return default };
        if let Some((_, choice)) = choices.iter().find(|(name, _)| name == value.as_ref()) {
            return *choice;
        }
        let names: Vec<_> = choices
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let hint = did_you_mean(value.as_ref(), choices.iter().map(|(name, _)| *name))
            .unwrap_or_else(|| format!("write {}", names.join(" or ")));
        self.problem(
            Code::ConfigValue,
            format!("`{}` is not one of the choices here", value.as_ref()),
            value.span(),
            hint,
        );
        default
    }

    pub(super) fn inputs(&mut self, raw: &RawConfig) -> BTreeMap<String, Vec<Utf8PathBuf>> {
        let mut inputs = BTreeMap::new();
        for (package, declared) in &raw.inputs {
            if !self.workspace.members.contains_key(package.as_ref()) {
                let hint = did_you_mean(
                    package.as_ref(),
                    self.workspace.members.keys().map(String::as_str),
                )
                .unwrap_or_else(|| {
                    "[inputs.…] is named after a package of the workspace".to_owned()
                });
                self.problem(
                    Code::PackageUnknown,
                    format!("the workspace has no package `{}`", package.as_ref()),
                    package.span(),
                    hint,
                );
            }
            let paths = declared.paths.iter().map(|path| self.input(path)).collect();
            inputs.insert(package.as_ref().clone(), paths);
        }
        inputs
    }

    /// What is said of runtime bases' glibc.
    fn declared_glibc(
        &mut self,
        raw: &RawConfig,
        runtime: &str,
        services: &[ServiceConfig],
    ) -> BTreeMap<String, String> {
        let own = services
            .iter()
            .filter_map(|service| service.image.runtime.as_deref());
        let bases: BTreeSet<&str> = own.chain([runtime]).map(tagged).collect();
        let mut declared = BTreeMap::new();
        for (base, version) in &raw.bases.glibc {
            let name = tagged(base.as_ref());
            if !bases.contains(name) {
                let hint = did_you_mean(name, bases.iter().copied()).unwrap_or_else(|| {
                    "write the name as it stands where the base is used".to_owned()
                });
                self.problem(
                    Code::ConfigValue,
                    format!("nothing runs on `{}`", name.escape_debug()),
                    base.span(),
                    hint,
                );
            }
            if !pins::is_glibc(version.as_ref()) {
                self.problem(
                    Code::ConfigValue,
                    format!(
                        "`{}` is no version of glibc",
                        version.as_ref().escape_debug()
                    ),
                    version.span(),
                    "write major and minor version, such as \"2.36\"",
                );
            }
            declared.insert(name.to_owned(), version.as_ref().clone());
        }
        declared
    }

    pub(super) fn packs(&mut self, raw: &RawConfig) -> Vec<PackConfig> {
        let mut packs = Vec::new();
        for (name, pack) in &raw.packs {
            self.target_name(name);
            let path = self.in_context(&pack.path);
            let mut binaries = Vec::new();
            for binary in &pack.binaries {
                let folder = self.inside(&binary.to);
                let own = binary.bin.as_ref().unwrap_or(&binary.package);
                if let Some((package, bin)) =
                    self.package_and_bin(own, Some(&binary.package), binary.bin.as_ref())
                {
                    let features = self.workspace.members[&package].required_features(&bin);
                    binaries.push(PackBinaryConfig {
                        package,
                        bin,
                        features,
                        folder: path.join(folder),
                    });
                }
            }
            packs.push(PackConfig {
                name: name.as_ref().clone(),
                path,
                binaries,
            });
        }
        packs
    }

    /// Two outputs of one name would overwrite each other in Bake, and so would names that differ in `-` and `_`
    /// alone: their variables are the same.
    pub(super) fn collisions(&mut self, services: &[ServiceConfig], packs: &[PackConfig]) {
        let groups: BTreeSet<&str> = services
            .iter()
            .filter(|service| service.variant.is_some())
            .map(|service| service.family.as_str())
            .collect();
        let binaries = packs.iter().flat_map(|pack| {
            pack.binaries
                .iter()
                .map(|binary| format!("pack-{}-{}", pack.name, binary.bin))
        });
        let names = services.iter().map(|service| service.name.clone());
        let mut seen = BTreeSet::new();
        for name in names
            .chain(binaries)
            .chain(groups.into_iter().map(str::to_owned))
        {
            let message = if is_reserved(&name) {
                format!("`{name}` is the name of a stage or group of bakehouse's own")
            } else if !seen.insert(name.replace('_', "-")) {
                format!("two targets are named `{name}`, or alike but for `-` and `_`")
            } else {
                continue;
            };
            self.problems.push(
                Problem::new(Code::NameCollision, message)
                    .hint("give the service another name under [services] in bakehouse.toml"),
            );
        }
    }
}

/// In order and once each: the order in which somebody wrote them makes no other image.
pub(super) fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<BTreeSet<T>>().into_iter().collect()
}
