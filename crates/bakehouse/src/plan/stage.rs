//! The stages of the build graph: `deps` → `lib-*` → `build-*`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::config::valid::{CompileSettings, Embedded};
use super::parted::{Again, Parted};
use crate::context_path::ContextPath;
use crate::graph::Activation;
use crate::graph::activation::Use;
use crate::names::{BinaryName, PackageName, StageName};

/// The packages whose features are unified, and the stages that are compiled for them. Each of its stages names the
/// same packages to Cargo, so no third-party crate compiles twice.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The settings of Cargo that its outputs are built with.
    pub settings: CompileSettings,
    /// The features because of which its outputs are not built with those of the first selection with these settings.
    pub parted: Vec<Parted>,
    /// The number of packages that it compiles although an earlier selection does, too.
    pub again: Again,
    /// The suffix that distinguishes its stages from those of other selections; empty if there is only one.
    pub suffix: String,
    /// The names of its services, with variants counted as one, and of its pack binaries.
    pub outputs: Vec<String>,
    /// Packages, sorted.
    pub packages: Vec<PackageName>,
    /// Features as `package/feature`, sorted.
    pub features: Vec<String>,
    /// The features that are enabled in the packages that it compiles.
    pub activation: Activation,
    /// The packages whose default features no output asks for.
    pub without_default: BTreeSet<PackageName>,
    /// Set if `features` also names the default features, so that no package gets features that are not named.
    /// Otherwise a stage that compiles one library would enable that library's default features.
    pub no_default_features: bool,
    /// The root package under Cargo's first resolver. Features without a package's name belong to it.
    pub unnamed: Option<PackageName>,
    /// Set if a library is compiled through [`RUNNER`](crate::plan::skeleton::RUNNER), not named to Cargo. Under the
    /// first resolver Cargo takes the dev-dependencies of named packages into account.
    pub by_runner: bool,
    /// The local packages that are compiled with the third-party crates, in compile order: path dependencies that are
    /// not members, packages that replace third-party crates, and those that these need.
    pub path_dependencies: Vec<CompileStage>,
    /// The internal libraries, each after those that it needs; those of a group have one stage.
    pub libraries: Vec<CompileStage>,
    /// The group of each library that is in one, by package.
    pub groups: BTreeMap<PackageName, String>,
    /// The stages of binaries and of shared libraries, one each.
    pub binary_stages: Vec<CompileStage>,
    /// The third-party crates among those it compiles that are given variables or files.
    pub given: Vec<GivenCrate>,
    /// All packages that the build of each package compiles, including itself.
    pub closures: BTreeMap<PackageName, BTreeSet<PackageName>>,
}

/// A third-party crate that is given variables or files of the workspace.
#[derive(Clone, Debug)]
pub struct GivenCrate {
    pub name: PackageName,
    /// Environment variables, sorted.
    pub variables: Vec<String>,
    /// Files and folders, sorted.
    pub paths: Vec<ContextPath>,
}

/// A stage that compiles one library, or one output: a binary or a shared library.
#[derive(Clone, Debug)]
pub struct CompileStage {
    pub name: StageName,
    pub package: PackageName,
    /// The binary; `None` for a library.
    pub bin: Option<BinaryName>,
    /// The file of the shared library that goes into images; `None` for others.
    pub cdylib: Option<String>,
    /// The features that the outputs of the binary ask for.
    pub asked: Vec<Asked>,
    pub settings: CompileSettings,
    /// Set if the binary is linked statically against the C library.
    pub linked_static: bool,
    /// The local libraries of its closure, in compile order.
    pub needs: Vec<PackageName>,
    /// Set if the root package is among the packages that it compiles, so that it needs that package's own manifest.
    pub with_root: bool,
    /// The purposes for which others compile the library.
    pub used: Use,
    /// The package's folder.
    pub dir: ContextPath,
    /// The paths that the stage reads: sources and declared inputs, sorted.
    pub reads: Vec<ContextPath>,
    /// The files of images that its package reads.
    pub embedded: Vec<Embedded>,
    /// The manifests and locks that its package reads unmodified.
    pub as_is: Vec<ContextPath>,
    /// The environment variables that packages of its closure get, sorted. Cargo takes a library for stale if such a
    /// variable differs from the time when it was compiled, so stages on top of it need them, too.
    pub variables: Vec<String>,
}

impl CompileStage {
    /// Returns the file that it builds into images or packs; `None` if it compiles a library for other stages.
    pub fn output(&self) -> Option<&str> {
        self.bin.as_deref().or(self.cdylib.as_deref())
    }

    /// Returns whether something links its library, or nothing needs it.
    pub fn is_linked(&self) -> bool {
        self.used.linked || !self.used.run
    }
}

/// The features that an output asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub features: Vec<String>,
    /// Set if the default features are asked for as well.
    pub default_features: bool,
}

impl Asked {
    pub fn by(features: &[String], default_features: bool) -> Self {
        Self {
            features: features.to_vec(),
            default_features,
        }
    }
}

/// A stage that compiles a library, or those of a group.
#[derive(Clone, Debug)]
pub struct LibraryStage<'a> {
    pub name: &'a StageName,
    /// The libraries in compile order, never empty.
    pub libraries: Vec<&'a CompileStage>,
}

impl Selection {
    /// Returns the name of the stage that compiles the third-party crates.
    pub fn deps(&self) -> StageName {
        StageName::new(format!("deps{}", self.suffix))
    }

    /// Returns the name of the stage that fills the builder's cache mounts from a seed.
    pub fn deps_fill(&self) -> StageName {
        StageName::new(format!("deps-fill{}", self.suffix))
    }

    /// Returns the name of the stage whose image is a seed.
    pub fn deps_save(&self) -> StageName {
        StageName::new(format!("deps-save{}", self.suffix))
    }

    /// Returns the name of the stage that compiles the library `package`.
    pub fn library(&self, package: &str) -> StageName {
        StageName::new(match self.groups.get(package) {
            Some(group) => format!("libs-{group}{}", self.suffix),
            None => format!("lib-{package}{}", self.suffix),
        })
    }

    /// Returns the stages of the libraries, then those of the binaries.
    pub fn stages(&self) -> impl Iterator<Item = &CompileStage> {
        self.libraries.iter().chain(&self.binary_stages)
    }

    /// Returns the stages that compile libraries, each after those that it needs, with the libraries of each.
    pub fn library_stages(&self) -> Vec<LibraryStage<'_>> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut open: Vec<LibraryStage<'_>> = Vec::new();
        for library in &self.libraries {
            let place = *places.entry(&library.name).or_insert(open.len());
            match open.get_mut(place) {
                Some(stage) => stage.libraries.push(library),
                None => open.push(LibraryStage {
                    name: &library.name,
                    libraries: vec![library],
                }),
            }
        }
        if self.groups.is_empty() {
            return open;
        }
        let mut ordered: Vec<LibraryStage<'_>> = Vec::with_capacity(open.len());
        let mut placed: BTreeSet<&str> = BTreeSet::new();
        while !open.is_empty() {
            let ready = open.iter().position(|stage| {
                let mut needs = self.below(stage).into_iter();
                needs.all(|need| placed.contains(need.as_str()))
            });
            // The configuration allows no group that needs itself through others, so a stage is always ready.
            let stage = open.remove(ready.unwrap_or_default());
            placed.insert(stage.name);
            ordered.push(stage);
        }
        ordered
    }

    /// Returns the library stages that `stage` is placed on top of, in the order in which its libraries need them.
    pub fn below(&self, stage: &LibraryStage<'_>) -> Vec<StageName> {
        let mut seen: HashSet<StageName> = HashSet::from([stage.name.clone()]);
        let needed = stage
            .libraries
            .iter()
            .flat_map(|library| self.laid_upon(library));
        needed.filter(|name| seen.insert(name.clone())).collect()
    }

    /// Returns whether the library of `stage` is linked, by the runner on behalf of its users.
    pub fn linked_by_runner(&self, stage: &CompileStage) -> bool {
        self.by_runner && stage.is_linked()
    }

    /// Returns whether `package` is compiled with the third-party crates.
    pub fn is_path_dependency(&self, package: &str) -> bool {
        self.path_dependencies
            .iter()
            .any(|stage| stage.package == package)
    }

    /// Returns the variables of third-party crates and of packages that are compiled with them, sorted.
    pub fn third_party_variables(&self) -> BTreeSet<&str> {
        let local = self.path_dependencies.iter();
        let local = local.flat_map(|stage| &stage.variables);
        let crates = self.given.iter();
        let crates = crates.flat_map(|of_crate| &of_crate.variables);
        local.chain(crates).map(String::as_str).collect()
    }

    /// Returns the features in the syntax of Cargo's command line.
    pub fn feature_arguments(&self) -> Vec<&str> {
        let plain = |feature: &'_ str| -> usize {
            let unnamed = self.unnamed.as_deref();
            let own = unnamed.and_then(|package| feature.strip_prefix(package)?.strip_prefix('/'));
            own.map_or(0, |own| feature.len() - own.len())
        };
        let features = self.features.iter();
        features.map(|feature| &feature[plain(feature)..]).collect()
    }

    /// Returns the library stages with the libraries that `stage` needs, each once.
    pub fn laid_upon<'a>(
        &'a self,
        stage: &'a CompileStage,
    ) -> impl Iterator<Item = StageName> + 'a {
        let libraries = stage
            .needs
            .iter()
            .filter(|package| !self.is_path_dependency(package));
        let mut grouped: BTreeSet<&str> = BTreeSet::new();
        let first = move |package: &&PackageName| {
            let group = self.groups.get(*package);
            group.is_none_or(|group| grouped.insert(group))
        };
        libraries.filter(first).map(|package| self.library(package))
    }
}
