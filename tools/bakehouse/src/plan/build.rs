//! Works out the whole plan from the graph and the configuration.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::config::Config;
use super::config::valid::Strategy;
use super::hash::InputHash;
use super::pack::{Pack, PackBinary};
use super::selection::{leaf, member_reads, outermost, selections};
use super::service::Service;
use super::skeleton::Skeleton;
use super::stage::{CompileStage, Selection};
use crate::graph::{Sources, Workspace};

/// Everything that will be built and written.
#[derive(Clone, Debug)]
pub struct Plan {
    pub config: Config,
    /// The pinned toolchain, e.g. `1.95.0`.
    pub channel: Option<String>,
    /// Folder of the workspace manifest, relative to the context.
    pub folder: Utf8PathBuf,
    /// Cargo's configuration files in the context, the nearest to the workspace first.
    pub cargo_configs: Vec<Utf8PathBuf>,
    /// Cargo's variables that those files must not decide.
    pub cargo_variables: BTreeSet<&'static str>,
    pub selections: Vec<Selection>,
    pub services: Vec<Service>,
    pub packs: Vec<Pack>,
    pub skeleton: Skeleton,
    /// Paths that the Docker context is made of, sorted.
    pub context: Vec<Utf8PathBuf>,
    /// Folders in them that no build reads.
    pub left_out: BTreeSet<Utf8PathBuf>,
    /// Folders in them that are named as if no build read them.
    pub kept: BTreeSet<Utf8PathBuf>,
    /// Paths that builds read though they lie in what is left out.
    pub put_back: Vec<Utf8PathBuf>,
}

/// Where the generated skeleton stands, relative to the workspace.
pub const SKELETON: &str = "docker/skeleton";

/// The target whose cache holds the stages that services share.
pub const SHARED: &str = "shared";

impl Plan {
    /// The paths whose content a plan needs: sources of all closures, declared inputs and shipped files.
    pub fn reads(workspace: &Workspace, config: &Config) -> Vec<Utf8PathBuf> {
        let packages = compiled(&selections(workspace, config));
        let sources = packages
            .iter()
            .flat_map(|package| member_reads(workspace, config, package));
        let shipped = config
            .services
            .iter()
            .flat_map(|service| service.image.files.keys().cloned());
        let all: BTreeSet<Utf8PathBuf> = sources
            .chain(shipped)
            .chain(workspace.cargo_configs.iter().cloned())
            .collect();
        all.into_iter().collect()
    }

    /// Works out the plan.
    pub fn new(workspace: &Workspace, config: Config, sources: &Sources) -> Self {
        let selections = selections(workspace, &config);
        let ground = selections
            .iter()
            .flat_map(|selection| &selection.ground)
            .map(|stage| stage.package.clone())
            .collect();
        let mut run: BTreeSet<&str> = BTreeSet::new();
        if config.strategy == Strategy::Layer {
            let libraries = selections.iter().flat_map(|selection| &selection.libraries);
            run.extend(
                libraries
                    .filter(|stage| stage.used.run)
                    .map(|stage| stage.package.as_str()),
            );
        }
        let skeleton = Skeleton::new(workspace, &compiled(&selections), &ground, &run);
        let hasher = Hasher {
            workspace,
            config: &config,
            sources,
            skeleton: &skeleton,
            selections: &selections,
        };
        let services = config
            .services
            .iter()
            .map(|service| {
                let leaf = leaf(
                    &selections,
                    &service.package,
                    &service.bin,
                    &service.features,
                );
                let closure = closure(&selections, leaf);
                let mut hash = hasher.binary("service", leaf, &closure);
                hash.part("image", &format!("{:?}", service.image));
                hash.part(
                    "runtime",
                    service.image.runtime.as_ref().unwrap_or(&config.runtime),
                );
                hash.part("packs", config.packs_path.as_str());
                hash.part("workdir", config.workdir.as_str());
                hash.files(sources, &service.image.files.keys().cloned().collect());
                Service {
                    name: service.name.clone(),
                    family: service.family.clone(),
                    variant: service.variant.clone(),
                    package: service.package.clone(),
                    bin: service.bin.clone(),
                    leaf: leaf.name.clone(),
                    closure,
                    image: service.image.clone(),
                    input_hash: hash.finish(),
                }
            })
            .collect();
        let packs = config
            .packs
            .iter()
            .map(|pack| Pack {
                name: pack.name.clone(),
                path: pack.path.clone(),
                binaries: pack
                    .binaries
                    .iter()
                    .map(|binary| {
                        let leaf =
                            leaf(&selections, &binary.package, &binary.bin, &binary.features);
                        let closure = closure(&selections, leaf);
                        PackBinary {
                            target: format!("pack-{}-{}", pack.name, binary.bin),
                            package: binary.package.clone(),
                            bin: binary.bin.clone(),
                            folder: binary.folder.clone(),
                            leaf: leaf.name.clone(),
                            input_hash: hasher.binary("pack-binary", leaf, &closure).finish(),
                            closure,
                        }
                    })
                    .collect(),
            })
            .collect();
        let mut context: BTreeSet<Utf8PathBuf> =
            Self::reads(workspace, &config).into_iter().collect();
        context.insert(workspace.folder.join(SKELETON));
        let inside = |path: &&Utf8PathBuf| {
            let mut folders = sources.left_out.iter();
            folders.any(|folder| path.starts_with(folder) && *path != folder)
        };
        let put_back = context.iter().filter(inside).cloned().collect();
        Self {
            channel: workspace.channel.clone(),
            folder: workspace.folder.clone(),
            cargo_configs: workspace.cargo_configs.clone(),
            cargo_variables: workspace.cargo_variables.clone(),
            left_out: sources.left_out.clone(),
            kept: sources.kept.clone(),
            put_back,
            selections,
            services,
            packs,
            skeleton,
            context: outermost(&context),
            config,
        }
    }

    /// Path of a generated file, relative to the context: they stand with the workspace.
    pub fn generated(&self, path: &str) -> Utf8PathBuf {
        self.folder.join(path)
    }

    /// Where the generated skeleton stands, relative to the context.
    pub fn skeleton_folder(&self) -> Utf8PathBuf {
        self.generated(SKELETON)
    }

    /// Every base image, sorted.
    pub fn bases(&self) -> BTreeSet<&str> {
        let own = self
            .services
            .iter()
            .filter_map(|service| service.image.runtime.as_deref());
        own.chain([self.config.builder.as_str(), self.config.runtime.as_str()])
            .collect()
    }

    /// Whether services share stages, whose cache the target `shared` keeps.
    pub fn has_shared(&self) -> bool {
        self.config.strategy == Strategy::Layer
    }

    /// All pack binaries.
    pub fn pack_binaries(&self) -> impl Iterator<Item = &PackBinary> {
        self.packs.iter().flat_map(|pack| &pack.binaries)
    }

    /// Variants by family, for the groups of the Bake file.
    pub fn families(&self) -> BTreeMap<&str, Vec<&Service>> {
        let mut families: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
        for service in self
            .services
            .iter()
            .filter(|service| service.variant.is_some())
        {
            families.entry(&service.family).or_default().push(service);
        }
        families
    }
}

/// All packages that are compiled for any output.
fn compiled(selections: &[Selection]) -> BTreeSet<String> {
    let closures = selections
        .iter()
        .flat_map(|selection| selection.closures.keys());
    closures.cloned().collect()
}

/// What the build of `leaf` compiles.
fn closure(selections: &[Selection], leaf: &CompileStage) -> BTreeSet<String> {
    let selection = selections
        .iter()
        .find(|selection| selection.leaves.iter().any(|other| other.name == leaf.name));
    let closure = selection.and_then(|selection| selection.closures.get(&leaf.package));
    closure.cloned().unwrap_or_default()
}

struct Hasher<'a> {
    workspace: &'a Workspace,
    config: &'a Config,
    sources: &'a Sources,
    skeleton: &'a Skeleton,
    selections: &'a [Selection],
}

impl Hasher<'_> {
    /// What can change a binary: toolchain, bases and profile; the skeleton of its whole selection, since
    /// features are unified over it; and the sources and own manifests of its closure.
    fn binary(&self, kind: &str, leaf: &CompileStage, closure: &BTreeSet<String>) -> InputHash {
        let config = self.config;
        let mut hash = InputHash::new(kind);
        hash.part("bin", leaf.bin.as_deref().unwrap_or_default());
        hash.part("package", &leaf.package);
        hash.part(
            "channel",
            self.workspace.channel.as_deref().unwrap_or_default(),
        );
        hash.part("builder", &config.builder);
        for package in &config.builder_packages {
            hash.part("builder-package", package);
        }
        hash.part("profile", &config.profile);
        for platform in &config.platforms {
            hash.part("platform", platform);
        }
        hash.part("strategy", &format!("{:?}", config.strategy));
        let selection = self
            .selections
            .iter()
            .find(|s| s.leaves.iter().any(|l| l.name == leaf.name));
        if let Some(selection) = selection {
            for package in &selection.packages {
                hash.part("selected", package);
            }
            for feature in &selection.features {
                hash.part("feature", feature);
            }
        }
        for (path, text) in self.skeleton.masked_files() {
            hash.part(path.as_str(), text);
        }
        hash.part("root", &self.skeleton.root);
        for package in closure {
            hash.part(package, &self.skeleton.members[package].own);
        }
        let reads = closure
            .iter()
            .flat_map(|package| member_reads(self.workspace, config, package))
            .collect();
        hash.files(self.sources, &reads);
        let configs = self.workspace.cargo_configs.iter().cloned().collect();
        hash.files(self.sources, &configs);
        hash
    }
}
