//! The stages of the build graph: `deps` → `lib-*` → `build-*`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use camino::Utf8PathBuf;

use super::parted::{Again, Parted};
use crate::graph::Activation;
use crate::graph::activation::Use;
use crate::names::{BinaryName, PackageName, StageName};

/// The packages whose features are unified, and what is compiled for them. Each of its stages names the same
/// packages to Cargo, so no third-party crate compiles twice.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The features because of which its outputs are not built with those of the first selection.
    pub parted: Vec<Parted>,
    /// The number of packages that it compiles although an earlier selection does, too.
    pub again: Again,
    /// What tells its stages from those of other selections; empty when there is only one.
    pub suffix: String,
    /// The names of its services, with variants counted as one, and of its pack binaries.
    pub outputs: Vec<String>,
    /// Packages, sorted.
    pub packages: Vec<PackageName>,
    /// Features as `package/feature`, sorted.
    pub features: Vec<String>,
    /// What is switched on in the packages that it compiles.
    pub activation: Activation,
    /// Packages whose default features no output asks for.
    pub without_default: BTreeSet<PackageName>,
    /// `features` name the default ones too, and no package gets any that is not named: a stage that compiles one
    /// library would otherwise switch on its default features.
    pub no_default_features: bool,
    /// The root package under Cargo's first resolver, to which features without a package's name belong.
    pub unnamed: Option<PackageName>,
    /// A library is compiled for the package that depends on it for that, not named to Cargo: under the first resolver Cargo
    /// listens to the dev-dependencies of what is named.
    pub by_runner: bool,
    /// Local packages that are compiled with the third-party crates, in compile order: path dependencies that are no
    /// members, what third-party crates are patched to, and what those need.
    pub path_dependencies: Vec<CompileStage>,
    /// The internal libraries, each after those it needs; those of a group have one stage.
    pub libraries: Vec<CompileStage>,
    /// The group of each library that is in one, by package.
    pub groups: BTreeMap<PackageName, String>,
    /// One stage per binary.
    pub binary_stages: Vec<CompileStage>,
    /// For each package all that its build compiles, itself among them.
    pub closures: BTreeMap<PackageName, BTreeSet<PackageName>>,
}

/// A stage that compiles one library or one binary.
#[derive(Clone, Debug)]
pub struct CompileStage {
    pub name: StageName,
    pub package: PackageName,
    /// The binary; the library when `None`.
    pub bin: Option<BinaryName>,
    /// The features that the outputs of the binary ask for.
    pub asked: Vec<Asked>,
    /// The C library is linked into the binary.
    pub linked_static: bool,
    /// The local libraries of its closure, in compile order.
    pub needs: Vec<PackageName>,
    /// The root package is among what it compiles, so that it needs that package's own manifest.
    pub with_root: bool,
    /// What others compile a library for.
    pub used: Use,
    /// The package's folder.
    pub dir: Utf8PathBuf,
    /// Context paths that the stage reads: sources and declared inputs, sorted.
    pub reads: Vec<Utf8PathBuf>,
    /// Manifests and locks in the context that its package reads unmodified.
    pub as_is: Vec<Utf8PathBuf>,
    /// Environment variables that packages of its closure get, sorted. Cargo takes a library for stale where a variable
    /// is another than when it was compiled, so whoever is laid upon it needs them too.
    pub variables: Vec<String>,
}

impl CompileStage {
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
    /// In compile order, never empty.
    pub libraries: Vec<&'a CompileStage>,
}

impl Selection {
    /// Name of the stage that compiles the third-party crates.
    pub fn deps(&self) -> StageName {
        StageName::new(format!("deps{}", self.suffix))
    }

    /// Name of the stage that compiles the library `package`.
    pub fn library(&self, package: &str) -> StageName {
        StageName::new(match self.groups.get(package) {
            Some(group) => format!("libs-{group}{}", self.suffix),
            None => format!("lib-{package}{}", self.suffix),
        })
    }

    /// The libraries, then the binaries.
    pub fn stages(&self) -> impl Iterator<Item = &CompileStage> {
        self.libraries.iter().chain(&self.binary_stages)
    }

    /// The stages that compile libraries, each after those that it needs, with what each compiles.
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
            // The configuration lets no group need itself through others.
            let stage = open.remove(ready.unwrap_or_default());
            placed.insert(stage.name);
            ordered.push(stage);
        }
        ordered
    }

    /// The library stages that `stage` is laid upon, in the order in which its libraries need them.
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

    /// Whether `package` is compiled with the third-party crates.
    pub fn is_path_dependency(&self, package: &str) -> bool {
        self.path_dependencies
            .iter()
            .any(|stage| stage.package == package)
    }

    /// The variables that the packages get that are compiled with the third-party crates, sorted.
    pub fn path_dependency_variables(&self) -> BTreeSet<&str> {
        let variables = self
            .path_dependencies
            .iter()
            .flat_map(|stage| &stage.variables);
        variables.map(String::as_str).collect()
    }

    /// The features as Cargo's command line takes them.
    pub fn feature_arguments(&self) -> Vec<&str> {
        let plain = |feature: &'_ str| -> usize {
            let unnamed = self.unnamed.as_deref();
            let own = unnamed.and_then(|package| feature.strip_prefix(package)?.strip_prefix('/'));
            own.map_or(0, |own| feature.len() - own.len())
        };
        let features = self.features.iter();
        features.map(|feature| &feature[plain(feature)..]).collect()
    }

    /// The library stages that hold what `stage` needs, each once.
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
