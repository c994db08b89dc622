//! Collection of the inputs of each output.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

use super::config::Config;
use super::config::valid::{Embedded, FEATURES, PROFILE, ServiceConfig};
use super::development::{Development, dev_dependents, with_development};
use super::feature_requests::FeatureRequests;
use super::inherit;
use super::inputs::{Inputs, PackageInputs, Part, crate_digest, file_text};
use super::lock_graph::{self, LockGraph, LockPart};
use super::other_image::OtherImage;
use super::selection::member_reads;
use super::settings::Settings;
use super::skeleton::Skeleton;
use super::stage::{CompileStage, Selection};
use super::tables::canonical;
use crate::graph::inputs::fixed_part;
use crate::graph::parallel::parallel_map;
use crate::graph::sources::FileState;
use crate::graph::toolchain_file::Channel;
use crate::graph::{Sources, ToolchainFile, Workspace};
use crate::names::PackageName;

/// The source of the settings of a compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChosenBy {
    Configuration,
    /// The variables of a bake, where the configuration allows it.
    Bake,
}

/// The packages of a selection, which are compiled together with unified features.
pub struct UnifiedSelection<'a> {
    selection: &'a Selection,
    chosen: ChosenBy,
    lock: lock_graph::UnifiedPackages,
    /// The feature requests of each of its packages, by name.
    requesting: BTreeMap<&'a str, FeatureRequests<'a>>,
    /// The result for each part of the lock. Most outputs have the same part.
    reached: Mutex<HashMap<LockPart, Arc<Reached>>>,
}

/// The inputs that follow from a part of the lock.
struct Reached {
    locked: Vec<(Part, Arc<str>)>,
    /// The feature requests of each package to crates of that part.
    asked: Vec<(PackageName, Arc<str>)>,
    /// The variables and files that these crates are given, by key.
    given: Vec<(String, Arc<str>)>,
    /// The settings of the workspace's manifest for these crates, by key.
    decided: Vec<(String, Arc<str>)>,
}

/// Returns the part of the toolchain file that can change a build.
fn toolchain_text(workspace: &Workspace) -> String {
    let channel = workspace.channel().map_or("not pinned", Channel::as_str);
    let additions = workspace
        .toolchain_file
        .iter()
        .flat_map(ToolchainFile::additions);
    let all: Vec<&str> = [channel].into_iter().chain(additions).collect();
    all.join(" ")
}

/// Collects the inputs of each output of a plan.
pub struct Collector<'a> {
    workspace: &'a Workspace,
    config: &'a Config,
    settings: Settings<'a>,
    sources: &'a Sources,
    development: &'a Development,
    images: &'a [OtherImage],
    /// The replacements of packages' manifests, which are not in the context. The stages of a package itself see its
    /// own manifest.
    manifests: BTreeMap<Utf8PathBuf, &'a str>,
    /// The workspace manifest of the compile stages.
    root: (Utf8PathBuf, &'a str),
    lock: LockGraph<'a>,
    packages: BTreeMap<PackageName, PackageInputs>,
    /// The keys of the workspace's manifest that each package inherits, and `metadata`, which build scripts may read.
    inherited: BTreeMap<&'a str, BTreeSet<String>>,
    /// The values of those keys, by the folder of the workspace.
    shared: BTreeMap<&'a Utf8Path, BTreeMap<String, Arc<str>>>,
}

impl<'a> Collector<'a> {
    /// Creates a collector for outputs that compile only packages in `compiled`.
    pub fn new(
        workspace: &'a Workspace,
        config: &'a Config,
        sources: &'a Sources,
        skeleton: &'a Skeleton,
        development: &'a Development,
        images: &'a [OtherImage],
        compiled: &BTreeSet<PackageName>,
    ) -> Self {
        let members = skeleton.members.values();
        let root = skeleton.root_package.as_ref().unwrap_or(&skeleton.root);
        let mut collector = Self {
            workspace,
            config,
            settings: Settings::new(config),
            sources,
            development,
            images,
            manifests: members
                .map(|member| (member.path("Cargo.toml"), member.masked.as_str()))
                .collect(),
            root: (workspace.folder.join("Cargo.toml"), root),
            lock: LockGraph::new(&workspace.lock, &workspace.members),
            packages: BTreeMap::new(),
            inherited: BTreeMap::new(),
            shared: BTreeMap::new(),
        };
        for member in compiled.iter().map(|name| &workspace.members[name]) {
            let mut keys = inherit::keys(development.manifest(&member.name));
            keys.insert("metadata".to_owned());
            let shared = collector.shared.entry(&member.workspace).or_default();
            let new = keys.iter().filter(|key| !shared.contains_key(*key));
            let values = inherit::values(workspace.manifest_of(member), new);
            shared.extend(values);
            collector.inherited.insert(&member.name, keys);
        }
        let names: Vec<&PackageName> = compiled.iter().collect();
        let packages = parallel_map(&names, |name| {
            let manifest = skeleton.members[*name].own.clone();
            collector.package(name, manifest)
        });
        let names = names.into_iter().cloned();
        collector.packages = names.zip(packages).collect();
        collector
    }

    /// Returns the packages' inputs, by name.
    pub fn into_packages(self) -> BTreeMap<PackageName, PackageInputs> {
        self.packages
    }

    fn package(&self, name: &str, manifest: String) -> PackageInputs {
        let own = self.workspace.members[name].path("Cargo.toml");
        let mut others = BTreeMap::new();
        // They are in order, so building the map at once is faster than inserting them one by one.
        let mut files = Vec::new();
        for path in member_reads(self.workspace, self.config, name) {
            for (file, state) in self.sources.below(&path) {
                if file == own {
                    continue;
                }
                let root = (file == self.root.0).then_some(&self.root.1);
                match root.or_else(|| self.manifest(file)) {
                    Some(text) => {
                        others.insert(file.to_owned(), (*text).to_owned());
                    }
                    None => files.push((file.to_owned(), state.clone())),
                }
            }
        }
        for path in self.sources.as_is.get(name).into_iter().flatten() {
            let states = self.sources.below(path);
            files.extend(states.map(|(file, state)| (file.to_owned(), state.clone())));
        }
        PackageInputs::new(manifest, others, files.into_iter().collect())
    }

    /// Returns the replacement of a package's manifest.
    fn manifest(&self, file: &Utf8Path) -> Option<&&'a str> {
        let named = file.file_name() == Some("Cargo.toml");
        named.then(|| self.manifests.get(file)).flatten()
    }

    /// Returns the packages that `selection` compiles, for [`Self::binary`].
    pub fn together(&self, selection: &'a Selection, chosen: ChosenBy) -> UnifiedSelection<'a> {
        let requesting = selection.activation.requesting();
        let requesting = requesting.filter(|package| self.development.counts(package));
        let names: Vec<&str> = selection
            .closures
            .keys()
            .map(PackageName::as_str)
            .chain(requesting)
            .collect();
        let packages = names.iter().map(|name| PackageName::new(*name)).collect();
        let dev_dependents = dev_dependents(
            self.workspace,
            selection.packages.iter().map(PackageName::as_str),
        );
        let requesting = parallel_map(&names, |package| {
            let member = &self.workspace.members[*package];
            let workspace = self.workspace.manifest_of(member);
            let manifest = self.development.manifest(package);
            let requesting = if dev_dependents.contains(package) {
                FeatureRequests::new(workspace, member, manifest, &selection.activation)
            } else {
                let manifest = with_development(manifest, |_| false);
                FeatureRequests::new(workspace, member, &manifest, &selection.activation)
            };
            (member.name.as_str(), requesting)
        });
        let development = dev_dependents.into_iter().map(|name| {
            let names = self.development.names(name);
            (name, names.map(String::as_str).collect())
        });
        let development = development.collect();
        UnifiedSelection {
            selection,
            chosen,
            requesting: requesting.into_iter().collect(),
            reached: Mutex::default(),
            lock: self
                .lock
                .together(packages, &selection.activation, &development),
        }
    }

    /// Returns the inputs that can change the binary of `binary_stage`, which compiles `closure`. Features are unified
    /// over `together`.
    pub fn binary(
        &self,
        together: &UnifiedSelection<'_>,
        binary_stage: &CompileStage,
        closure: &BTreeSet<PackageName>,
    ) -> Inputs {
        // Most parts are already in order, so building the map at once is faster than inserting them one by one.
        let mut parts: Vec<(Part, Arc<str>)> = Vec::new();
        for package in closure {
            let digest = self.packages[package].digest.clone();
            parts.push((Part::Package(package.clone()), digest));
        }
        let built = together.selection.activation.built(&binary_stage.package);
        for package in closure {
            // Local packages that replace crates are not part of this activation.
            let features = match built.get(package.as_str()) {
                Some(built) => features(built),
                None => together
                    .selection
                    .activation
                    .features(package)
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            if !features.is_empty() {
                parts.push((Part::Features(package.clone()), features.into()));
            }
        }
        let reached = self.reached(together, self.lock.part(closure, &together.lock));
        let others = reached.asked.iter();
        let others = others.filter(|(package, _)| !closure.contains(package));
        parts.extend(
            others.map(|(package, asked)| (Part::FeatureRequests(package.clone()), asked.clone())),
        );
        parts.extend(reached.locked.iter().cloned());
        self.workspace_manifests(&mut parts, closure);
        parts.extend(reached.decided.iter().map(|(key, value)| {
            let part = Part::Workspace(self.root.0.clone(), key.clone());
            (part, value.clone())
        }));
        let mut inputs = Inputs(parts.into_iter().collect());
        self.settings.binary(&mut inputs, binary_stage);
        if together.chosen == ChosenBy::Bake {
            inputs.setting("profile", self.profile(together));
            self.chosen_features(&mut inputs, binary_stage);
        }
        inputs.set(Part::Toolchain, toolchain_text(self.workspace));
        if let Some(toolchain) = &self.workspace.toolchain {
            inputs.set(Part::Identity, toolchain.id.as_str());
        }
        for path in &self.workspace.cargo_configs {
            for (file, state) in self.sources.below(path) {
                inputs.set(Part::CargoConfig(file.to_owned()), file_text(state));
            }
        }
        for (key, value) in &reached.given {
            inputs.setting(key.as_str(), value.clone());
        }
        self.variables(&mut inputs, together.selection, closure);
        self.embedded(&mut inputs, closure);
        inputs
    }

    /// Returns the Cargo profile that a bake uses now.
    fn profile<'b>(&'b self, together: &'b UnifiedSelection<'_>) -> &'b str {
        let can_choose = together.chosen == ChosenBy::Bake && self.config.at_bake.profile;
        let chosen = self.sources.variables.get(PROFILE).filter(|_| can_choose);
        chosen.unwrap_or(&together.selection.settings.profile)
    }

    /// Adds the features that were chosen for a bake.
    fn chosen_features(&self, inputs: &mut Inputs, binary_stage: &CompileStage) {
        let Some(known) = &self.config.at_bake.features else {
            return;
        };
        let chosen = self.sources.variables.get(FEATURES);
        let chosen = chosen.iter().flat_map(|list| list.split(','));
        let known = known.get(&binary_stage.package);
        let own =
            chosen.filter(|feature| known.is_some_and(|all| all.iter().any(|one| one == feature)));
        let own: BTreeSet<&str> = own.collect();
        if !own.is_empty() {
            let own: Vec<&str> = own.into_iter().collect();
            inputs.setting(FEATURES, own.join(","));
        }
    }

    /// Returns the inputs that follow from `part` for packages that are compiled together.
    fn reached(&self, together: &UnifiedSelection<'_>, part: LockPart) -> Arc<Reached> {
        let mut known = together
            .reached
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(reached) = known.get(&part) {
            return reached.clone();
        }
        let entries = || part.entries();
        let names: HashSet<&str> = entries()
            .map(|index| self.lock.entry(index).name.as_str())
            .collect();
        let members = entries().filter_map(|index| self.lock.member(index));
        let asked = members.filter_map(|package| {
            let asked = together.requesting.get(package)?.of(&names)?;
            Some((PackageName::new(package), asked))
        });
        let locked = entries().map(|index| {
            let text = self.lock.text(index, &part);
            (Part::Locked(self.lock.name(index)), text)
        });
        let manifest = &self.workspace.manifest;
        let folders: BTreeSet<&Utf8Path> = entries()
            .filter(|index| self.lock.member(*index).is_none())
            .filter_map(|index| {
                let entry = self.lock.entry(index);
                let sources = &self.workspace.local_sources;
                sources.crate_folder(&entry.name, &entry.version)
            })
            .collect();
        let locked = locked.chain(folders.into_iter().map(|folder| {
            let part = Part::Crate(folder.to_owned());
            (part, crate_digest(self.sources.below(folder)).into())
        }));
        let decided = inherit::decisions(
            manifest,
            &self.workspace.profiles,
            self.profile(together),
            &names,
        )
        .into_iter();
        let reached = Arc::new(Reached {
            given: self.given(&names),
            asked: asked.collect(),
            locked: locked.collect(),
            decided: decided
                .map(|(key, value)| (key, canonical(&value).into()))
                .collect(),
        });
        known.insert(part, reached.clone());
        reached
    }

    /// Returns what third-party crates among `names` are given: values of variables, and files.
    fn given(&self, names: &HashSet<&str>) -> Vec<(String, Arc<str>)> {
        let counts = |name: &PackageName| {
            names.contains(name.as_str()) && !self.workspace.members.contains_key(name)
        };
        let mut given: Vec<(String, Arc<str>)> = Vec::new();
        let variables = self.config.variables.iter();
        for (name, variables) in variables.filter(|(name, _)| counts(name)) {
            for variable in variables {
                if let Some(value) = self.sources.variables.get(variable) {
                    let key = format!("inputs.{name}.variables.{variable}");
                    given.push((key, value.as_str().into()));
                }
            }
        }
        let paths = self.config.inputs.iter();
        for (name, paths) in paths.filter(|(name, _)| counts(name)) {
            for path in paths.iter().map(|path| fixed_part(path)) {
                for (file, state) in self.sources.below(&path) {
                    given.push((
                        format!("inputs.{name}.paths.{file}"),
                        file_text(state).into(),
                    ));
                }
            }
        }
        given
    }

    /// Returns the values of the variables that the compilation of `closure` gets. Variables of packages that are
    /// compiled with the third-party crates are set for these crates, too.
    fn variables(
        &self,
        inputs: &mut Inputs,
        selection: &Selection,
        closure: &BTreeSet<PackageName>,
    ) {
        for (package, names) in &self.config.variables {
            if !closure.contains(package) && !selection.is_path_dependency(package) {
                continue;
            }
            for name in names {
                // A variable that is not set is left out, as if no package asked for it.
                if let Some(value) = self.sources.variables.get(name) {
                    let key = format!("inputs.{package}.variables.{name}");
                    inputs.setting(key, value.as_str());
                }
            }
        }
    }

    /// Adds the images whose files the builds of `closure` read.
    fn embedded(&self, inputs: &mut Inputs, closure: &BTreeSet<PackageName>) {
        for (package, embedded) in &self.config.embedded {
            for Embedded { image, source, to } in embedded {
                let mut images = self.images.iter();
                let found = images.find(|other| other.config.name == *image);
                if let Some(found) = found.filter(|_| closure.contains(package)) {
                    inputs.set(Part::Embedded(image.clone()), found.input_hash.as_str());
                    let key = format!("inputs.{package}.images.{image}:{source}");
                    inputs.setting(key, to.as_str());
                }
            }
        }
    }

    /// Returns the inputs that can change the image beside its binary.
    pub fn image(
        &self,
        inputs: &mut Inputs,
        service: &ServiceConfig,
        labels: &BTreeMap<String, String>,
    ) {
        self.settings.image(inputs, service);
        for (label, value) in labels {
            Settings::label(inputs, label, value);
        }
        for name in service.image.images() {
            let mut images = self.images.iter();
            if let Some(image) = images.find(|image| image.config.name == *name) {
                inputs.set(Part::Image(name.clone()), image.input_hash.as_str());
            }
        }
        for path in service.image.files.keys() {
            for (file, state) in self.shipped(path) {
                inputs.set(Part::Shipped(file.to_owned()), file_text(state));
            }
        }
    }

    /// Returns the shipped files of `path`. Manifests of packages are not in the context.
    fn shipped(&self, path: &'a Utf8Path) -> impl Iterator<Item = (&'a Utf8Path, &'a FileState)> {
        let files = self.sources.below(path);
        files.filter(|(file, _)| self.manifest(file).is_none())
    }

    /// Returns the values in the workspaces' manifests that can affect the packages of `closure`.
    fn workspace_manifests(
        &self,
        parts: &mut Vec<(Part, Arc<str>)>,
        closure: &BTreeSet<PackageName>,
    ) {
        let workspace = self.workspace;
        let root = &self.root.0;
        let resolver = Part::Workspace(root.clone(), "workspace.resolver".to_owned());
        parts.push((resolver, workspace.resolver().into()));
        let mut inherited: BTreeMap<&Utf8Path, BTreeSet<&String>> = BTreeMap::new();
        for package in closure {
            let folder = workspace.members[package].workspace.as_path();
            let keys = &self.inherited[package.as_str()];
            inherited.entry(folder).or_default().extend(keys);
        }
        for (folder, keys) in inherited {
            let values = &self.shared[folder];
            let manifest = folder.join("Cargo.toml");
            let known = keys.into_iter().filter_map(|key| values.get_key_value(key));
            parts.extend(known.map(|(key, value)| {
                let key = format!("workspace.{key}");
                (Part::Workspace(manifest.clone(), key), value.clone())
            }));
        }
    }
}

/// Describes the features of a package as it is linked and as it is run on the builder.
fn features(built: &[Option<Vec<&str>>; 2]) -> String {
    match built {
        [Some(linked), Some(run)] if linked != run => {
            format!("{}; on the builder {}", linked.join(", "), run.join(", "))
        }
        [Some(one), _] | [None, Some(one)] => one.join(", "),
        [None, None] => String::new(),
    }
}
