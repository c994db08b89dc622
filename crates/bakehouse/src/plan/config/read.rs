//! Reading of a configuration, and its check against the workspace.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::bases;
use super::check::{Check, sorted};
use super::embedded::PlacedFiles;
use super::image_name::Form;
use super::image_parts::is_built;
use super::inputs::DeclaredInputs;
use super::raw::RawConfig;
use super::spanned::Spanned;
use super::valid::{Config, Strategy, Unify};
use crate::graph::Workspace;
use crate::graph::inputs::fixed_part;
use crate::graph::listing::Apart;
use crate::problem::{Code, Problem, Problems, Source};

impl Config {
    /// Reads the text of a `bakehouse.toml` and checks it against `workspace`. The context of `workspace` becomes the
    /// one that the configuration names, and the sources of its packages are determined without generated files.
    ///
    /// # Errors
    /// All mistakes at once, each with its place in `source`.
    pub fn read(source: &Source, workspace: &mut Workspace) -> Result<Self, Problems> {
        let (raw, mut problems) = RawConfig::parse(source);
        problems.extend(widen(raw.context.as_ref(), source, workspace));
        let (config, more, placed) = Self::checked(&raw, source, workspace);
        // Removed mistakes may have left nothing.
        let follows =
            |problem: &Problem| problem.code == Code::NothingToBake && !problems.is_empty();
        let more: Vec<Problem> = more
            .into_iter()
            .filter(|problem| !follows(problem))
            .collect();
        problems.extend(more);
        if problems.is_empty() {
            config.take_apart(&source.name, workspace)?;
            problems.extend(config.not_apart(&placed, source, workspace));
        } else if !placed.is_empty() {
            // The workspace stays as it is, for another attempt.
            let mut workspace = workspace.clone();
            if config.take_apart(&source.name, &mut workspace).is_ok() {
                problems.extend(config.not_apart(&placed, source, &workspace));
            }
        }
        problems.sort_by_key(Problem::start);
        Problems(problems).or(config)
    }

    /// Determines the sources of the packages in `workspace`. `name` is the configuration file in its folder.
    fn take_apart(&self, name: &str, workspace: &mut Workspace) -> Result<(), Problem> {
        let inputs = self.inputs.values().flatten();
        let inputs: Vec<Utf8PathBuf> = inputs.map(|path| fixed_part(path)).collect();
        workspace.leave_named(&inputs);
        workspace.take_apart(&self.apart(&workspace.folder, name))
    }

    /// Returns the places in packages' folders that do not belong to the package. `folder` is the workspace's folder,
    /// and `name` the configuration file in it.
    fn apart(&self, folder: &Utf8Path, name: &str) -> Apart {
        let beside = ["pins.toml", "toolchain.json"].map(|file| folder.join(file));
        let packs = self.packs.iter().map(|pack| &pack.path);
        let output = [&self.output.folder, &self.output.bake];
        Apart {
            places: packs
                .chain(&self.packs_dev)
                .chain(output)
                .cloned()
                .map(Utf8PathBuf::from)
                .chain(beside)
                .chain([Utf8PathBuf::from(name)])
                .collect(),
            excluded: self.excluded.clone(),
            only: self.only.clone(),
            embedded: self
                .embedded
                .values()
                .flatten()
                .map(|one| one.to.clone().into())
                .collect(),
        }
    }

    /// Checks `raw` against `workspace`.
    ///
    /// # Errors
    /// All mistakes at once, each with its place in `source`.
    pub fn new(raw: &RawConfig, source: &Source, workspace: &Workspace) -> Result<Self, Problems> {
        let (config, problems, _) = Self::checked(raw, source, workspace);
        Problems(problems).or(config)
    }

    /// Returns the configuration with its mistakes, and the places where builds find files of images. What is wrong is a
    /// placeholder.
    fn checked(
        raw: &RawConfig,
        source: &Source,
        workspace: &Workspace,
    ) -> (Self, Vec<Problem>, Vec<PlacedFiles>) {
        let mut check = Check {
            source,
            workspace,
            problems: Vec::new(),
        };
        let (config, placed) = check.config(raw);
        // Each variant of a service finds the mistakes of the service.
        let mut told = BTreeSet::new();
        let mut new = |problem: &Problem| told.insert((problem.start(), problem.message.clone()));
        check.problems.retain(|problem| new(problem));
        check.problems.sort_by_key(Problem::start);
        (config, check.problems, placed)
    }
}

impl Check<'_> {
    /// Returns the whole configuration. Wrong values are replaced by placeholders.
    fn config(&mut self, raw: &RawConfig) -> (Config, Vec<PlacedFiles>) {
        self.requires(raw);
        let channel = self.workspace.channel();
        let builder = match &raw.bases.builder {
            Some(builder) => self.pulled_image(raw, "bases.builder", builder),
            None => bases::builder(channel),
        };
        let packs = self.packs(raw);
        let mut services = self.services(raw);
        let nothing = services.is_empty() && packs.iter().all(|pack| pack.binaries.is_empty());
        // After a mistake in one of them it is unknown what there would be.
        if nothing && self.problems.is_empty() {
            self.problems.push(
                Problem::new(Code::NothingToBake, "the workspace has no binary to bake")
                    .hint("add a [[bin]] target to a member, or name a service in bakehouse.toml"),
            );
        }
        self.collisions(raw, &services, &packs);
        let mut images = self.images(raw);
        self.image_collisions(raw, &images, &services, &packs);
        let targets = services.iter().map(|service| &service.target);
        let mut targets = targets.chain(images.iter().map(|image| &image.target));
        if !services.is_empty() && targets.all(|target| !target.default) {
            self.problems.push(
                Problem::new(Code::NothingToBake, "nothing is baked by default")
                    .hint("remove `default = false` from a service, so that `docker buildx bake` without a name has a target"),
            );
        }
        let (embedded, placed) = self.embedded(raw, &images);
        let DeclaredInputs {
            paths: inputs,
            excluded,
            only,
            variables,
        } = self.inputs(raw);
        let output = self.output(raw, &inputs, &services, &packs);
        self.compose(raw, &mut services, &mut images);
        let at_bake = self.at_bake(raw, &services, &packs);
        let bake = self.bake(raw, &services, &images, &packs);
        self.written_twice(raw, &services, &images, &packs, &bake);
        let fetch = self.fetch(raw, &services);
        let registries = raw.registries.as_ref().and_then(|all| all.as_ref().first());
        let name = match (&raw.name, raw.registry.as_ref().or(registries)) {
            (Some(name), _) => {
                self.target_name(name);
                name.as_ref().clone()
            }
            (None, Some(registry)) => registry
                .as_ref()
                .to_lowercase()
                .replace(['/', ':', '.', '@'], "-"),
            (None, None) => services.first().map_or_else(
                || "workspace".to_owned(),
                |first| first.main().package.to_string(),
            ),
        };
        // Services have a base of `[images]` as their own, and the variable its default.
        let runtime = raw.bases.runtime.as_ref();
        let runtime = runtime.filter(|name| !is_built(raw, name));
        let runtime = runtime.map_or_else(
            || bases::RUNTIME.to_owned(),
            |name| self.image_name(name, Form::Image),
        );
        let config = Config {
            name,
            glibc: self.declared_glibc(raw, &runtime, &services),
            min_glibc: raw.glibc.as_ref().map(|version| self.min_glibc(version)),
            auditable: raw.auditable.unwrap_or_default(),
            registries: self.registries(raw, &services, &images, &packs),
            platforms: {
                self.once(&raw.platforms);
                self.distinct_platforms(&raw.platforms);
                let emulate = raw.emulate.unwrap_or_default();
                let named = raw.platforms.iter();
                sorted(named.map(|platform| self.platform_of_images(platform, emulate)))
            },
            emulate: raw.emulate.unwrap_or_default(),
            profile: self.profile(raw.profile.as_ref()),
            unify: self.choice(
                raw.unify.as_ref(),
                &[
                    ("services", Unify::Services),
                    ("each", Unify::Each),
                    ("all", Unify::All),
                ],
            ),
            strategy: self.choice(
                raw.cache.strategy.as_ref(),
                &[Strategy::Layer, Strategy::Mount].map(|choice| (choice.as_str(), choice)),
            ),
            cache_ref: self.cache_ref(raw, &services, &images),
            builder,
            runtime,
            builder_packages: sorted(raw.bases.packages.iter().map(|name| self.package(name))),
            output,
            runtime_packages: sorted(raw.runtime.packages.iter().map(|name| self.package(name))),
            user: raw
                .runtime
                .user
                .as_ref()
                .map_or_else(|| bases::USER.to_owned(), |user| user.as_ref().clone()),
            init: raw
                .bases
                .init
                .as_ref()
                .map(|name| self.pulled_image(raw, "bases.init", name)),
            packs_path: self.absolute(raw.runtime.packs.as_ref(), "/opt/packs"),
            packs_dev: raw
                .runtime
                .packs_dev
                .as_ref()
                .map(|path| self.in_context(path)),
            workdir: self.absolute(raw.runtime.workdir.as_ref(), bases::WORKDIR),
            fetch,
            secrets: self.secrets(raw),
            groups: self.groups(raw),
            inputs,
            excluded,
            only,
            variables,
            services,
            images,
            embedded,
            by_rule: raw.services.is_none(),
            packs,
            builders: self.builders(raw),
            at_bake,
            bake,
            ci_branch: self.word(raw.ci.branch.as_ref(), "main"),
            ci_runner: self.word(raw.ci.runner.as_ref(), "ubuntu-24.04"),
            ci_sign: raw.ci.sign.unwrap_or(false),
            ci_install: raw
                .ci
                .install
                .as_ref()
                .map(|install| self.install(raw, install)),
            compose: raw.compose.unwrap_or(true),
        };
        (config, placed)
    }
}

/// Makes the folder that the key `context` names the context of `workspace`.
fn widen(
    context: Option<&Spanned<String>>,
    source: &Source,
    workspace: &mut Workspace,
) -> Option<Problem> {
    let context = context?;
    let mut up = context.as_ref().trim_end_matches('/').split('/');
    let problem = if up.all(|part| part == "..") {
        let levels = Utf8Path::new(context.as_ref()).components().count();
        workspace.widen(levels).err()?
    } else {
        Problem::new(
            Code::PathOutside,
            format!(
                "`{}` is not a folder above the workspace",
                context.as_ref().escape_debug()
            ),
        )
        .hint("write `..`, `../..` and so on: the context contains the workspace")
    };
    Some(problem.at(source, context.span()))
}
