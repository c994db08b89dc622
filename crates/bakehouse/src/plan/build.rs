//! The whole plan, built from the graph and the configuration.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::about::about;
use super::baked::BakedImage;
use super::collect::{ChosenBy, Collector, UnifiedSelection};
use super::config::valid::{AtBake, ImageConfig, ServiceConfig, SharedLibraryConfig, Strategy};
use super::config::{Config, SCRIPTS, SKELETON};
use super::development::Development;
use super::draft::Draft;
use super::given::given_crates;
use super::inputs::{Inputs, PackageInputs};
use super::other_image::OtherImage;
use super::pack::{Pack, PackBinary};
use super::profile::{self, Linking};
use super::request::{BinaryRequest, Product, binary_requests};
use super::runtime::PreparedBase;
use super::selection::{binary_stage, member_reads};
use super::service::{ImageBinary, Service, SharedLibrary};
use super::settings::Settings;
use super::skeleton::{Packages, Runner, Skeleton};
use super::stage::{CompileStage, Selection};
use super::switched_off::without_switched_off;
use crate::context_path::ContextPath;
use crate::graph::cargo_config::CargoConfig;
use crate::graph::parallel::parallel_map;
use crate::graph::path_map::PathMap;
use crate::graph::paths::outermost;
use crate::graph::sources::FileState;
use crate::graph::{Sources, ToolchainFile};
use crate::names::{PackageName, TargetName};
use crate::toolchain::Toolchain;

/// Everything that will be built and written.
#[derive(Clone, Debug)]
pub struct Plan {
    pub config: Config,
    /// The toolchain file, if there is one.
    pub toolchain_file: Option<ToolchainFile>,
    /// The content of `toolchain.json`.
    pub toolchain: Option<Toolchain>,
    /// Folder of the workspace manifest, relative to the context.
    pub folder: Utf8PathBuf,
    /// The contents of Cargo's configuration files.
    pub cargo_config: CargoConfig,
    /// The paths of those files, nearest to the workspace first, followed by the paths that they name and that every
    /// compile step may read.
    pub cargo_configs: Vec<ContextPath>,
    /// Folders in the context from which Cargo takes third-party crates, sorted.
    pub local_sources: Vec<ContextPath>,
    /// The files of the crates in those folders.
    pub crate_files: PathMap<FileState>,
    /// The level of debug information in each profile, unless the profile sets it for procedural macros and build
    /// scripts.
    pub host_debug: BTreeMap<String, String>,
    /// The settings of each profile for linking.
    pub linking: BTreeMap<String, Linking>,
    pub selections: Vec<Selection>,
    /// The bases that have packages installed.
    pub runtimes: Vec<PreparedBase>,
    pub services: Vec<Service>,
    pub packs: Vec<Pack>,
    /// The images of other Dockerfiles, by name.
    pub images: Vec<OtherImage>,
    /// The images of services, then the others.
    pub baked: Vec<BakedImage>,
    pub skeleton: Skeleton,
    /// Packages and dev-dependencies that affect features without being compiled.
    pub development: Development,
    /// The inputs of each package that an output compiles, by name.
    pub packages: BTreeMap<PackageName, PackageInputs>,
    /// The paths that the Docker context consists of, sorted.
    pub context: Vec<ContextPath>,
    /// Folders in the context that no build reads.
    pub left_out: BTreeSet<ContextPath>,
    /// Folders in the context whose names match those that no build reads, although a build reads them.
    pub kept: BTreeSet<ContextPath>,
    /// Manifests and locks that some package reads unmodified.
    pub as_is: BTreeSet<ContextPath>,
    /// Paths that builds read although they lie in folders that are left out.
    pub put_back: Vec<ContextPath>,
}

/// The target that reads and writes the registry cache for all. It needs every stage that compiles.
pub const COMPILED: &str = "compiled";

/// The empty stage that the Bake file replaces by a seed: an image of what an earlier build compiled.
pub const DEPS_SEED: &str = "deps-seed";

/// The build argument of steps that run in each bake.
pub const TURN: &str = "TURN";

impl Plan {
    /// Builds the plan. `sources` has the files that the draft reads.
    pub fn new(draft: Draft<'_>, sources: &Sources) -> Self {
        let mut context: BTreeSet<ContextPath> = ContextPath::all(draft.reads());
        let Draft {
            workspace,
            config,
            mut selections,
            compiled,
        } = draft;
        let reduced = without_switched_off(workspace, &selections);
        let workspace = reduced.as_ref().unwrap_or(workspace);
        for selection in &mut selections {
            selection.given = given_crates(workspace, &config, selection);
            let stages = selection
                .libraries
                .iter_mut()
                .chain(&mut selection.binary_stages);
            for stage in stages {
                let read = sources.as_is.get(&stage.package).into_iter().flatten();
                stage.as_is = ContextPath::all(read);
            }
        }
        let as_is: BTreeSet<ContextPath> = ContextPath::all(sources.as_is.values().flatten());
        context.extend(as_is.iter().cloned());
        let path_dependencies = selections
            .iter()
            .flat_map(|selection| &selection.path_dependencies)
            .map(|stage| stage.package.clone())
            .collect();
        let mut runner = Runner::default();
        if config.strategy == Strategy::Layer {
            let stages = selections.iter().flat_map(|selection| {
                let stages = selection.libraries.iter();
                stages.map(|stage| (stage, selection.linked_by_runner(stage)))
            });
            for (stage, linked) in stages {
                let package = stage.package.as_str();
                runner.run.extend(stage.used.run.then_some(package));
                runner.linked.extend(linked.then_some(package));
            }
        }
        let development = Development::new(workspace, &selections, &compiled);
        let cdylibs = config.services.iter().flat_map(ServiceConfig::cdylibs);
        let cdylibs = cdylibs.map(|cdylib| cdylib.package.clone()).collect();
        let packages = Packages {
            compiled: &compiled,
            path_dependencies: &path_dependencies,
            cdylibs: &cdylibs,
            development: &development,
        };
        let profiles = profiles(&config, &selections, &profile::all(&workspace.profiles));
        let skeleton = Skeleton::new(workspace, &profiles, packages, &runner);
        let images = OtherImage::all(&config, sources);
        let collector = Collector::new(
            workspace,
            &config,
            sources,
            &skeleton,
            &development,
            &images,
            &compiled,
        );
        let unified = |chosen: ChosenBy| -> Vec<(&Selection, UnifiedSelection<'_>)> {
            let selections = selections.iter();
            selections
                .map(|selection| (selection, collector.together(selection, chosen)))
                .collect()
        };
        let of_services = unified(ChosenBy::Bake);
        // The Bake file holds the hashes of these, so they are the same in every environment.
        let differ = !config.packs.is_empty() && config.at_bake != AtBake::default();
        let of_packs = differ.then(|| unified(ChosenBy::Configuration));
        let all: Vec<BinaryRequest<'_>> = binary_requests(&config);
        let binary = |output: &BinaryRequest<'_>,
                      unified: &[(&Selection, UnifiedSelection<'_>)]| {
            let binary_stage = binary_stage(&selections, output);
            let same = |other: &CompileStage| other.name == binary_stage.name;
            let (selection, together) = unified
                .iter()
                .find(|(selection, _)| selection.binary_stages.iter().any(same))
                .expect("a binary stage is in a selection");
            let closure = &selection.closures[&binary_stage.package];
            let inputs = collector.binary(together, binary_stage, closure);
            (binary_stage.name.clone(), closure.clone(), inputs)
        };
        let read_by: BTreeMap<&str, BTreeSet<ContextPath>> = compiled
            .iter()
            .map(|package| {
                let read = member_reads(workspace, &config, package);
                (package.as_str(), ContextPath::all(read))
            })
            .collect();
        let mut rest = &all[..];
        let built = config.services.iter().map(|service| {
            let count = service.binaries.len() + service.cdylibs().count();
            let (own, others) = rest.split_at(count);
            rest = others;
            (service, own)
        });
        let built: Vec<(&ServiceConfig, &[BinaryRequest<'_>])> = built.collect();
        let services: Vec<Service> = parallel_map(&built, |(service, outputs)| {
            let mut closure = BTreeSet::new();
            let mut inputs = Inputs::default();
            let mut binaries: Vec<ImageBinary> = Vec::new();
            let mut libraries: Vec<SharedLibrary> = Vec::new();
            for output in *outputs {
                let (stage, packages, own) = binary(output, &of_services);
                closure.extend(packages);
                inputs.join(own);
                let package = output.package.clone();
                match output.product {
                    Product::Binary(bin) => binaries.push(ImageBinary {
                        package,
                        bin: bin.clone(),
                        stage,
                    }),
                    Product::Cdylib(file) => libraries.push(SharedLibrary {
                        file: file.to_owned(),
                        package: Some(package),
                        stage,
                    }),
                }
            }
            libraries.extend(
                service
                    .libraries
                    .iter()
                    .filter_map(|library| match library {
                        SharedLibraryConfig::Builder(file) => Some(SharedLibrary {
                            file: file.clone(),
                            package: None,
                            stage: binaries[0].stage.clone(),
                        }),
                        SharedLibraryConfig::Package(_) => None,
                    }),
            );
            libraries.sort_by(|a, b| a.file.cmp(&b.file));
            let about = about(workspace, &workspace.members[&service.main().package]);
            collector.image(&mut inputs, service, &about);
            let sources = closure
                .iter()
                .flat_map(|package| &read_by[package.as_str()]);
            let contexts = config.contexts_of(&closure);
            let shipped = service.image.files.keys();
            let of_service = |selection: &&Selection| {
                let mut stages = selection.binary_stages.iter();
                stages.any(|stage| binaries.iter().any(|binary| binary.stage == stage.name))
            };
            let given = selections.iter().filter(of_service);
            let given = given.flat_map(|selection| &selection.given);
            let given = given.flat_map(|of_crate| &of_crate.paths);
            let images = service.image.images();
            let further = images.filter_map(|image| config.context_of(image));
            let reads = sources.chain(shipped).chain(contexts);
            let reads = outermost(reads.chain(given).chain(further));
            Service {
                name: service.name.clone(),
                family: service.family.clone(),
                variant: service.variant.clone(),
                binaries,
                libraries,
                closure,
                image: service.image.clone(),
                about,
                reads,
                target: service.target.clone(),
                compose: service.compose.clone(),
                input_hash: inputs.hash("service"),
                inputs,
            }
        });
        let mut rest = rest.iter();
        let packs = config
            .packs
            .iter()
            .map(|pack| Pack {
                name: pack.name.clone(),
                path: pack.path.clone(),
                binaries: parallel_map(
                    &pack.binaries.iter().zip(rest.by_ref()).collect::<Vec<_>>(),
                    |(built, output)| {
                        let unified = of_packs.as_ref().unwrap_or(&of_services);
                        let (binary_stage, closure, mut inputs) = binary(output, unified);
                        Settings::placed(&mut inputs, built);
                        PackBinary {
                            target: TargetName::new(&output.name),
                            package: output.package.clone(),
                            bin: built.binary.bin.clone(),
                            folder: built.folder.clone(),
                            binary_stage,
                            closure,
                            input_hash: inputs.hash("pack-binary"),
                            inputs,
                        }
                    },
                ),
            })
            .collect();
        let baked = BakedImage::all(&services, &images);
        context.insert(config.output.folder.join(SKELETON));
        context.insert(config.output.folder.join(SCRIPTS));
        let local_sources: Vec<ContextPath> = ContextPath::all(&workspace.local_sources.folders);
        context.extend(local_sources.iter().cloned());
        let left_out: BTreeSet<ContextPath> = ContextPath::all(&sources.left_out);
        let inside = |path: &&ContextPath| {
            let mut folders = left_out.iter();
            folders.any(|folder| path.starts_with(folder) && *path != folder)
        };
        let put_back = context.iter().filter(inside).chain(&as_is).chain(
            local_sources
                .iter()
                .filter(|folder| sources.has_never_sources(folder)),
        );
        let put_back = put_back
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        Self {
            toolchain_file: workspace.toolchain_file.clone(),
            toolchain: workspace.toolchain.clone(),
            folder: workspace.folder.clone(),
            cargo_configs: ContextPath::all(&workspace.cargo_configs),
            crate_files: local_sources
                .iter()
                .flat_map(|folder| sources.below(folder))
                .map(|(file, state)| (file.to_owned(), state.clone()))
                .collect(),
            local_sources,
            cargo_config: workspace.cargo_config.clone(),
            host_debug: profiles
                .iter()
                .filter_map(|name| {
                    Some((
                        name.clone(),
                        profile::host_debug(&workspace.profiles, name)?,
                    ))
                })
                .collect(),
            linking: profiles
                .iter()
                .map(|name| (name.clone(), profile::linking(&workspace.profiles, name)))
                .collect(),
            left_out,
            kept: ContextPath::all(&sources.kept),
            put_back,
            selections,
            runtimes: PreparedBase::all(&config),
            services,
            packs,
            baked,
            packages: collector.into_packages(),
            images,
            skeleton,
            development,
            context: outermost(&context),
            as_is,
            config,
        }
    }

    /// Returns the chain that the stage of a binary is in.
    pub fn selection_of(&self, binary_stage: &str) -> Option<&Selection> {
        let mut selections = self.selections.iter();
        selections.find(|selection| {
            let mut stages = selection.binary_stages.iter();
            stages.any(|stage| *stage.name == *binary_stage)
        })
    }

    /// Returns the path of a generated file beside the Dockerfile.
    pub fn output(&self, path: &str) -> ContextPath {
        self.config.output.folder.join(path)
    }

    /// Returns the folder of the generated skeleton.
    pub fn skeleton_folder(&self) -> ContextPath {
        self.output(SKELETON)
    }

    /// Returns the folder of the stages' scripts.
    pub fn scripts_folder(&self) -> ContextPath {
        self.output(SCRIPTS)
    }

    /// Returns the base with packages that an image is built on.
    pub fn runtime_of(&self, image: &ImageConfig) -> Option<&PreparedBase> {
        self.runtimes.iter().find(|base| base.is_of(image))
    }

    /// Returns the variables that compilations get from the environment, each with the packages that get it.
    pub fn variables(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut variables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (package, names) in &self.config.variables {
            let mut selections = self.selections.iter();
            let is_given =
                |selection: &Selection| selection.given.iter().any(|one| one.name == *package);
            if self.packages.contains_key(package) || selections.any(is_given) {
                for name in names {
                    variables.entry(name).or_default().push(package);
                }
            }
        }
        variables
    }

    /// Returns every base image that is pulled, sorted.
    pub fn bases(&self) -> BTreeSet<&str> {
        let own = self
            .services
            .iter()
            .filter_map(|service| service.image.pulled_base());
        own.chain([self.config.builder.as_str(), self.config.runtime.as_str()])
            .collect()
    }

    /// Returns all pack binaries.
    pub fn pack_binaries(&self) -> impl Iterator<Item = &PackBinary> {
        self.packs.iter().flat_map(|pack| &pack.binaries)
    }

    /// Returns the members of the groups of the configuration that are among `names`, and the other names as they are.
    pub fn bake_members<'a>(&'a self, names: &'a [String]) -> Vec<&'a str> {
        let mut members = Vec::new();
        let mut open: Vec<&str> = names.iter().rev().map(String::as_str).collect();
        while let Some(name) = open.pop() {
            match self.config.bake.groups.get(name) {
                Some(group) => open.extend(group.iter().rev().map(String::as_str)),
                None => members.push(name),
            }
        }
        members
    }

    /// Returns the variants that the name of each family stands for, for the groups of the Bake file. A service whose
    /// variants are all baked only by name is a target itself.
    pub fn families(&self) -> BTreeMap<&str, Vec<&Service>> {
        let mut families: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
        for service in self
            .services
            .iter()
            .filter(|service| service.variant.is_some() && service.target.of_family)
        {
            families.entry(&service.family).or_default().push(service);
        }
        families
    }
}

/// Returns the Cargo profiles that something is or can be built with. `all` has those that there are.
fn profiles(config: &Config, selections: &[Selection], all: &[String]) -> BTreeSet<String> {
    let used = selections
        .iter()
        .map(|selection| &selection.settings.profile);
    let mut profiles: BTreeSet<String> = used.cloned().collect();
    if config.at_bake.profile {
        profiles.extend(all.iter().cloned());
    }
    if profiles.is_empty() {
        profiles.insert(config.profile.clone());
    }
    profiles
}
