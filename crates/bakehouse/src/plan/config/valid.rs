//! The configuration checked against the workspace: every name exists, every path is inside, every default
//! is filled in.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::names::{BinaryName, PackageName, TargetName};

/// The label that carries an image's input hash.
pub const INPUT_HASH_LABEL: &str = "dev.bakehouse.input-hash";

/// The label that carries the identity of the toolchain.
pub const TOOLCHAIN_LABEL: &str = "dev.bakehouse.toolchain";

/// How compile results survive between builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// In image layers, so that a registry cache carries them to other builders.
    Layer,
    /// In one cache mount for all services, on a builder that stays.
    Mount,
}

impl Strategy {
    /// The word for it in `bakehouse.toml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Layer => "layer",
            Self::Mount => "mount",
        }
    }
}

/// Over which packages features are unified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unify {
    /// All services that get no feature of a local package from one another: all services if possible.
    Services,
    /// All services, whatever features they get from one another: no crate compiles twice.
    All,
    /// Per package: each gets just the features that it asks for.
    Each,
}

/// A builder of several nodes.
#[derive(Clone, Debug)]
pub struct BuilderConfig {
    pub name: String,
    /// As buildx calls it.
    pub driver: &'static str,
    /// Never empty.
    pub nodes: Vec<NodeConfig>,
}

/// A node of a builder.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    pub endpoint: Option<String>,
    /// Those that it says of itself when empty.
    pub platforms: Vec<String>,
    pub options: BTreeMap<String, String>,
}

/// What steps with network have and leave nowhere.
#[derive(Clone, Debug, Default)]
pub struct SecretsConfig {
    /// Environment variables, for the step that fetches crates.
    pub variables: Vec<String>,
    /// Where steps find files, by the variable that names them outside.
    pub files: BTreeMap<String, Utf8PathBuf>,
    /// Whether the step that fetches crates reaches an SSH agent.
    pub ssh: bool,
}

/// The valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Namespace of cache-mount ids. Never the folder's name: each checkout must generate the same files.
    pub name: String,
    pub registry: String,
    pub platforms: Vec<String>,
    /// Whether other platforms than the builder's are emulated, not compiled for.
    pub emulate: bool,
    pub profile: String,
    pub unify: Unify,
    pub strategy: Strategy,
    pub cache_ref: String,
    pub builder: String,
    pub runtime: String,
    pub builder_packages: Vec<String>,
    pub output: OutputConfig,
    /// Packages of every runtime image.
    pub runtime_packages: Vec<String>,
    /// The oldest glibc that binaries are built for, e.g. `2.28`, where it is not the builder's.
    pub min_glibc: Option<String>,
    /// Whether binaries tell what crates they are made of.
    pub auditable: bool,
    /// Who services run as that name no user of their own.
    pub user: String,
    /// Another image than `runtime` to copy packs with.
    pub init: Option<String>,
    /// By runtime base the version of glibc that it is said to have.
    pub glibc: BTreeMap<String, String>,
    /// Where packs are mounted, when any service uses packs.
    pub packs_path: Utf8PathBuf,
    /// A folder of packs that are edited in place.
    pub packs_dev: Option<Utf8PathBuf>,
    pub workdir: Utf8PathBuf,
    pub services: Vec<ServiceConfig>,
    /// Libraries that share a stage: per package the group's name.
    pub groups: BTreeMap<PackageName, String>,
    /// Per package: paths outside its folder that its build reads.
    pub inputs: BTreeMap<PackageName, Vec<Utf8PathBuf>>,
    /// Paths in the folder of each package that its build does not read.
    pub excluded: BTreeMap<PackageName, Vec<Utf8PathBuf>>,
    /// The only paths in the folder of each package that its build reads, besides the folders of its targets.
    pub only: BTreeMap<PackageName, Vec<Utf8PathBuf>>,
    /// Per package: environment variables that its compilation gets.
    pub variables: BTreeMap<PackageName, Vec<String>>,
    pub secrets: SecretsConfig,
    pub packs: Vec<PackConfig>,
    pub builders: Vec<BuilderConfig>,
    /// The branch whose images CI publishes.
    pub ci_branch: String,
    /// The label of GitHub's runners.
    pub ci_runner: String,
    /// What installs this program in CI.
    pub ci_install: Option<String>,
    /// Whether a compose file is generated.
    pub compose: bool,
}

/// Where generated files go, relative to the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputConfig {
    /// Folder of the Dockerfile and what belongs to it.
    pub folder: Utf8PathBuf,
    pub bake: Utf8PathBuf,
}

/// A service: one binary on one runtime base.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Target name.
    pub name: TargetName,
    /// The name without the variant.
    pub family: String,
    pub variant: Option<String>,
    pub package: PackageName,
    pub bin: BinaryName,
    pub features: Vec<String>,
    /// Set if the package's default features are on.
    pub default_features: bool,
    /// Set if the C library is linked into the binary.
    pub linked_static: bool,
    pub image: ImageConfig,
    pub compose: ComposeConfig,
}

/// How a service runs under Compose. Nothing of it is in the image.
#[derive(Clone, Debug, Default)]
pub struct ComposeConfig {
    pub health: Option<Health>,
    /// Names of services, each variant by its own.
    pub depends_on: Vec<TargetName>,
    pub packs: PacksMount,
    /// `None`: the container's own layer, all writable.
    pub state: Option<State>,
}

/// How to see that a service is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// `GET` of this path on this port gives 200.
    Get { port: u16, path: String },
    /// This exits with 0.
    Command(Vec<String>),
}

/// How a service has packs mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PacksMount {
    #[default]
    ReadOnly,
    ReadWrite,
    None,
}

/// Where a service writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its working folder is a volume.
    Volume,
    /// Its working folder is in memory.
    Memory,
    /// It writes nothing.
    None,
}

/// What a runtime image holds beside its binary.
#[derive(Clone, Debug)]
pub struct ImageConfig {
    /// Another base than `bases.runtime`.
    pub runtime: Option<String>,
    /// Packages of the base's distribution.
    pub packages: Vec<String>,
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
    pub package: PackageName,
    pub bin: BinaryName,
    /// The features that it asks for and those that it requires.
    pub features: Vec<String>,
    /// Set if the package's default features are on.
    pub default_features: bool,
    /// Folder, relative to the workspace root.
    pub folder: Utf8PathBuf,
    /// The C library is linked into it.
    pub linked_static: bool,
}

impl Config {
    /// Whether the builder compiles for other platforms than its own.
    pub fn cross(&self) -> bool {
        !self.platforms.is_empty() && !self.emulate
    }

    /// The platforms that the builder is of: any where it compiles for others, else those of the images.
    pub fn builder_platforms(&self) -> &[String] {
        if self.cross() { &[] } else { &self.platforms }
    }
}
