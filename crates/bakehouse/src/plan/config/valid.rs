//! The configuration, checked against the workspace: every name exists, every path lies inside, every default is filled
//! in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use camino::Utf8PathBuf;

use super::fetched::FetchedFile;
use super::install::Install;
use crate::context_path::ContextPath;
use crate::names::{BinaryName, PackageName, TargetName};

/// The label with an image's input hash.
pub const INPUT_HASH_LABEL: &str = "dev.bakehouse.input-hash";

/// The label with the identity of the toolchain.
pub const TOOLCHAIN_LABEL: &str = "dev.bakehouse.toolchain";

/// The variable with the Cargo profile of everything.
pub const PROFILE: &str = "PROFILE";

/// The variable with further features.
pub const FEATURES: &str = "FEATURES";

/// The part of a tag that stands for a tag of the variable `TAG`.
pub const GIVEN_TAG: &str = "{TAG}";

/// The default of the variable `TAG`, unless the configuration names another.
pub const USUAL_TAG: &str = "latest";

/// The place where compile results are kept between builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Image layers, which a registry cache carries to other builders.
    Layer,
    /// One cache mount for all services, on a builder that is kept.
    Mount,
}

impl Strategy {
    /// Returns the value in `bakehouse.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Layer => "layer",
            Self::Mount => "mount",
        }
    }
}

/// The packages over which features are unified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unify {
    /// As many services as possible, as long as they get no feature of a local package from one another.
    Services,
    /// All services, even if they get features from one another: no crate compiles twice.
    All,
    /// Each package on its own: it gets just the features that it asks for.
    Each,
}

/// A builder of several nodes.
#[derive(Clone, Debug)]
pub struct BuilderConfig {
    pub name: String,
    /// The driver's name in buildx.
    pub driver: &'static str,
    /// Never empty.
    pub nodes: Vec<NodeConfig>,
}

/// A node of a builder.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    pub endpoint: Option<String>,
    /// The platforms; empty for those that the node reports.
    pub platforms: Vec<String>,
    pub options: BTreeMap<String, String>,
}

/// The secrets of steps with network. No image, layer or cache contains them.
#[derive(Clone, Debug, Default)]
pub struct SecretsConfig {
    /// Environment variables, for the step that fetches crates.
    pub variables: Vec<String>,
    /// The paths of secret files in steps, by the variable with their path outside.
    pub files: BTreeMap<String, Utf8PathBuf>,
    /// Whether the step that fetches crates can use an SSH agent.
    pub ssh: bool,
}

/// The valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The namespace of cache-mount ids. It is never the folder's name, since each checkout must generate the same
    /// files.
    pub name: String,
    /// The registries and namespaces of the images; empty for local names. The first is the default of `REGISTRY`.
    pub registries: Vec<String>,
    pub platforms: Vec<String>,
    /// Whether other platforms than the builder's are emulated rather than cross-compiled.
    pub emulate: bool,
    pub profile: String,
    pub unify: Unify,
    pub strategy: Strategy,
    pub cache_ref: String,
    pub builder: String,
    pub runtime: String,
    pub builder_packages: Vec<String>,
    pub output: OutputConfig,
    /// The packages of every runtime image.
    pub runtime_packages: Vec<String>,
    /// The oldest glibc that binaries are built for, e.g. `2.28`; `None` for the builder's.
    pub min_glibc: Option<String>,
    /// Whether binaries contain the list of their crates.
    pub auditable: bool,
    /// The user of services that do not name their own.
    pub user: String,
    /// The image that copies packs, if not `runtime`.
    pub init: Option<String>,
    /// The declared version of glibc of runtime bases.
    pub glibc: BTreeMap<String, String>,
    /// The folder where packs are mounted, if any service uses packs.
    pub packs_path: Utf8PathBuf,
    /// A folder of packs that are edited in place.
    pub packs_dev: Option<ContextPath>,
    /// The working folder of services that do not name their own.
    pub workdir: Utf8PathBuf,
    pub services: Vec<ServiceConfig>,
    /// The images of other Dockerfiles, by name.
    pub images: Vec<OtherImageConfig>,
    /// Set if the configuration names no services, so that a rule chooses them.
    pub by_rule: bool,
    /// The group of each library that shares a stage, by package.
    pub groups: BTreeMap<PackageName, String>,
    /// The paths outside each package's folder that its build reads. Third-party crates are among the packages.
    pub inputs: BTreeMap<PackageName, Vec<Utf8PathBuf>>,
    /// The paths in the folder of each package that its build does not read.
    pub excluded: BTreeMap<PackageName, Vec<Utf8PathBuf>>,
    /// The only paths in the folder of each package that its build reads, besides the folders of its targets.
    pub only: BTreeMap<PackageName, Vec<Utf8PathBuf>>,
    /// The environment variables that the compilation of each package gets. Third-party crates are among the packages.
    pub variables: BTreeMap<PackageName, Vec<String>>,
    /// The files of images that the build of each package reads.
    pub embedded: BTreeMap<PackageName, Vec<Embedded>>,
    /// The files that are fetched for build scripts.
    pub fetch: Vec<FetchedFile>,
    pub secrets: SecretsConfig,
    pub packs: Vec<PackConfig>,
    pub builders: Vec<BuilderConfig>,
    pub at_bake: AtBake,
    pub bake: BakeConfig,
    /// The branch whose images CI publishes.
    pub ci_branch: String,
    /// The label of GitHub's runners.
    pub ci_runner: String,
    /// Whether CI attests and signs what it publishes.
    pub ci_sign: bool,
    /// How CI gets this program, if the configuration says it.
    pub ci_install: Option<Install>,
    /// Whether a compose file is generated.
    pub compose: bool,
}

/// The settings of compilations that a bake can choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtBake {
    /// Set if the Cargo profile can be chosen.
    pub profile: bool,
    /// The features that can be chosen, by package; `None` if none can.
    pub features: Option<BTreeMap<PackageName, Vec<String>>>,
}

/// The settings of the Bake file.
#[derive(Clone, Debug)]
pub struct BakeConfig {
    /// The members of each group.
    pub groups: BTreeMap<TargetName, Vec<String>>,
    /// Whether images take over the labels of docker/metadata-action.
    pub given_labels: bool,
    /// Whether images take over the annotations of docker/metadata-action.
    pub given_annotations: bool,
    /// The default of the variable `TAG`.
    pub usual_tag: String,
}

/// The places of generated files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputConfig {
    /// The folder of the Dockerfile and of the files beside it.
    pub folder: ContextPath,
    pub bake: ContextPath,
}

/// A service: binaries on a runtime base.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// The target's name.
    pub name: TargetName,
    /// The name without the variant.
    pub family: String,
    pub variant: Option<String>,
    /// The basis of the names of its binaries' stages: the family's name, or its own if the variant has them built in
    /// another way.
    pub built_as: String,
    /// The binaries; never empty. The first one is the entrypoint, unless the image names another.
    pub binaries: Vec<BinaryConfig>,
    /// The shared libraries beside them.
    pub libraries: Vec<SharedLibraryConfig>,
    pub image: ImageConfig,
    pub target: TargetConfig,
    pub compose: ComposeConfig,
}

/// An image of a Dockerfile of the workspace.
#[derive(Clone, Debug)]
pub struct OtherImageConfig {
    pub name: TargetName,
    /// The folder that it is built from.
    pub context: ContextPath,
    pub dockerfile: ContextPath,
    /// The stage; `None` for the last one.
    pub stage: Option<String>,
    pub args: BTreeMap<String, String>,
    pub target: TargetConfig,
    pub ports: Vec<u16>,
    pub env: BTreeMap<String, String>,
    pub compose: ComposeConfig,
}

/// A binary and the way to build it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinaryConfig {
    pub package: PackageName,
    pub bin: BinaryName,
    /// The features that are asked for and those that the binary requires, sorted.
    pub features: Vec<String>,
    /// Set if the package's default features are on.
    pub default_features: bool,
    /// Set if the binary is linked statically against the C library.
    pub linked_static: bool,
    pub settings: CompileSettings,
}

/// A shared library of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SharedLibraryConfig {
    /// A file that the builder has, or that the build of the first binary puts beside it.
    Builder(String),
    /// The `cdylib` of a package.
    Package(CdylibConfig),
}

/// A package that is compiled to a shared library, and the way to compile it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CdylibConfig {
    /// The name of the file.
    pub file: String,
    pub package: PackageName,
    /// The features that are asked for, sorted.
    pub features: Vec<String>,
    /// Set if the package's default features are on.
    pub default_features: bool,
    pub settings: CompileSettings,
}

/// The settings of Cargo that apply to all crates of a build. Binaries with different settings share no crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CompileSettings {
    pub profile: String,
    /// The flags in `RUSTFLAGS`; empty for those of Cargo's configuration.
    pub rustflags: Vec<String>,
}

/// The settings of an image's Bake target, which are not in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetConfig {
    /// The name of the image under the registry.
    pub image: String,
    /// The registries of the image while `REGISTRY` has its default; empty for those of the workspace.
    pub registries: Vec<String>,
    /// The tags; empty for those of the variable `TAG`. One that contains `{TAG}` stands for one with each of those.
    pub own_tags: Vec<String>,
    /// Whether it is baked if no target is named.
    pub default: bool,
    /// Whether it is baked if its service is named without the variant.
    pub of_family: bool,
    /// The place of the result if it is no image, as for `docker buildx build --output`.
    pub output: Option<String>,
    /// The platforms; empty for those of the workspace.
    pub platforms: Vec<String>,
}

/// Files of an image that the build of a package reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Embedded {
    pub image: TargetName,
    /// The path in the image.
    pub source: Utf8PathBuf,
    /// The path at which the build finds it.
    pub to: ContextPath,
}

/// A path in an image of `[images]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImagePath {
    pub image: TargetName,
    pub path: Utf8PathBuf,
}

impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { image, path } = self;
        write!(f, "{image}:{path}")
    }
}

/// The settings of a service for Compose, which do not affect its image.
#[derive(Clone, Debug, Default)]
pub struct ComposeConfig {
    pub health: Option<Health>,
    /// Names of services. Each variant depends on its own.
    pub depends_on: Vec<TargetName>,
    pub packs: PacksMount,
    /// `None` for the container's own layer, which is writable.
    pub state: Option<State>,
}

/// The check that shows whether a service is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// A `GET` of this path on this port returns 200.
    Get { port: u16, path: String },
    /// This command exits with 0.
    Command(Vec<String>),
}

/// The mount of packs in a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PacksMount {
    #[default]
    ReadOnly,
    ReadWrite,
    None,
}

/// The place that a service writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its working folder is a volume.
    Volume,
    /// Its working folder is in memory.
    Memory,
    /// It writes nothing.
    None,
}

/// The content of a runtime image beside its binary.
#[derive(Clone, Debug)]
pub struct ImageConfig {
    /// Another base than the variable `RUNTIME_BASE`: an image, or the stage that stands for one of `[images]`.
    pub runtime: Option<String>,
    /// The image of `[images]` that is the base.
    pub built_base: Option<TargetName>,
    /// Packages of the base's distribution.
    pub packages: Vec<String>,
    pub user: String,
    /// The working folder.
    pub workdir: Utf8PathBuf,
    pub ports: Vec<u16>,
    pub env: BTreeMap<String, String>,
    pub labels: BTreeMap<String, String>,
    /// The path in the image of each file or folder.
    pub files: BTreeMap<ContextPath, Utf8PathBuf>,
    /// The path in the image of each file or folder of another image.
    pub files_of_images: BTreeMap<ImagePath, Utf8PathBuf>,
    /// The program; `None` for the first binary.
    pub entrypoint: Option<Vec<String>>,
    /// The arguments of the program.
    pub command: Option<Vec<String>>,
    /// The signal that stops the container, by name or number; `None` for the base's.
    pub stop_signal: Option<String>,
    /// The check in the image; `None` for the base's.
    pub healthcheck: Option<Healthcheck>,
}

/// A command that exits with 0 if a container is well. What is `None` is Docker's to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Healthcheck {
    pub command: Vec<String>,
    /// The time from one check to the next; like the other times as Docker reads it, e.g. `1m30s`.
    pub interval: Option<String>,
    /// The time that a check may take.
    pub timeout: Option<String>,
    /// The time after the start in which failures do not count.
    pub start_period: Option<String>,
    /// The failures in a row that make a container unhealthy.
    pub retries: Option<u32>,
}

/// A pack and the binaries that are built into it.
#[derive(Clone, Debug)]
pub struct PackConfig {
    pub name: String,
    pub path: ContextPath,
    pub binaries: Vec<PackBinaryConfig>,
}

/// A binary that is built into a pack.
#[derive(Clone, Debug)]
pub struct PackBinaryConfig {
    pub binary: BinaryConfig,
    /// The folder that receives it.
    pub folder: ContextPath,
}

/// Returns the name of the stage in the Dockerfile of the services that stands for an image. The Bake file puts the image
/// in its place.
pub fn stage_of(image: &str) -> String {
    format!("image-{image}")
}

impl AtBake {
    /// Returns the names of the variables with what was chosen.
    pub fn variables(&self) -> impl Iterator<Item = &'static str> + use<> {
        let profile = self.profile.then_some(PROFILE);
        profile
            .into_iter()
            .chain(self.features.as_ref().map(|_| FEATURES))
    }
}

impl TargetConfig {
    /// Returns whether the result is an image of an engine or a registry, rather than files.
    pub fn is_image(&self) -> bool {
        match self.field("type") {
            Some("docker") => self.dest().is_none(),
            Some(kind) => matches!(kind, "image" | "registry"),
            None => self.output.is_none(),
        }
    }

    /// Returns the names without tags, where the workspace has the registries `usual`; never none.
    pub fn images(&self, usual: &[String]) -> Vec<String> {
        match self.registries.is_empty() {
            true => self.named(usual),
            false => self.named(&self.registries),
        }
    }

    /// Returns the names without tags under `registries`, or the local one if there are none; never none.
    pub fn named(&self, registries: &[String]) -> Vec<String> {
        if registries.is_empty() {
            return vec![self.image.clone()];
        }
        let names = registries.iter();
        names
            .map(|registry| format!("{registry}/{}", self.image))
            .collect()
    }

    /// Returns the tags, each once, where `TAG` has these.
    pub fn tags(&self, given: &[String]) -> Vec<String> {
        if self.own_tags.is_empty() {
            return given.to_vec();
        }
        let mut tags: Vec<String> = Vec::new();
        for own in &self.own_tags {
            let of_given = given.iter().map(|tag| own.replace(GIVEN_TAG, tag));
            let all = match own.contains(GIVEN_TAG) {
                true => of_given.collect(),
                false => vec![own.clone()],
            };
            for tag in all {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
        }
        tags
    }

    /// Returns the names under the registry with each tag, where `TAG` is `usual`; never none.
    pub fn names(&self, usual: &str) -> Vec<String> {
        let tags = self.tags(&[usual.to_owned()]).into_iter();
        tags.map(|tag| format!("{}:{tag}", self.image)).collect()
    }

    /// Returns whether the result is a folder with files, rather than one file.
    pub fn writes_a_folder(&self) -> bool {
        self.field("type") == Some("local") || self.field("tar") == Some("false")
    }

    /// Returns the path that the result is written to.
    pub fn dest(&self) -> Option<&str> {
        self.field("dest")
    }

    fn field(&self, key: &str) -> Option<&str> {
        let fields = self.output.as_deref()?.split(',');
        let mut pairs = fields.filter_map(|field| field.split_once('='));
        pairs.find(|(own, _)| *own == key).map(|(_, value)| value)
    }
}

impl PackConfig {
    /// Returns the name of the target of one of its binaries.
    pub fn target(&self, built: &PackBinaryConfig) -> String {
        format!("pack-{}-{}", self.name, built.binary.bin)
    }
}

impl Healthcheck {
    /// Returns the options that are set, by the names that a Dockerfile has for them.
    pub fn options(&self) -> impl Iterator<Item = (&'static str, String)> {
        let Self {
            command: _,
            interval,
            timeout,
            start_period,
            retries,
        } = self;
        let options = [
            ("interval", interval.clone()),
            ("timeout", timeout.clone()),
            ("start-period", start_period.clone()),
            ("retries", retries.map(|count| count.to_string())),
        ];
        let set = options.into_iter();
        set.filter_map(|(name, value)| Some((name, value?)))
    }
}

impl ImageConfig {
    /// Returns the images of `[images]` that it is built from.
    pub fn images(&self) -> impl Iterator<Item = &TargetName> {
        let files = self.files_of_images.keys().map(|from| &from.image);
        self.built_base.iter().chain(files)
    }

    /// Returns the base that a registry or the engine has, unless it is that of the variable.
    pub fn pulled_base(&self) -> Option<&str> {
        let pulled = self.built_base.is_none();
        self.runtime.as_deref().filter(|_| pulled)
    }
}

impl ServiceConfig {
    /// Returns the binary that the service is named after.
    pub fn main(&self) -> &BinaryConfig {
        &self.binaries[0]
    }

    /// Returns the packages that are compiled to shared libraries for its image.
    pub fn cdylibs(&self) -> impl Iterator<Item = &CdylibConfig> {
        self.libraries.iter().filter_map(|library| match library {
            SharedLibraryConfig::Builder(_) => None,
            SharedLibraryConfig::Package(cdylib) => Some(cdylib),
        })
    }
}

impl Config {
    /// Returns the default of the variable `REGISTRY`.
    pub fn registry(&self) -> &str {
        self.registries.first().map_or("", String::as_str)
    }

    /// Returns the contexts of the images whose files the builds of `packages` read.
    pub fn contexts_of<'a>(
        &'a self,
        packages: &'a BTreeSet<PackageName>,
    ) -> impl Iterator<Item = &'a ContextPath> {
        let embedded = packages.iter();
        let embedded = embedded.filter_map(|package| self.embedded.get(package));
        let names = embedded.flatten().map(|embedded| &embedded.image);
        names.filter_map(|name| self.context_of(name))
    }

    /// Returns the folder that an image of `[images]` is built from.
    pub fn context_of(&self, image: &str) -> Option<&ContextPath> {
        let mut images = self.images.iter();
        let image = images.find(|one| *one.name == *image)?;
        Some(&image.context)
    }

    /// Returns whether the builder cross-compiles for other platforms than its own.
    pub fn cross(&self) -> bool {
        !self.platforms.is_empty() && !self.emulate
    }

    /// Returns the platforms of the builder: any if it cross-compiles, else those of the images.
    pub fn builder_platforms(&self) -> &[String] {
        if self.cross() { &[] } else { &self.platforms }
    }
}
