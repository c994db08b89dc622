//! `bakehouse.toml` as it is written, with the place of each value.
//!
//! The comments of the keys are the source of docs/configuration.md and docs/bakehouse.schema.json. The last paragraph
//! of each gives form and default.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::raw_content::{RawHealthcheck, RawSharedLibrary, RawSignal};
use super::raw_embedded::RawEmbedded;
use super::raw_fetch::RawFetch;
use super::raw_install::RawInstall;
use super::raw_port::RawPort;
use super::raw_tags::RawTags;
use super::spanned::Spanned;

/// The whole file. Every key is optional.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawConfig {
    /// Namespace of the builder's cache mounts. Set it if two workspaces that share a builder would get the same one.
    ///
    /// Form: name¹. Default: from `registry`, else the package of the first service.
    pub name: Option<Spanned<String>>,
    /// The versions of bakehouse that the file is for. Any other refuses it, before it reads the rest. See
    /// [upgrading.md](upgrading.md).
    ///
    /// Form: requirement as in Cargo's dependencies, such as `">=0.2"`. Default: none: every version.
    pub requires: Option<Spanned<String>>,
    /// The prefix of image names, and the default of the variable `REGISTRY`: `ghcr.io/acme/shop` gives
    /// `ghcr.io/acme/shop/api`.
    ///
    /// Form: image name without a tag. Default: `""`: local names.
    pub registry: Option<Spanned<String>>,
    /// Several prefixes instead of `registry`. Each image gets a name under each of them; the first is the default of
    /// the variable `REGISTRY`. See [bake-file.md](bake-file.md#names-and-tags).
    ///
    /// Form: list of image names without a tag. Default: the one that `registry` names.
    pub registries: Option<Spanned<Vec<Spanned<String>>>>,
    /// Default of the variable `PLATFORMS`.
    ///
    /// Form: list of `os/arch` or `os/arch/variant`. Default: `[]`: the builder's own.
    #[serde(default)]
    pub platforms: Vec<Spanned<String>>,
    /// Whether platforms other than the builder's are emulated. Otherwise the builder cross-compiles for all
    /// `platforms`. See [releases.md](releases.md#several-platforms).
    ///
    /// Form: `true` or `false`. Default: `false`.
    pub emulate: Option<bool>,
    /// Cargo profile: `release`, `dev`, or one that the root `Cargo.toml` declares.
    ///
    /// Form: string. Default: `"release"`.
    pub profile: Option<Spanned<String>>,
    /// The outputs whose features Cargo unifies: see [below](#unify).
    ///
    /// Form: `"services"`, `"each"` or `"all"`. Default: `"services"`.
    #[cfg_attr(test, schemars(extend("enum" = ["services", "each", "all"])))]
    pub unify: Option<Spanned<String>>,
    /// The oldest glibc that binaries run on, unless they are `static`. They are built for that version even if the
    /// builder base has a newer one. See [toolchain.md](toolchain.md#an-older-glibc-than-the-builders).
    ///
    /// Form: `"2.17"` to `"2.44"`. Default: none: the version of the builder base.
    pub glibc: Option<Spanned<String>>,
    /// Whether binaries contain the list of their crates, in the format of `cargo auditable`. See
    /// [releases.md](releases.md#what-a-binary-is-made-of).
    ///
    /// Form: `true` or `false`. Default: `false`.
    pub auditable: Option<bool>,
    /// Folder above the workspace that becomes Docker's context: see [below](#context). Set it if the build reads
    /// something there that Cargo's metadata does not list.
    ///
    /// Form: `..`, `../..` and so on. Default: the innermost folder that contains the workspace and everything that
    /// Cargo builds it from.
    pub context: Option<Spanned<String>>,
    /// The places of generated files.
    #[serde(default)]
    pub output: RawOutput,
    /// The cache of compile results.
    #[serde(default)]
    pub cache: RawCache,
    /// Base images.
    #[serde(default)]
    pub bases: RawBases,
    /// The settings that all images share.
    #[serde(default)]
    pub runtime: RawRuntime,
    /// The images, by name: the name of the Bake target and of the image. Without this table, each binary that the
    /// manifests do not show to be a tool becomes a service.
    pub services: Option<BTreeMap<Spanned<String>, RawService>>,
    /// Images of Dockerfiles of the workspace, beside the services, by name.
    #[serde(default)]
    pub images: BTreeMap<Spanned<String>, RawOtherImage>,
    /// Libraries that share a stage, by the group's name. `bakehouse group` proposes them. See
    /// [architecture.md](architecture.md#small-libraries-in-one-stage).
    ///
    /// Form: table: name → list of packages. Default: `{}`: each library has a stage of its own.
    #[serde(default)]
    pub groups: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    /// The inputs of packages' builds outside their own folders, by package.
    #[serde(default)]
    pub inputs: BTreeMap<Spanned<String>, RawInputs>,
    /// Files that are fetched once for build scripts, which have no network, by name.
    #[serde(default)]
    pub fetch: BTreeMap<Spanned<String>, RawFetch>,
    /// Secrets of steps with network, which no image, layer or cache contains. See [secrets.md](secrets.md).
    #[serde(default)]
    pub secrets: RawSecrets,
    /// Folders that are mounted at run time and are in no image, by name.
    #[serde(default)]
    pub packs: BTreeMap<Spanned<String>, RawPack>,
    /// Builders of several nodes, which `bakehouse builder` creates, by name.
    #[serde(default)]
    pub builders: BTreeMap<Spanned<String>, RawBuilder>,
    /// The settings of the Bake file.
    #[serde(default)]
    pub bake: RawBake,
    /// The settings of `bakehouse ci`.
    #[serde(default)]
    pub ci: RawCi,
    /// Whether `docker/compose.yaml` is generated.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub compose: Option<bool>,
}

/// `[output]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawOutput {
    /// The folder of the Dockerfile, its ignore file and the skeleton. It must not be in a folder that images are built
    /// from.
    ///
    /// Form: path in the workspace. Default: `"docker"`.
    pub folder: Option<Spanned<String>>,
    /// The Bake file.
    ///
    /// Form: path of an `.hcl` file in the workspace. Default: `"docker-bake.hcl"`.
    pub bake: Option<Spanned<String>>,
}

/// `[secrets]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawSecrets {
    /// Environment variables for the step that fetches crates, such as a registry's token.
    ///
    /// Form: list of names. Default: `[]`.
    #[serde(default)]
    pub variables: Vec<Spanned<String>>,
    /// Files for every step with network. Each key is the environment variable that holds the file's path on the
    /// machine that builds.
    ///
    /// Form: table: name of a variable → absolute path in the step. Default: `{}`.
    #[serde(default)]
    pub files: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Whether the step that fetches crates can use your SSH agent.
    ///
    /// Form: `true` or `false`. Default: `false`.
    pub ssh: Option<bool>,
}

/// `[builders.<name>]`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawBuilder {
    /// The driver that creates the nodes: `docker-container`, containers on engines; `kubernetes`, pods in a cluster;
    /// `remote`, a BuildKit that already runs.
    ///
    /// Form: `"docker-container"`, `"kubernetes"` or `"remote"`. Default: `"docker-container"`.
    #[cfg_attr(test, schemars(extend("enum" = ["docker-container", "kubernetes", "remote"])))]
    pub driver: Option<Spanned<String>>,
    /// The nodes. Each platform is built on the first one that has it.
    ///
    /// Form: list of tables. Default: required.
    pub nodes: Vec<RawNode>,
}

/// A node of a builder.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawNode {
    /// With `docker-container`, a Docker context or the address of an engine, such as `ssh://builder@arm`; with
    /// `remote`, the address of BuildKit. A node of `kubernetes` has none.
    ///
    /// Form: address, or name of a context. Default: the current engine.
    pub endpoint: Option<Spanned<String>>,
    /// The platforms that the node builds for.
    ///
    /// Form: list of `os/arch` or `os/arch/variant`. Default: `[]`: those that the node reports.
    #[serde(default)]
    pub platforms: Vec<Spanned<String>>,
    /// Options of the driver, such as `cacert` or `namespace`.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub options: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[bake]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawBake {
    /// Variables that change at bake time how services are compiled. `PROFILE` replaces all Cargo profiles. `FEATURES`
    /// lists features, separated by commas, to add to the services' packages that have them; each package then has its
    /// own chain. Neither changes pack binaries.
    ///
    /// Form: list of `"PROFILE"` and `"FEATURES"`. Default: `[]`.
    #[serde(default)]
    pub variables: Vec<Spanned<String>>,
    /// Groups, by name. A member is a target, a service for its variants, `packs`, `compiled`, or another group.
    ///
    /// Form: table: name → list of names. Default: `{}`.
    #[serde(default)]
    pub groups: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    /// The output of docker/metadata-action that images use besides its tags. See
    /// [bake-file.md](bake-file.md#with-dockermetadata-action).
    ///
    /// Form: list of `"labels"` and `"annotations"`. Default: `[]`.
    #[serde(default)]
    pub metadata: Vec<Spanned<String>>,
    /// Default of the variable `TAG`.
    ///
    /// Form: tag. Default: `"latest"`.
    pub tag: Option<Spanned<String>>,
}

/// `[ci]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawCi {
    /// The branch whose images are published.
    ///
    /// Form: name of a branch. Default: `"main"`.
    pub branch: Option<Spanned<String>>,
    /// The runner of GitHub's jobs.
    ///
    /// Form: a label. Default: `"ubuntu-24.04"`.
    pub runner: Option<Spanned<String>>,
    /// How a runner gets bakehouse: a shell command that installs it, or a release that is downloaded and compared with its
    /// checksum.
    ///
    /// Form: a command, or `{ version, url, sha256 }`. Default: none; `bakehouse ci` asks for it, since bakehouse is not
    /// published yet.
    pub install: Option<Spanned<RawInstall>>,
    /// Whether what is published gets provenance and a bill of materials, and a signature of cosign by the identity of the
    /// workflow: once for each digest.
    ///
    /// Form: `true` or `false`. Default: `false`.
    pub sign: Option<bool>,
}

/// `[cache]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawCache {
    /// The storage of compile results: `layer`, layers, which a registry cache carries to other builders; `mount`, a
    /// cache mount of one builder that keeps its cache.
    ///
    /// Form: `"layer"` or `"mount"`. Default: `"layer"`.
    #[cfg_attr(test, schemars(extend("enum" = ["layer", "mount"])))]
    pub strategy: Option<Spanned<String>>,
    /// The repository for the registry cache. `bakehouse ci` uses it. Elsewhere the cache stays off, so that a laptop
    /// does not write CI's cache, until you set the variable `CACHE_REF` to it.
    ///
    /// Form: image name without a tag. Default: none.
    #[serde(rename = "ref")]
    pub reference: Option<Spanned<String>>,
}

/// `[bases]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawBases {
    /// The image with the Rust toolchain. If it lacks something that `rust-toolchain.toml` names, its rustup installs
    /// that. It cannot be one of `[images]`.
    ///
    /// Form: image name. Default: `docker.io/library/rust:<version>-slim-bookworm` with the release that
    /// `rust-toolchain.toml` pins, or `rust:slim-bookworm` without one.
    pub builder: Option<Spanned<String>>,
    /// The image that services run on unless they name another: an image of a registry, or one of `[images]`.
    ///
    /// Form: image name. Default: `docker.io/library/debian:bookworm-slim`.
    pub runtime: Option<Spanned<String>>,
    /// Packages to install in the builder, e.g. a C library that a `-sys` crate links.
    ///
    /// Form: list of Debian packages². Default: `[]`.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
    /// The image that copies packs into their volume when Compose starts. It needs a POSIX shell and coreutils or
    /// busybox. It cannot be one of `[images]`.
    ///
    /// Form: image name. Default: `bases.runtime`.
    pub init: Option<Spanned<String>>,
    /// The glibc versions of runtime bases, by image name, for bases that do not contain it, such as one that gets its
    /// C library later. Binaries are compared with that version, and the base is not read.
    ///
    /// Form: table: image name → `"MAJOR.MINOR"`. Default: `{}`: read from each base.
    #[serde(default)]
    pub glibc: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[runtime]`: the settings that all runtime images share.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawRuntime {
    /// The user that services run as.
    ///
    /// Form: `"UID:GID"` in numbers. Default: `"10001:10001"`.
    pub user: Option<Spanned<String>>,
    /// Packages to install in the base of every image, e.g. `ca-certificates`, or a library that a service links.
    ///
    /// Form: list of packages². Default: `[]`.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
    /// The folder where packs are mounted. If there is a `[packs]` table, each image has this folder, empty.
    ///
    /// Form: absolute path. Default: `"/opt/packs"`.
    pub packs: Option<Spanned<String>>,
    /// A folder of packs that are edited in place. Compose mounts it writable at the path of `packs` with the suffix
    /// `.dev`.
    ///
    /// Form: path in the workspace. Default: none.
    pub packs_dev: Option<Spanned<String>>,
    /// The working folder. It belongs to the user, unless the base has it already: then it keeps its owner and mode.
    ///
    /// Form: absolute path. Default: `"/var/lib/app"`.
    pub workdir: Option<Spanned<String>>,
    /// Environment variables of every image.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub env: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Labels of every image.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub labels: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[services.<name>]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawService {
    /// The package that is built.
    ///
    /// Form: package of the workspace. Default: the one package that has the binary.
    pub package: Option<Spanned<String>>,
    /// The binary of the package.
    ///
    /// Form: binary of the package. Default: the binary of the service's name, else the package's only one.
    pub bin: Option<Spanned<String>>,
    /// Several binaries instead of `bin`, in `/usr/local/bin`: names of binaries of `package`, or tables that name a
    /// package of the workspace and its binary. The first is the entrypoint. See [below](#several-binaries).
    ///
    /// Form: list of names or `{ package, bin, features, default-features }`. Default: the one that `bin` names.
    pub bins: Option<Vec<Spanned<RawBinary>>>,
    /// Features to enable besides the default ones. Features that the binary requires are always enabled.
    ///
    /// Form: list of features of the package, or of its direct dependencies as `dependency/feature`. Default: `[]`.
    #[serde(default)]
    pub features: Vec<Spanned<String>>,
    /// Whether the package's default features are enabled. If not, the binary is built as by `cargo build
    /// --no-default-features`.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub default_features: Option<Spanned<bool>>,
    /// Whether the binary is linked statically against the builder's C library, so that it runs on every base,
    /// including `scratch`. See [packs.md](packs.md#static-binaries).
    ///
    /// Form: `true` or `false`. Default: `false`.
    #[serde(rename = "static", default)]
    pub linked_static: bool,
    /// The Cargo profile.
    ///
    /// Form: string. Default: `profile` of the file.
    pub profile: Option<Spanned<String>>,
    /// Compiler flags (`RUSTFLAGS`). They replace those of Cargo's configuration.
    ///
    /// Form: list of strings without spaces. Default: those of Cargo's configuration.
    #[serde(default)]
    pub rustflags: Vec<Spanned<String>>,
    /// The name of the image, below the registry.
    ///
    /// Form: name, or names joined by `/`. Default: the service's name.
    pub image: Option<Spanned<String>>,
    /// The registries of the image. They replace the workspace's while the variable `REGISTRY` has its default.
    ///
    /// Form: list of image names without a tag. Default: `registries` of the file.
    pub registries: Option<Spanned<Vec<Spanned<String>>>>,
    /// The tag of the image, or several. `{TAG}` stands for each tag of the variable `TAG`; a tag without it is fixed.
    ///
    /// Form: tag, or list of tags. Default: `"{TAG}"`.
    pub tag: Option<Spanned<RawTags>>,
    /// The platforms that the image is built for.
    ///
    /// Form: list of some of the workspace's `platforms`. Default: all of them.
    pub platforms: Option<Spanned<Vec<Spanned<String>>>>,
    /// Whether it is built when no name is given.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub default: Option<bool>,
    /// The output instead of an image, in the syntax of `docker buildx build --output`.
    ///
    /// Form: string. Default: none: an image.
    pub output: Option<Spanned<String>>,
    /// The program of the image.
    ///
    /// Form: list of strings. Default: the path of the first binary.
    pub entrypoint: Option<Vec<Spanned<String>>>,
    /// The arguments of the program (`CMD`).
    ///
    /// Form: list of strings. Default: none.
    pub command: Option<Vec<Spanned<String>>>,
    /// Shared libraries in `/usr/local/lib`, where the binaries find them: files of the builder, or packages of the
    /// workspace that are a `cdylib`. See [below](#shared-libraries).
    ///
    /// Form: list of file names or `{ package, features, default-features }`. Default: `[]`.
    #[serde(default)]
    pub libs: Vec<Spanned<RawSharedLibrary>>,
    /// The signal that stops the container.
    ///
    /// Form: name or number of a signal. Default: that of the base, usually `"SIGTERM"`.
    pub stop_signal: Option<Spanned<RawSignal>>,
    /// The command in the image that checks a container. It runs without a shell.
    ///
    /// Form: list of strings, or `{ command, interval, timeout, start-period, retries }`. Default: that of the base,
    /// usually none.
    pub healthcheck: Option<Spanned<RawHealthcheck>>,
    /// The image that it runs on: an image of a registry, or one of `[images]`.
    ///
    /// Form: image name. Default: `bases.runtime`.
    pub runtime: Option<Spanned<String>>,
    /// The user that it runs as.
    ///
    /// Form: `"UID:GID"`. Default: `runtime.user`.
    pub user: Option<Spanned<String>>,
    /// The working folder. It belongs to the user, unless the base has it already: then it keeps its owner and mode.
    ///
    /// Form: absolute path. Default: `runtime.workdir`.
    pub workdir: Option<Spanned<String>>,
    /// Packages to install besides `runtime.packages`.
    ///
    /// Form: list of packages². Default: `[]`.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
    /// Ports that the image declares (`EXPOSE`).
    ///
    /// Form: list of numbers. Default: `[]`.
    #[serde(default)]
    pub ports: Vec<Spanned<RawPort>>,
    /// Environment variables besides `runtime.env`, which they override.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub env: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Labels besides `runtime.labels`, which they override.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub labels: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Files and folders to ship besides the binaries: from the workspace, or from one of `[images]` as `<image>:<path
    /// in the image>`. They belong to root; everybody can read them, and run executable ones. The *content* of a folder
    /// goes to the path. A file goes to the path, or into it if it ends with `/`. See [below](#conflicting-files).
    ///
    /// Form: table: path in the workspace, or in an image → absolute path in the image. Default: `{}`.
    #[serde(default)]
    pub files: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Variants of the service: see [below](#variants).
    ///
    /// Form: table by variant. Default: `{}`.
    #[serde(default)]
    pub variants: BTreeMap<Spanned<String>, RawVariant>,
    /// In Compose: the health check. A path is requested on the first port, with the image's `bash`, and has to answer
    /// 200; a command has to exit with 0.
    ///
    /// Form: path that begins with `/`, or list of strings. Default: none.
    pub health: Option<Spanned<RawHealth>>,
    /// In Compose: services to start first. Those with a health check have to be healthy.
    ///
    /// Form: list of services. Default: `[]`.
    #[serde(default)]
    pub depends_on: Vec<Spanned<String>>,
    /// In Compose: the mount of packs, read-only or writable.
    ///
    /// Form: `"ro"`, `"rw"` or `"none"`. Default: `"ro"`.
    #[cfg_attr(test, schemars(extend("enum" = ["ro", "rw", "none"])))]
    pub packs: Option<Spanned<String>>,
    /// In Compose: the place that the service writes to. `volume`: its working folder is a volume that outlives the
    /// container; `memory`: its working folder is in memory; `none`: it writes nothing. With any of these, the rest of
    /// its file system is read-only, except `/tmp`.
    ///
    /// Form: `"volume"`, `"memory"` or `"none"`. Default: its own layer, all writable.
    #[cfg_attr(test, schemars(extend("enum" = ["volume", "memory", "none"])))]
    pub state: Option<Spanned<String>>,
}

impl RawService {
    /// Returns the settings that a variant can replace or add to.
    pub fn own(&self) -> RawVariant {
        RawVariant {
            profile: self.profile.clone(),
            features: self.features.clone(),
            default_features: self.default_features.clone(),
            rustflags: self.rustflags.clone(),
            image: self.image.clone(),
            registries: self.registries.clone(),
            tag: self.tag.clone(),
            platforms: self.platforms.clone(),
            default: self.default,
            output: self.output.clone(),
            entrypoint: self.entrypoint.clone(),
            command: self.command.clone(),
            libs: self.libs.clone(),
            stop_signal: self.stop_signal.clone(),
            healthcheck: self.healthcheck.clone(),
            runtime: self.runtime.clone(),
            user: self.user.clone(),
            workdir: self.workdir.clone(),
            packages: self.packages.clone(),
            ports: self.ports.clone(),
            env: self.env.clone(),
            labels: self.labels.clone(),
            files: self.files.clone(),
        }
    }
}

impl RawVariant {
    /// Returns whether its binaries are those of the service.
    pub fn compiles_alike(&self) -> bool {
        let Self {
            profile,
            features,
            default_features,
            rustflags,
            ..
        } = self;
        profile.is_none()
            && features.is_empty()
            && default_features.is_none()
            && rustflags.is_empty()
    }
}

/// A binary of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawBinary {
    /// A binary of the service's package.
    Named(String),
    Of(RawBinaryOf),
}

/// A binary of any package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawBinaryOf {
    /// The package that is built.
    ///
    /// Form: package of the workspace. Default: required.
    pub package: Spanned<String>,
    /// The binary of the package.
    ///
    /// Form: binary of the package. Default: the binary of the package's name, else its only one.
    pub bin: Option<Spanned<String>>,
    /// Features to enable for this binary besides the default ones.
    ///
    /// Form: list of features of the package, or of its direct dependencies as `dependency/feature`. Default: `[]`.
    #[serde(default)]
    pub features: Vec<Spanned<String>>,
    /// Whether the package's default features are enabled for this binary.
    ///
    /// Form: `true` or `false`. Default: `true`, or the service's in its own package.
    pub default_features: Option<Spanned<bool>>,
}

impl<'de> Deserialize<'de> for RawBinary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BinaryVisitor)
    }
}

/// A visitor with its own message, as [`HealthVisitor`].
struct BinaryVisitor;

impl<'de> Visitor<'de> for BinaryVisitor {
    type Value = RawBinary;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the name of a binary, or a table such as { package = \"tools\", bin = \"keygen\" }",
        )
    }

    fn visit_str<E>(self, name: &str) -> Result<RawBinary, E> {
        Ok(RawBinary::Named(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawBinary, A::Error> {
        RawBinaryOf::deserialize(MapAccessDeserializer::new(map)).map(RawBinary::Of)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RawBinary {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Binary".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let of = generator.subschema_for::<RawBinaryOf>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, of] })
    }
}

/// A path to request, or a command to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawHealth {
    Path(String),
    Command(Vec<String>),
}

impl<'de> Deserialize<'de> for RawHealth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HealthVisitor)
    }
}

/// A visitor with its own message: serde's "untagged" would not say what was expected.
struct HealthVisitor;

impl<'de> Visitor<'de> for HealthVisitor {
    type Value = RawHealth;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path such as \"/health\", or a command as a list of strings")
    }

    fn visit_str<E>(self, path: &str) -> Result<RawHealth, E> {
        Ok(RawHealth::Path(path.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawHealth, A::Error> {
        let mut command = Vec::new();
        while let Some(item) = items.next_element()? {
            command.push(item);
        }
        Ok(RawHealth::Command(command))
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RawHealth {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Health".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["string", "array"],
            "items": { "type": "string" }
        })
    }
}

/// `[services.<name>.variants.<variant>]`, which takes missing keys from its service. Serde cannot flatten this into the
/// service and keep spans.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawVariant {
    /// The Cargo profile.
    ///
    /// Form: string. Default: the service's.
    pub profile: Option<Spanned<String>>,
    /// Features besides the service's.
    ///
    /// Form: list of features of the package, or of its direct dependencies as `dependency/feature`. Default: `[]`.
    #[serde(default)]
    pub features: Vec<Spanned<String>>,
    /// Whether the package's default features are enabled.
    ///
    /// Form: `true` or `false`. Default: the service's.
    pub default_features: Option<Spanned<bool>>,
    /// Compiler flags besides the service's.
    ///
    /// Form: list of strings without spaces. Default: `[]`.
    #[serde(default)]
    pub rustflags: Vec<Spanned<String>>,
    /// The name of the image, below the registry.
    ///
    /// Form: name, or names joined by `/`. Default: the service's, `-` and the variant's name; just the service's if
    /// the variant has a `tag`.
    pub image: Option<Spanned<String>>,
    /// The registries of the image. They replace the workspace's while the variable `REGISTRY` has its default.
    ///
    /// Form: list of image names without a tag. Default: the service's.
    pub registries: Option<Spanned<Vec<Spanned<String>>>>,
    /// The tag of the image, or several. `{TAG}` stands for each tag of the variable `TAG`; a tag without it is fixed.
    ///
    /// Form: tag, or list of tags. Default: the service's.
    pub tag: Option<Spanned<RawTags>>,
    /// The platforms that the image is built for.
    ///
    /// Form: list of some of the workspace's `platforms`. Default: the service's.
    pub platforms: Option<Spanned<Vec<Spanned<String>>>>,
    /// Whether it is built when no name is given. If no variant is, the service without a variant becomes a target.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub default: Option<bool>,
    /// The output instead of an image, in the syntax of `docker buildx build --output`.
    ///
    /// Form: string. Default: the service's.
    pub output: Option<Spanned<String>>,
    /// The program of the image.
    ///
    /// Form: list of strings. Default: the service's.
    pub entrypoint: Option<Vec<Spanned<String>>>,
    /// The arguments of the program (`CMD`).
    ///
    /// Form: list of strings. Default: the service's.
    pub command: Option<Vec<Spanned<String>>>,
    /// Shared libraries besides the service's.
    ///
    /// Form: list of file names or `{ package, features, default-features }`. Default: `[]`.
    #[serde(default)]
    pub libs: Vec<Spanned<RawSharedLibrary>>,
    /// The signal that stops the container.
    ///
    /// Form: name or number of a signal. Default: the service's.
    pub stop_signal: Option<Spanned<RawSignal>>,
    /// The command in the image that checks a container. It runs without a shell.
    ///
    /// Form: list of strings, or `{ command, interval, timeout, start-period, retries }`. Default: the service's.
    pub healthcheck: Option<Spanned<RawHealthcheck>>,
    /// The image that it runs on: an image of a registry, or one of `[images]`.
    ///
    /// Form: image name. Default: the service's.
    pub runtime: Option<Spanned<String>>,
    /// The user that it runs as.
    ///
    /// Form: `"UID:GID"`. Default: the service's.
    pub user: Option<Spanned<String>>,
    /// The working folder. It belongs to the user, unless the base has it already: then it keeps its owner and mode.
    ///
    /// Form: absolute path. Default: the service's.
    pub workdir: Option<Spanned<String>>,
    /// Packages to install besides the service's.
    ///
    /// Form: list of packages². Default: `[]`.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
    /// Ports besides the service's.
    ///
    /// Form: list of numbers. Default: `[]`.
    #[serde(default)]
    pub ports: Vec<Spanned<RawPort>>,
    /// Environment variables besides the service's, which they override.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub env: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Labels besides the service's, which they override.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub labels: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Files and folders besides the service's. If both list a path, it goes only where the variant says.
    ///
    /// Form: table: path in the workspace, or in an image → absolute path in the image. Default: `{}`.
    #[serde(default)]
    pub files: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[images.<name>]`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawOtherImage {
    /// The folder that it is built from. `<Dockerfile>.dockerignore` applies, or else the folder's `.dockerignore`.
    ///
    /// Form: path in the workspace. Default: required.
    pub context: Spanned<String>,
    /// The Dockerfile.
    ///
    /// Form: path in the workspace. Default: `Dockerfile` in `context`.
    pub dockerfile: Option<Spanned<String>>,
    /// The stage of the Dockerfile.
    ///
    /// Form: name or number of a stage. Default: the last one.
    pub target: Option<Spanned<String>>,
    /// Build arguments, which the Dockerfile declares with `ARG`.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub args: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The name of the image, below the registry.
    ///
    /// Form: name, or names joined by `/`. Default: its own name.
    pub image: Option<Spanned<String>>,
    /// The registries of the image. They replace the workspace's while the variable `REGISTRY` has its default.
    ///
    /// Form: list of image names without a tag. Default: `registries` of the file.
    pub registries: Option<Spanned<Vec<Spanned<String>>>>,
    /// The tag of the image, or several. `{TAG}` stands for each tag of the variable `TAG`; a tag without it is fixed.
    ///
    /// Form: tag, or list of tags. Default: `"{TAG}"`.
    pub tag: Option<Spanned<RawTags>>,
    /// The platforms that the image is built for.
    ///
    /// Form: list of some of the workspace's `platforms`. Default: all of them.
    pub platforms: Option<Spanned<Vec<Spanned<String>>>>,
    /// Whether it is built when no name is given. If not, Compose starts it only with the profile `images`, or never if
    /// services are built from it.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub default: Option<bool>,
    /// The output instead of an image, in the syntax of `docker buildx build --output`.
    ///
    /// Form: string. Default: none: an image.
    pub output: Option<Spanned<String>>,
    /// In Compose: ports that are published.
    ///
    /// Form: list of numbers. Default: `[]`.
    #[serde(default)]
    pub ports: Vec<Spanned<RawPort>>,
    /// In Compose: environment variables.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub env: BTreeMap<Spanned<String>, Spanned<String>>,
    /// In Compose: the health check, as for services.
    ///
    /// Form: path that begins with `/`, or list of strings. Default: none.
    pub health: Option<Spanned<RawHealth>>,
    /// In Compose: services and images to start first. Those with a health check have to be healthy.
    ///
    /// Form: list of services and images. Default: `[]`.
    #[serde(default)]
    pub depends_on: Vec<Spanned<String>>,
}

/// `[inputs.<package>]`: the files and variables that its build reads. The package may be a third-party crate.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawInputs {
    /// Files or folders outside the package's folder that its build reads.
    ///
    /// Form: list of paths, relative to the workspace root. Default: `[]`.
    #[serde(default)]
    pub paths: Vec<Spanned<String>>,
    /// Files or folders in the package's folder that its build does not read.
    ///
    /// Form: list of paths, relative to the workspace root. Default: `[]`.
    #[serde(default)]
    pub exclude: Vec<Spanned<String>>,
    /// The only files or folders in the package's folder that its build reads, besides those of its targets.
    ///
    /// Form: list of paths, relative to the workspace root. Default: the package's folder.
    pub only: Option<Vec<Spanned<String>>>,
    /// Environment variables for its compilation, such as the commit that is built. Those that are not set stay unset.
    ///
    /// Form: list of names. Default: `[]`.
    #[serde(default)]
    pub variables: Vec<Spanned<String>>,
    /// Files of `[images]` that the package's build reads, such as a front end that it embeds, as `<image>:<path in the
    /// image>`. A table gives their paths in the workspace. With a list, they have the same path in the image's
    /// `context`.
    ///
    /// Form: list of strings, or table: string → path in the workspace. Default: `[]`.
    pub images: Option<Spanned<RawEmbedded>>,
}

/// `[packs.<name>]`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawPack {
    /// The pack's folder.
    ///
    /// Form: path in the workspace. Default: required.
    pub path: Spanned<String>,
    /// The binaries that are built into it.
    ///
    /// Form: list of tables. Default: `[]`.
    #[serde(default)]
    pub binaries: Vec<RawPackBinary>,
}

/// A binary that is built into a pack.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawPackBinary {
    /// The package that is built.
    ///
    /// Form: package of the workspace. Default: required.
    pub package: Spanned<String>,
    /// The binary of the package.
    ///
    /// Form: binary of the package. Default: the binary of the package's name, else its only one.
    pub bin: Option<Spanned<String>>,
    /// Features to enable besides the default ones. Features that the binary requires are always enabled.
    ///
    /// Form: list of features of the package, or of its direct dependencies as `dependency/feature`. Default: `[]`.
    #[serde(default)]
    pub features: Vec<Spanned<String>>,
    /// Whether the package's default features are enabled.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub default_features: Option<Spanned<bool>>,
    /// The folder for the binary.
    ///
    /// Form: path in the pack. Default: required.
    pub to: Spanned<String>,
    /// Whether the binary is linked statically against the builder's C library, so that it runs on every base.
    ///
    /// Form: `true` or `false`. Default: `false`.
    #[serde(rename = "static", default)]
    pub linked_static: bool,
}
