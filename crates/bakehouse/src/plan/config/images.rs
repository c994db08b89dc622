//! `[images]`: images of Dockerfiles of the workspace.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::check::{Check, is_reserved_target, sorted};
use super::raw::{RawConfig, RawOtherImage, RawVariant};
use super::spanned::Spanned;
use super::valid::{ComposeConfig, OtherImageConfig, PackConfig, ServiceConfig};
use crate::context_path::ContextPath;
use crate::graph::dockerfile::Dockerfile;
use crate::names::TargetName;
use crate::problem::{Code, did_you_mean};

/// Build arguments that a Dockerfile need not declare.
const PREDEFINED: [&str; 7] = [
    "ALL_PROXY",
    "FTP_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SOURCE_DATE_EPOCH",
    "BUILDKIT_SYNTAX",
];

impl Check<'_> {
    /// Checks `[images]`.
    pub(super) fn images(&mut self, raw: &RawConfig) -> Vec<OtherImageConfig> {
        let images = raw.images.iter();
        images
            .map(|(name, image)| self.other_image(raw, name, image))
            .collect()
    }

    fn other_image(
        &mut self,
        raw: &RawConfig,
        name: &Spanned<String>,
        image: &RawOtherImage,
    ) -> OtherImageConfig {
        self.target_name(name);
        let context = self.folder_of_context(&image.context);
        let dockerfile = match &image.dockerfile {
            Some(path) => self.in_context(path),
            None => context.join("Dockerfile"),
        };
        let written = image.dockerfile.as_ref().unwrap_or(&image.context);
        let parsed = self.dockerfile(written, &context, &dockerfile);
        if let (Some(target), Some(file)) = (&image.target, &parsed) {
            self.stage_of(target, file, &dockerfile);
        }
        let mut args = BTreeMap::new();
        for (key, value) in &image.args {
            self.variable(key, value);
            if let Some(file) = &parsed {
                self.declared(key, file, &dockerfile);
            }
            args.insert(key.as_ref().clone(), value.as_ref().clone());
        }
        let mut env = BTreeMap::new();
        for (key, value) in &image.env {
            self.variable(key, value);
            env.insert(key.as_ref().clone(), value.as_ref().clone());
        }
        self.once(&image.ports);
        let layer = RawVariant {
            image: image.image.clone(),
            registries: image.registries.clone(),
            tag: image.tag.clone(),
            platforms: image.platforms.clone(),
            default: image.default,
            output: image.output.clone(),
            ..RawVariant::default()
        };
        OtherImageConfig {
            target: self.target(raw, name.as_ref(), None, &[&layer]),
            stage: image.target.as_ref().map(|target| {
                self.one_line(target);
                target.as_ref().clone()
            }),
            ports: sorted(image.ports.iter().map(|port| port.as_ref().0)),
            name: TargetName::new(name.as_ref()),
            compose: ComposeConfig::default(),
            context,
            dockerfile,
            args,
            env,
        }
    }

    /// Checks a folder in the workspace, which may be the workspace's own.
    fn folder_of_context(&mut self, path: &Spanned<String>) -> ContextPath {
        let before = self.problems.len();
        let folder: Utf8PathBuf = self.in_context(path).components().collect();
        if self.problems.len() == before && !self.workspace.root.join(&folder).is_dir() {
            self.problem(
                Code::InputMissing,
                format!("there is no folder `{}`", path.as_ref().escape_debug()),
                path.span(),
                "write the path of a folder, relative to the workspace",
            );
        }
        ContextPath::new(folder)
    }

    /// Reads the Dockerfile of an image, which the key at `written` names.
    fn dockerfile(
        &mut self,
        written: &Spanned<String>,
        context: &Utf8Path,
        path: &Utf8Path,
    ) -> Option<Dockerfile> {
        if !self.workspace.root.join(context).is_dir() {
            return None;
        }
        match Dockerfile::read(&self.workspace.root.join(path)) {
            Ok(file) => file,
            Err(_) => {
                self.problem(
                    Code::InputMissing,
                    format!("there is no Dockerfile {path}"),
                    written.span(),
                    "create it, or name another one with `dockerfile`, relative to the workspace",
                );
                None
            }
        }
    }

    fn stage_of(&mut self, target: &Spanned<String>, file: &Dockerfile, path: &Utf8Path) {
        if file.is_foreign || file.has_stage(target.as_ref()) {
            return;
        }
        let names: Vec<&str> = file.stages.iter().flatten().map(String::as_str).collect();
        let hint = did_you_mean(target.as_ref(), names.iter().copied()).unwrap_or_else(|| {
            if names.is_empty() {
                "none of its stages has a name: leave `target` out, or write `FROM … AS …`"
                    .to_owned()
            } else {
                format!("its stages are {}", names.join(", "))
            }
        });
        self.problem(
            Code::ConfigValue,
            format!("{path} has no stage `{}`", target.as_ref().escape_debug()),
            target.span(),
            hint,
        );
    }

    /// Reports an argument that the Dockerfile does not declare: BuildKit would ignore it.
    fn declared(&mut self, key: &Spanned<String>, file: &Dockerfile, path: &Utf8Path) {
        let name = key.as_ref();
        let upper = name.to_uppercase();
        let known = file.is_foreign
            || file.arguments.contains(name)
            || PREDEFINED.contains(&upper.as_str())
            || upper.starts_with("BUILDKIT_");
        if known {
            return;
        }
        let names = file.arguments.iter().map(String::as_str);
        let hint = did_you_mean(name, names)
            .unwrap_or_else(|| format!("declare it there with `ARG {name}`, or remove it here"));
        self.problem(
            Code::ConfigValue,
            format!("{path} declares no argument `{}`", name.escape_debug()),
            key.span(),
            hint,
        );
    }

    /// Checks that images are not named as something else, and that no two write the same name and tag.
    pub(super) fn image_collisions(
        &mut self,
        raw: &RawConfig,
        images: &[OtherImageConfig],
        services: &[ServiceConfig],
        packs: &[PackConfig],
    ) {
        let folded = |name: &str| name.replace('_', "-");
        let services_names = services
            .iter()
            .flat_map(|service| [service.name.to_string(), service.family.clone()]);
        let mut taken: BTreeMap<String, String> = services_names
            .map(|name| (folded(&name), format!("the service `{name}`")))
            .collect();
        let packs = packs.iter().flat_map(|pack| {
            let binaries = pack.binaries.iter();
            let binaries = binaries.map(|built| pack.target(built));
            binaries.chain([format!("pack-{}", pack.name)])
        });
        taken.extend(packs.map(|name| (folded(&name), format!("the target `{name}`"))));
        for (image, key) in images.iter().zip(raw.images.keys()) {
            let name = image.name.as_str();
            let own = format!("the image `{name}`");
            if is_reserved_target(name) {
                self.problem(
                    Code::NameCollision,
                    format!("`{name}` is reserved for a stage or group of bakehouse"),
                    key.span(),
                    "give the image another name",
                );
            } else if let Some(other) = taken.insert(folded(name), own) {
                self.problem(
                    Code::NameCollision,
                    format!(
                        "`{name}` has the name of {other}, or differs from it only in `-` and `_`"
                    ),
                    key.span(),
                    "give the image another name",
                );
            }
        }
    }
}
