//! The configuration checked against the workspace: every name exists, every path is inside, every default
//! is filled in.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use toml::Spanned;

use super::raw::{RawConfig, RawImage, RawService};
use crate::graph::{Member, Workspace};
use crate::problem::{Code, Problem, Problems, Source, did_you_mean};

/// The label that carries an image's input hash.
pub const INPUT_HASH_LABEL: &str = "dev.bakehouse.input-hash";

/// How compile results survive between builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// In image layers, so that a registry cache carries them to other builders.
    Layer,
    /// In one cache mount for all services, on a builder that stays.
    Mount,
}

/// Over which packages features are unified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unify {
    /// Over all services: no third-party crate compiles twice.
    Services,
    /// Per package: each gets just the features that it asks for.
    Each,
}

/// Names of groups and stages in the generated files.
const RESERVED: [&str; 6] = [
    "default",
    "deps",
    "docker-metadata-action",
    "packs",
    "toolchain",
    "vendor",
];
const RESERVED_STARTS: [&str; 4] = ["build-", "deps-", "lib-", "_"];

/// The valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Namespace of cache-mount ids. Never the folder's name: each checkout must generate the same files.
    pub name: String,
    pub registry: String,
    pub platforms: Vec<String>,
    pub profile: String,
    pub unify: Unify,
    pub strategy: Strategy,
    pub cache_ref: String,
    pub builder: String,
    pub runtime: String,
    pub builder_packages: Vec<String>,
    /// Where packs are mounted, when any service uses packs.
    pub packs_path: Utf8PathBuf,
    pub workdir: Utf8PathBuf,
    pub services: Vec<ServiceConfig>,
    /// Per package: paths outside its folder that its build reads.
    pub inputs: BTreeMap<String, Vec<Utf8PathBuf>>,
    pub packs: Vec<PackConfig>,
}

/// A service: one binary on one runtime base.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Target name.
    pub name: String,
    /// The name without the variant.
    pub family: String,
    pub variant: Option<String>,
    pub package: String,
    pub bin: String,
    pub features: Vec<String>,
    pub image: ImageConfig,
}

/// What a runtime image holds beside its binary.
#[derive(Clone, Debug)]
pub struct ImageConfig {
    /// Another base than `bases.runtime`.
    pub runtime: Option<String>,
    pub user: String,
    pub ports: Vec<u16>,
    pub env: BTreeMap<String, String>,
    pub labels: BTreeMap<String, String>,
    pub files: BTreeMap<Utf8PathBuf, Utf8PathBuf>,
}

/// A pack and the binaries that are built into it.
#[derive(Clone, Debug)]
pub struct PackConfig {
    pub name: String,
    pub path: Utf8PathBuf,
    pub binaries: Vec<PackBinaryConfig>,
}

/// A binary that is built into a pack.
#[derive(Clone, Debug)]
pub struct PackBinaryConfig {
    pub package: String,
    pub bin: String,
    /// Its required features.
    pub features: Vec<String>,
    /// Folder, relative to the workspace root.
    pub folder: Utf8PathBuf,
}

impl Config {
    /// Checks `raw` against `workspace`.
    ///
    /// # Errors
    /// All that is wrong, at once, each with its place in `source`.
    pub fn new(raw: &RawConfig, source: &Source, workspace: &Workspace) -> Result<Self, Problems> {
        let mut check = Check {
            source,
            workspace,
            problems: Vec::new(),
        };
        let config = check.config(raw);
        if check.problems.is_empty() {
            return Ok(config);
        }
        check.problems.sort_by_key(Problem::start);
        Err(Problems(check.problems))
    }
}

struct Check<'a> {
    source: &'a Source,
    workspace: &'a Workspace,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn config(&mut self, raw: &RawConfig) -> Config {
        let channel = self.workspace.channel.as_deref();
        let builder = match (&raw.bases.builder, channel) {
            (Some(builder), _) => self.image_name(builder),
            (None, Some(channel)) if channel.starts_with(|c: char| c.is_ascii_digit()) => {
                format!("docker.io/library/rust:{channel}-slim-bookworm")
            }
            (None, _) => "docker.io/library/rust:slim-bookworm".to_owned(),
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
        Config {
            name,
            registry: raw
                .registry
                .as_ref()
                .map_or_else(String::new, |name| self.image_name(name)),
            platforms: raw
                .platforms
                .iter()
                .map(|platform| self.platform(platform))
                .collect(),
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
            runtime: raw.bases.runtime.as_ref().map_or_else(
                || "docker.io/library/debian:bookworm-slim".to_owned(),
                |name| self.image_name(name),
            ),
            builder_packages: raw
                .bases
                .packages
                .iter()
                .map(|name| self.debian_package(name))
                .collect(),
            packs_path: self.absolute(raw.runtime.packs.as_ref(), "/opt/packs"),
            workdir: self.absolute(raw.runtime.workdir.as_ref(), "/var/lib/app"),
            inputs: self.inputs(raw),
            services,
            packs,
        }
    }

    fn problem(
        &mut self,
        code: Code,
        message: String,
        span: std::ops::Range<usize>,
        hint: impl Into<String>,
    ) {
        self.problems
            .push(Problem::new(code, message).at(self.source, span).hint(hint));
    }

    fn choice<T: Copy>(&mut self, value: Option<&Spanned<String>>, choices: &[(&str, T)]) -> T {
        let default = choices[0].1;
        let Some(value) = value else { return default };
        if let Some((_, choice)) = choices.iter().find(|(name, _)| name == value.as_ref()) {
            return *choice;
        }
        let names: Vec<_> = choices
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        self.problem(
            Code::ConfigValue,
            format!("`{}` is not one of the choices here", value.as_ref()),
            value.span(),
            format!("write {}", names.join(" or ")),
        );
        default
    }

    fn services(&mut self, raw: &RawConfig) -> Vec<ServiceConfig> {
        let user = raw.runtime.user.clone();
        let mut services = Vec::new();
        match &raw.services {
            Some(named) => {
                for (name, service) in named {
                    self.service(raw, name, service, user.as_ref(), &mut services);
                }
            }
            None => {
                for member in self.workspace.members.values() {
                    for bin in &member.binaries {
                        let name = sanitised(&bin.name);
                        services.push(ServiceConfig {
                            family: name.clone(),
                            name,
                            variant: None,
                            package: member.name.clone(),
                            bin: bin.name.clone(),
                            features: bin.required_features.clone(),
                            image: self.image(raw, &RawImage::default(), None, user.as_ref()),
                        });
                    }
                }
            }
        }
        services.sort_by(|a, b| a.name.cmp(&b.name));
        services
    }

    fn service(
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
        let member = &self.workspace.members[&package];
        let mut features = BTreeSet::from_iter(member.required_features(&bin));
        for feature in &service.features {
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
        let family = name.as_ref().clone();
        let mut push = |name: String, variant: Option<String>, image: ImageConfig| {
            services.push(ServiceConfig {
                name,
                family: family.clone(),
                variant,
                package: package.clone(),
                bin: bin.clone(),
                features: features.iter().cloned().collect(),
                image,
            });
        };
        for (variant, image) in images {
            match variant {
                Some(variant) => push(format!("{family}-{variant}"), Some(variant), image),
                None => push(family.clone(), None, image),
            }
        }
    }

    /// The runtime images of a service, by variant.
    fn images(
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

    /// The package and binary that a service or pack binary means: a service's default binary is the one of
    /// its name, or the package's only one; its default package the one that has such a binary.
    fn package_and_bin(
        &mut self,
        name: &Spanned<String>,
        package: Option<&Spanned<String>>,
        bin: Option<&Spanned<String>>,
    ) -> Option<(String, String)> {
        let members = &self.workspace.members;
        let wanted = bin.unwrap_or(name);
        let member = if let Some(package) = package {
            let Some(member) = members.get(package.as_ref()) else {
                let hint = did_you_mean(package.as_ref(), members.keys().map(String::as_str))
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
            let found: Vec<&Member> = members.values().filter(has).collect();
            let [member] = found[..] else {
                let all = members
                    .values()
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
            return Some((member.name.clone(), wanted.as_ref().clone()));
        }
        if let ([only], None) = (&names[..], bin) {
            return Some((member.name.clone(), (*only).to_owned()));
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

    fn image(
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
        let mut files = BTreeMap::new();
        for image in layers() {
            for (from, to) in &image.files {
                let from = self.inside(from);
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
            runtime: runtime.map(|name| self.image_name(name)),
            user: user.map_or_else(|| "10001:10001".to_owned(), |user| self.user(user)),
            ports: layers()
                .flat_map(|image| image.ports.iter().map(|port| *port.as_ref()))
                .collect(),
            env,
            labels,
            files,
        }
    }

    fn inputs(&mut self, raw: &RawConfig) -> BTreeMap<String, Vec<Utf8PathBuf>> {
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

    fn packs(&mut self, raw: &RawConfig) -> Vec<PackConfig> {
        let mut packs = Vec::new();
        for (name, pack) in &raw.packs {
            self.target_name(name);
            let path = self.inside(&pack.path);
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
    fn collisions(&mut self, services: &[ServiceConfig], packs: &[PackConfig]) {
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
            let message = if RESERVED.contains(&name.as_str())
                || RESERVED_STARTS.iter().any(|s| name.starts_with(s))
            {
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

    fn target_name(&mut self, name: &Spanned<String>) {
        let valid = !name.as_ref().is_empty()
            && name
                .as_ref()
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
            && name
                .as_ref()
                .starts_with(|c: char| c.is_ascii_alphanumeric());
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!("`{}` cannot name an image", name.as_ref().escape_debug()),
                name.span(),
                "use lower-case letters, digits, `-` and `_`, beginning with a letter or digit",
            );
        }
    }

    fn image_name(&mut self, name: &Spanned<String>) -> String {
        let text = name.as_ref();
        let valid = !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_./:@".contains(&b))
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !text.ends_with('/');
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not an image name", text.escape_debug()),
                name.span(),
                "write it as in `docker pull`, e.g. `docker.io/library/debian:bookworm-slim`",
            );
        }
        text.clone()
    }

    fn platform(&mut self, platform: &Spanned<String>) -> String {
        let parts: Vec<&str> = platform.as_ref().split('/').collect();
        let valid = matches!(parts.len(), 2 | 3)
            && parts
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not a platform", platform.as_ref().escape_debug()),
                platform.span(),
                "write it as `linux/amd64` or `linux/arm/v7`",
            );
        }
        platform.as_ref().clone()
    }

    fn profile(&mut self, profile: Option<&Spanned<String>>) -> String {
        let Some(profile) = profile else {
            return "release".to_owned();
        };
        let name = profile.as_ref();
        let declared: Vec<&str> = self
            .workspace
            .manifest
            .get("profile")
            .and_then(toml::Value::as_table)
            .map(|table| table.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let known = ["release", "dev"].into_iter().chain(declared);
        if !known.clone().any(|known| known == name) {
            let hint = did_you_mean(name, known)
                .unwrap_or_else(|| format!("declare [profile.{name}] in the root Cargo.toml"));
            self.problem(
                Code::ConfigValue,
                format!("there is no profile `{}`", name.escape_debug()),
                profile.span(),
                hint,
            );
        }
        name.clone()
    }

    fn debian_package(&mut self, name: &Spanned<String>) -> String {
        let valid = name.as_ref().len() > 1
            && name
                .as_ref()
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.:".contains(&b));
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is not the name of a Debian package",
                    name.as_ref().escape_debug()
                ),
                name.span(),
                "write it as in `apt-get install`",
            );
        }
        name.as_ref().clone()
    }

    fn variable(&mut self, key: &Spanned<String>, value: &Spanned<String>) {
        let name = key.as_ref();
        let valid = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is not the name of an environment variable",
                    name.escape_debug()
                ),
                key.span(),
                "use letters, digits and `_`, not beginning with a digit",
            );
        }
        self.one_line(value);
    }

    fn label(&mut self, key: &Spanned<String>, value: &Spanned<String>) {
        let name = key.as_ref();
        let valid = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
        if !valid || name == INPUT_HASH_LABEL {
            self.problem(
                Code::ConfigValue,
                format!("`{}` cannot be the key of a label", name.escape_debug()),
                key.span(),
                format!("use letters, digits, `.`, `-`, `_` and `/`; `{INPUT_HASH_LABEL}` is bakehouse's own"),
            );
        }
        self.one_line(value);
    }

    fn one_line(&mut self, value: &Spanned<String>) {
        if value.as_ref().chars().any(char::is_control) {
            self.problem(
                Code::ConfigValue,
                "the value holds a line break or another control character".to_owned(),
                value.span(),
                "write it on one line: a Dockerfile has no way to say it",
            );
        }
    }

    fn user(&mut self, user: &Spanned<String>) -> String {
        let text = user.as_ref();
        let valid = text.split_once(':').is_some_and(|(uid, gid)| {
            [uid, gid]
                .iter()
                .all(|id| id.parse::<u32>().is_ok() && !id.starts_with('+'))
        });
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not a user", text.escape_debug()),
                user.span(),
                "write `UID:GID` in numbers, e.g. `10001:10001`: names need not exist in a base",
            );
        }
        text.clone()
    }

    /// A path or pattern that begins with a folder: what a build reads is mounted as that folder.
    fn input(&mut self, path: &Spanned<String>) -> Utf8PathBuf {
        if path
            .as_ref()
            .split('/')
            .next()
            .is_some_and(|first| first.contains('*'))
        {
            self.problem(
                Code::ConfigValue,
                format!("`{}` begins with a wildcard", path.as_ref().escape_debug()),
                path.span(),
                "begin it with the name of a folder or file, e.g. `proto/**`",
            );
        }
        self.inside(path)
    }

    /// A path relative to the workspace that does not leave it.
    fn inside(&mut self, path: &Spanned<String>) -> Utf8PathBuf {
        let plain =
            |c: Utf8Component<'_>| matches!(c, Utf8Component::Normal(_) | Utf8Component::CurDir);
        let text = path.as_ref();
        if !Utf8Path::new(text).components().all(plain) || text.is_empty() || !printable(text) {
            self.problem(
                Code::PathOutside,
                format!(
                    "`{}` is not a path inside the folder it is relative to",
                    text.escape_debug()
                ),
                path.span(),
                "write a relative path without `..`",
            );
        }
        Utf8Path::new(text)
            .components()
            .filter(|c| *c != Utf8Component::CurDir)
            .collect()
    }

    fn absolute(&mut self, path: Option<&Spanned<String>>, default: &str) -> Utf8PathBuf {
        let Some(path) = path else {
            return default.into();
        };
        let text = path.as_ref();
        let valid =
            text.starts_with('/') && !text.split('/').any(|part| part == "..") && printable(text);
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is not an absolute path in the image",
                    text.escape_debug()
                ),
                path.span(),
                "begin it with `/`, without `..`, spaces or quotes",
            );
        }
        text.into()
    }
}

/// A binary's name as the name of an image.
fn sanitised(name: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    name.chars()
        .map(plain)
        .collect::<String>()
        .trim_start_matches(['-', '_'])
        .to_owned()
}

/// Plain in a Dockerfile, a shell and HCL without quoting.
fn printable(path: &str) -> bool {
    path.chars()
        .all(|c| c.is_alphanumeric() || "-_./+@=,*".contains(c))
}
