//! A check of a configuration, which continues after a mistake so that all are reported at once. The parts that concern
//! several tables are here.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use camino::Utf8Path;

use super::digests::tagged;
use super::raw::RawConfig;
use super::spanned::Spanned;
use super::valid::{BinaryConfig, PackBinaryConfig, PackConfig, ServiceConfig};
use crate::graph::overlay::PathKind;
use crate::graph::{Member, Workspace};
use crate::problem::{Code, Problem, Source, did_you_mean};
use crate::toolchain::pins;

/// Names of groups and stages in the generated files.
const RESERVED: [&str; 12] = [
    "auditable",
    "cargo",
    "compiled",
    "cross",
    "default",
    "deps",
    "docker-metadata-action",
    "init-packs",
    "packs",
    "runtime",
    "toolchain",
    "vendor",
];
const RESERVED_STARTS: [&str; 9] = [
    "build-",
    "cargo-for-",
    "deps-",
    "glibc-",
    "lib-",
    "libs-",
    "rootfs-",
    "runtime-for-",
    "_",
];

/// Returns whether a service cannot have this name.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || RESERVED_STARTS.iter().any(|start| name.starts_with(start))
}

/// Returns whether an image of another Dockerfile cannot have this name: it is a target, but no stage.
pub(super) fn is_reserved_target(name: &str) -> bool {
    let starts = ["deps-fill", "deps-save", "_"];
    RESERVED.contains(&name) || starts.iter().any(|start| name.starts_with(start))
}

/// The default folder of the Dockerfile, relative to the workspace.
pub const FOLDER: &str = "docker";
/// The default path of the Bake file.
pub const BAKE_FILE: &str = "docker-bake.hcl";
/// The folder of the skeleton, beside the Dockerfile.
pub const SKELETON: &str = "skeleton";
/// The folder of the scripts, beside the Dockerfile. It is not called `build`, since many repositories ignore that
/// name.
pub const SCRIPTS: &str = "stages";

/// A check in progress.
pub(super) struct Check<'a> {
    pub(super) source: &'a Source,
    pub(super) workspace: &'a Workspace,
    pub(super) problems: Vec<Problem>,
}

impl Check<'_> {
    pub(super) fn problem(
        &mut self,
        code: Code,
        message: String,
        span: Range<usize>,
        hint: impl Into<String>,
    ) {
        self.problems
            .push(Problem::new(code, message).at(self.source, span).hint(hint));
    }

    /// Reports a contradiction between two places of the file, at the later one. A place that is not written is `None`.
    pub(super) fn two_places(
        &mut self,
        code: Code,
        message: String,
        places: [Option<Range<usize>>; 2],
        hint: impl Into<String>,
    ) {
        let mut places: Vec<_> = places.into_iter().flatten().collect();
        places.sort_unstable_by_key(|place| std::cmp::Reverse(place.start));
        let mut problem = Problem::new(code, message).hint(hint);
        let mut places = places.into_iter();
        if let Some(place) = places.next() {
            problem = problem.at(self.source, place);
        }
        if let Some(other) = places.next() {
            problem = problem.and(other);
        }
        self.problems.push(problem);
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

    /// Checks the declared glibc of runtime bases.
    pub(super) fn declared_glibc(
        &mut self,
        raw: &RawConfig,
        runtime: &str,
        services: &[ServiceConfig],
    ) -> BTreeMap<String, String> {
        let own = services
            .iter()
            .map(|service| &service.image)
            .filter_map(|image| image.built_base.as_deref().or(image.pulled_base()));
        let bases: BTreeSet<&str> = own.chain([runtime]).map(tagged).collect();
        let mut declared = BTreeMap::new();
        for (base, version) in &raw.bases.glibc {
            let name = tagged(base.as_ref());
            if !bases.contains(name) {
                let hint = did_you_mean(name, bases.iter().copied()).unwrap_or_else(|| {
                    "write the name exactly as where the base is used".to_owned()
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
                        "`{}` is not a version of glibc",
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
        let mut packs: Vec<PackConfig> = Vec::new();
        for (name, pack) in &raw.packs {
            self.target_name(name);
            let path = self.in_context(&pack.path);
            let mut others = packs.iter();
            let other =
                others.find(|other| path.starts_with(&other.path) || other.path.starts_with(&path));
            if let Some(other) = other {
                let message = match path == other.path {
                    true => format!("`{path}` is the folder of the pack `{}`, too", other.name),
                    false => format!(
                        "one of `{path}` and `{}`, the folder of the pack `{}`, lies in the other",
                        other.path, other.name
                    ),
                };
                self.problem(
                    Code::ConfigValue,
                    message,
                    pack.path.span(),
                    "give each pack a folder of its own",
                );
            }
            let mut binaries = Vec::new();
            for binary in &pack.binaries {
                let folder = path.join(self.inside(&binary.to));
                self.beside_sources(&folder, &pack.path);
                if self.workspace.kind_of(&folder) == Some(PathKind::File) {
                    self.problem(
                        Code::ConfigValue,
                        format!("{folder} is a file, and a binary needs a folder"),
                        binary.to.span(),
                        "name a folder of the pack",
                    );
                }
                let own = binary.bin.as_ref().unwrap_or(&binary.package);
                if let Some((package, bin)) =
                    self.package_and_bin(own, Some(&binary.package), binary.bin.as_ref())
                {
                    let features = self.features(&package, &bin, &binary.features);
                    let asked = binary.default_features.as_ref();
                    binaries.push(PackBinaryConfig {
                        binary: BinaryConfig {
                            default_features: self.default_features(&package, asked),
                            package,
                            bin,
                            features,
                            linked_static: binary.linked_static,
                            settings: self.settings(raw, &[]),
                        },
                        folder,
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

    /// Checks that the binaries of a pack do not become sources of the next build.
    fn beside_sources(&mut self, folder: &Utf8Path, pack: &Spanned<String>) {
        let mut members = self.workspace.members.values();
        let holds =
            |member: &&Member| !member.dir.as_str().is_empty() && folder.starts_with(&member.dir);
        if let Some(member) = members.find(holds) {
            let message = format!(
                "the pack lies in the folder of package `{}`, so its binaries would become sources of that package",
                member.name
            );
            self.problem(
                Code::ConfigValue,
                message,
                pack.span(),
                "move the pack beside the package",
            );
        }
    }

    /// Checks the names of outputs. Two outputs of the same name would overwrite each other in Bake. So would names
    /// that differ only in `-` and `_`, because their variables are the same.
    pub(super) fn collisions(
        &mut self,
        raw: &RawConfig,
        services: &[ServiceConfig],
        packs: &[PackConfig],
    ) {
        let named = services.iter().map(|service| {
            let name = service.name.to_string();
            (name, named_at(raw, service))
        });
        let of_packs = packs.iter().flat_map(|pack| {
            let mut keys = raw.packs.keys();
            let key = keys.find(|key| *key.as_ref() == pack.name);
            let binaries = pack.binaries.iter().map(|built| pack.target(built));
            // A pack's own name is that of its image.
            let image = format!("pack-{}", pack.name);
            let names = binaries.chain([image]);
            names.map(move |name| (name, key.map(Spanned::span)))
        });
        let groups: BTreeMap<&str, _> = services
            .iter()
            .filter(|service| service.variant.is_some() && service.target.of_family)
            .map(|service| (service.family.as_str(), family_at(raw, service)))
            .collect();
        let groups = groups.into_iter();
        let groups = groups.map(|(name, span)| (name.to_owned(), span));
        let mut seen = BTreeSet::new();
        for (name, span) in named.chain(of_packs).chain(groups) {
            let message = if is_reserved(&name) {
                format!("`{name}` is reserved for a stage or group of bakehouse")
            } else if !seen.insert(name.replace('_', "-")) {
                format!("two targets are named `{name}`, or differ only in `-` and `_`")
            } else {
                continue;
            };
            let hint = "give it another name in bakehouse.toml";
            let problem = match span {
                Some(span) => Problem::new(Code::NameCollision, message).at(self.source, span),
                None => Problem::new(Code::NameCollision, message),
            };
            self.problems.push(problem.hint(hint));
        }
    }
}

/// Returns the place of the key that names a service or variant; none if nobody wrote it.
fn named_at(raw: &RawConfig, service: &ServiceConfig) -> Option<Range<usize>> {
    let mut families = raw.services.iter().flatten();
    let (key, family) = families.find(|(key, _)| *key.as_ref() == service.family)?;
    let variant = service.variant.as_ref().and_then(|variant| {
        let mut keys = family.variants.keys();
        keys.find(|key| key.as_ref() == variant)
    });
    Some(variant.unwrap_or(key).span())
}

/// Returns the place of the key that names a service with variants.
fn family_at(raw: &RawConfig, service: &ServiceConfig) -> Option<Range<usize>> {
    let mut families = raw.services.iter().flatten();
    let (key, _) = families.find(|(key, _)| *key.as_ref() == service.family)?;
    Some(key.span())
}

/// Returns values sorted and without duplicates, so that the order in the file does not change an image.
pub(super) fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<BTreeSet<T>>().into_iter().collect()
}

/// Returns `from` and all names that it leads to. `next` has the names that each leads to directly.
pub(super) fn reached<'a, C>(next: &BTreeMap<&'a str, C>, from: &'a str) -> BTreeSet<&'a str>
where
    for<'b> &'b C: IntoIterator<Item = &'b &'a str>,
{
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        if seen.insert(name) {
            open.extend(next.get(name).into_iter().flatten());
        }
    }
    seen
}
