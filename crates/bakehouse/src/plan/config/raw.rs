//! `bakehouse.toml` as it is written, with the place of each value.
//!
//! What the keys' comments say is what users read: docs/configuration.md and docs/bakehouse.schema.json are made of
//! them. The last paragraph gives form and default.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::spanned::Spanned;

/// The whole file. Every key is optional.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawConfig {
    /// Namespace of the builder's cache mounts. Set it when two workspaces that share a builder would get the same
    /// one.
    ///
    /// Form: name¹. Default: made of `registry`, else the package of the first service.
    pub name: Option<Spanned<String>>,
    /// What image names begin with: `ghcr.io/acme/shop` gives `ghcr.io/acme/shop/api`. Default of the variable
    /// `REGISTRY`.
    ///
    /// Form: image name without a tag. Default: `""`: local names.
    pub registry: Option<Spanned<String>>,
    /// Default of the variable `PLATFORMS`.
    ///
    /// Form: list of `os/arch` or `os/arch/variant`. Default: `[]`: the builder's own.
    #[serde(default)]
    pub platforms: Vec<Spanned<String>>,
    /// Whether what is for another platform than the builder's is compiled there by emulation. Without it, the builder
    /// compiles for all `platforms`. See [releases.md](releases.md#several-platforms).
    ///
    /// Form: `true` or `false`. Default: `false`.
    pub emulate: Option<bool>,
    /// Cargo profile: `release`, `dev`, or one that the root `Cargo.toml` declares.
    ///
    /// Form: string. Default: `"release"`.
    pub profile: Option<Spanned<String>>,
    /// The outputs over which Cargo unifies features, see below.
    ///
    /// Form: `"services"`, `"each"` or `"all"`. Default: `"services"`.
    #[cfg_attr(test, schemars(extend("enum" = ["services", "each", "all"])))]
    pub unify: Option<Spanned<String>>,
    /// The oldest glibc that binaries run on: they are built for that version, even where the builder base has a newer
    /// one. Not those that are `static`. See [toolchain.md](toolchain.md#an-older-glibc-than-the-builders).
    ///
    /// Form: `"2.17"` to `"2.44"`. Default: none: what the builder base has.
    pub glibc: Option<Spanned<String>>,
    /// Whether binaries tell what crates they are made of, as `cargo auditable` does it. See
    /// [releases.md](releases.md#what-a-binary-is-made-of).
    ///
    /// Form: `true` or `false`. Default: `false`.
    pub auditable: Option<bool>,
    /// Folder above the workspace that Docker gets as its context, where something that Cargo does not know of is read
    /// from there.
    ///
    /// Form: `..`, `../..` and so on. Default: the innermost folder that holds the workspace and all that Cargo builds it
    /// from.
    pub context: Option<Spanned<String>>,
    /// Where generated files go.
    #[serde(default)]
    pub output: RawOutput,
    /// Caching of what was compiled.
    #[serde(default)]
    pub cache: RawCache,
    /// Base images.
    #[serde(default)]
    pub bases: RawBases,
    /// What all images share.
    #[serde(default)]
    pub runtime: RawRuntime,
    /// The images, by name: the name of the Bake target and of the image. Without it each binary of each member
    /// becomes a service.
    pub services: Option<BTreeMap<Spanned<String>, RawService>>,
    /// Libraries that share a stage, by the group's name. See [architecture.md](architecture.md#small-libraries-in-one-stage);
    /// `bakehouse group` proposes them.
    ///
    /// Form: table: name → list of packages. Default: `{}`: each library has a stage of its own.
    #[serde(default)]
    pub groups: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    /// What a package's build reads outside its own folder, by package.
    #[serde(default)]
    pub inputs: BTreeMap<Spanned<String>, RawInputs>,
    /// What steps with network need and no image, layer or cache may hold. See [secrets.md](secrets.md).
    #[serde(default)]
    pub secrets: RawSecrets,
    /// Folders that are mounted at run time and are in no image, by name.
    #[serde(default)]
    pub packs: BTreeMap<Spanned<String>, RawPack>,
    /// Builders of several nodes, which `bakehouse builder` makes, by name.
    #[serde(default)]
    pub builders: BTreeMap<Spanned<String>, RawBuilder>,
    /// What `bakehouse ci` writes.
    #[serde(default)]
    pub ci: RawCi,
    /// Whether `docker/compose.yaml` is generated, too.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub compose: Option<bool>,
}

/// `[output]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawOutput {
    /// Holds the Dockerfile, its ignore file and the skeleton. It must not lie in what images are built from.
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
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawSecrets {
    /// Environment variables that the step has that fetches crates, such as a registry's token.
    ///
    /// Form: list of names. Default: `[]`.
    #[serde(default)]
    pub variables: Vec<Spanned<String>>,
    /// Files that every step with network has, by the variable that says where they are on the machine that builds.
    ///
    /// Form: table: name of a variable → absolute path in the step. Default: `{}`.
    #[serde(default)]
    pub files: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Whether the step that fetches crates reaches the SSH agent at hand.
    ///
    /// Form: `true` or `false`. Default: `false`.
    pub ssh: Option<bool>,
}

/// `[builders.<name>]`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawBuilder {
    /// What buildx makes the nodes with: `docker-container`, on engines; `kubernetes`, in a cluster; `remote`, BuildKit that
    /// runs already.
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
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawNode {
    /// Where it is: the address of BuildKit (`remote`), or a docker context or the address of an engine
    /// (`docker-container`), such as `ssh://builder@arm`. A node of `kubernetes` has none.
    ///
    /// Form: address, or name of a context. Default: the engine at hand.
    pub endpoint: Option<Spanned<String>>,
    /// What it builds for.
    ///
    /// Form: list of `os/arch` or `os/arch/variant`. Default: `[]`: what it says of itself.
    #[serde(default)]
    pub platforms: Vec<Spanned<String>>,
    /// Options of the driver, such as `cacert` or `namespace`.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub options: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[ci]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawCi {
    /// The branch whose images are published.
    ///
    /// Form: name of a branch. Default: `"main"`.
    pub branch: Option<Spanned<String>>,
    /// The runner of GitHub's jobs.
    ///
    /// Form: a label. Default: `"ubuntu-24.04"`.
    pub runner: Option<Spanned<String>>,
    /// What installs bakehouse on a runner, as a shell says it.
    ///
    /// Form: a command. Default: `cargo install` of the version that writes the workflow, from crates.io.
    pub install: Option<Spanned<String>>,
}

/// `[cache]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawCache {
    /// Where compile results are kept: `layer`, in layers, which a registry cache carries to other builders; `mount`,
    /// in one cache mount of a builder that stays.
    ///
    /// Form: `"layer"` or `"mount"`. Default: `"layer"`.
    #[cfg_attr(test, schemars(extend("enum" = ["layer", "mount"])))]
    pub strategy: Option<Spanned<String>>,
    /// Repository for the registry cache. It is shown in the Bake file as the value to use; the cache is switched on
    /// by the variable `CACHE_REF`, so that a laptop does not write into CI's cache.
    ///
    /// Form: image name without a tag. Default: none.
    #[serde(rename = "ref")]
    pub reference: Option<Spanned<String>>,
}

/// `[bases]`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawBases {
    /// Has the Rust toolchain. Where it has not what `rust-toolchain.toml` names, rustup in it installs that.
    ///
    /// Form: image name. Default: `docker.io/library/rust:<version>-slim-bookworm`, by the release that
    /// `rust-toolchain.toml` pins; without one `rust:slim-bookworm`.
    pub builder: Option<Spanned<String>>,
    /// What services run on, unless they say otherwise.
    ///
    /// Form: image name. Default: `docker.io/library/debian:bookworm-slim`.
    pub runtime: Option<Spanned<String>>,
    /// Installed into the builder, e.g. a C library that a `-sys` crate links.
    ///
    /// Form: list of Debian packages². Default: `[]`.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
    /// What copies packs into their volume when Compose starts: needs a POSIX shell and coreutils or busybox.
    ///
    /// Form: image name. Default: `bases.runtime`.
    pub init: Option<Spanned<String>>,
    /// The glibc of runtime bases that do not show it, by image name: of one that gets its C library later, for
    /// instance. Binaries are held against that version, and the base is not read.
    ///
    /// Form: table: image name → `"MAJOR.MINOR"`. Default: `{}`: read from each base.
    #[serde(default)]
    pub glibc: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[runtime]`: what all runtime images share.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawRuntime {
    /// Who the service runs as.
    ///
    /// Form: `"UID:GID"` in numbers. Default: `"10001:10001"`.
    pub user: Option<Spanned<String>>,
    /// Installed upon the base of every image, e.g. `ca-certificates`, or a library that a service links.
    ///
    /// Form: list of packages². Default: `[]`.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
    /// Where packs are mounted; an empty folder in each image, if there is a `[packs]` table.
    ///
    /// Form: absolute path. Default: `"/opt/packs"`.
    pub packs: Option<Spanned<String>>,
    /// A folder of packs that are edited in place. Compose mounts it writable beside `packs`, at that path with
    /// `.dev` behind.
    ///
    /// Form: path in the workspace. Default: none.
    pub packs_dev: Option<Spanned<String>>,
    /// Working folder; it belongs to the user.
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
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawService {
    /// What is built.
    ///
    /// Form: package of the workspace. Default: the one package that has the binary.
    pub package: Option<Spanned<String>>,
    /// Which of its binaries.
    ///
    /// Form: binary of the package. Default: the binary of the service's name, else the package's only one.
    pub bin: Option<Spanned<String>>,
    /// Switched on beside the default ones. Features that the binary requires are on anyway.
    ///
    /// Form: list of features of the package. Default: `[]`.
    #[serde(default)]
    pub features: Vec<Spanned<String>>,
    /// Whether the package's default features are on. Without them it is what `cargo build --no-default-features` builds.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub default_features: Option<Spanned<bool>>,
    /// Whether the builder's C library is linked into the binary, so that it runs on every base: `scratch`, too. See
    /// [packs.md](packs.md#static-binaries).
    ///
    /// Form: `true` or `false`. Default: `false`.
    #[serde(rename = "static", default)]
    pub linked_static: bool,
    /// What it runs on.
    ///
    /// Form: image name. Default: `bases.runtime`.
    pub runtime: Option<Spanned<String>>,
    /// Who it runs as.
    ///
    /// Form: `"UID:GID"`. Default: `runtime.user`.
    pub user: Option<Spanned<String>>,
    /// Added to `runtime.packages`.
    ///
    /// Form: list of packages². Default: `[]`.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
    /// Ports that the image declares (`EXPOSE`).
    ///
    /// Form: list of numbers. Default: `[]`.
    #[serde(default)]
    pub ports: Vec<Spanned<u16>>,
    /// Added to `runtime.env`; wins over it.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub env: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Added to `runtime.labels`; wins over them.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub labels: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Shipped beside the binary, owned by root; everybody may read, and run what is executable. A folder's *content* goes to the path.
    ///
    /// Form: table: path in the workspace → absolute path in the image. Default: `{}`.
    #[serde(default)]
    pub files: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The same binary on several bases, see below.
    ///
    /// Form: table by variant. Default: `{}`.
    #[serde(default)]
    pub variants: BTreeMap<Spanned<String>, RawImage>,
    /// In Compose: how to see that it is well. A path is asked for on the first port, by the image's `bash`, and has
    /// to answer 200; a command has to exit with 0.
    ///
    /// Form: path that begins with `/`, or list of strings. Default: none.
    pub health: Option<Spanned<RawHealth>>,
    /// In Compose: services that are started before it, and are well if they have a `health`.
    ///
    /// Form: list of services. Default: `[]`.
    #[serde(default)]
    pub depends_on: Vec<Spanned<String>>,
    /// In Compose: how packs are mounted.
    ///
    /// Form: `"ro"` or `"rw"` or `"none"`. Default: `"ro"`.
    #[cfg_attr(test, schemars(extend("enum" = ["ro", "rw", "none"])))]
    pub packs: Option<Spanned<String>>,
    /// In Compose: where it writes. `volume`: its working folder is a volume that outlives the container; `memory`: in
    /// memory; `none`: it writes nothing. With any of these the rest of its file system, but for `/tmp`, is read-only.
    ///
    /// Form: `"volume"` or `"memory"` or `"none"`. Default: the container's own layer, all writable.
    #[cfg_attr(test, schemars(extend("enum" = ["volume", "memory", "none"])))]
    pub state: Option<Spanned<String>>,
}

impl RawService {
    /// The part that is about the runtime image.
    pub fn image(&self) -> RawImage {
        RawImage {
            runtime: self.runtime.clone(),
            user: self.user.clone(),
            packages: self.packages.clone(),
            ports: self.ports.clone(),
            env: self.env.clone(),
            labels: self.labels.clone(),
            files: self.files.clone(),
        }
    }
}

/// A path to ask for, or a command to run.
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

/// Serde's own "untagged" would not say what was expected.
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

/// What makes a runtime image; also `[services.<name>.variants.<variant>]`, where what is not said is the
/// service's. Serde cannot flatten this into the service and keep spans.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawImage {
    /// What it runs on.
    ///
    /// Form: image name. Default: the service's.
    pub runtime: Option<Spanned<String>>,
    /// Who it runs as.
    ///
    /// Form: `"UID:GID"`. Default: the service's.
    pub user: Option<Spanned<String>>,
    /// Added to the service's.
    ///
    /// Form: list of packages². Default: `[]`.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
    /// Added to the service's.
    ///
    /// Form: list of numbers. Default: `[]`.
    #[serde(default)]
    pub ports: Vec<Spanned<u16>>,
    /// Added to the service's; wins over it.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub env: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Added to the service's; wins over them.
    ///
    /// Form: table of strings. Default: `{}`.
    #[serde(default)]
    pub labels: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Added to the service's; wins over them.
    ///
    /// Form: table: path in the workspace → absolute path in the image. Default: `{}`.
    #[serde(default)]
    pub files: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[inputs.<package>]`: what its build takes from outside its own folder, and what not from inside.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawInputs {
    /// Files or folders.
    ///
    /// Form: list of paths, relative to the workspace root. Default: `[]`.
    #[serde(default)]
    pub paths: Vec<Spanned<String>>,
    /// Files or folders in its own folder that its build does not read.
    ///
    /// Form: list of paths, relative to the workspace root. Default: `[]`.
    #[serde(default)]
    pub exclude: Vec<Spanned<String>>,
    /// All that its build reads of its own folder, beside what its targets lie in.
    ///
    /// Form: list of paths, relative to the workspace root. Default: its folder.
    pub only: Option<Vec<Spanned<String>>>,
    /// Environment variables that its compilation gets, where they are set, e.g. the commit that is built.
    ///
    /// Form: list of names. Default: `[]`.
    #[serde(default)]
    pub variables: Vec<Spanned<String>>,
}

/// `[packs.<name>]`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawPack {
    /// The pack's folder.
    ///
    /// Form: path in the workspace. Default: required.
    pub path: Spanned<String>,
    /// What is built into it.
    ///
    /// Form: list of tables. Default: `[]`.
    #[serde(default)]
    pub binaries: Vec<RawPackBinary>,
}

/// A binary that is built into a pack.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawPackBinary {
    /// What is built.
    ///
    /// Form: package of the workspace. Default: required.
    pub package: Spanned<String>,
    /// Which of its binaries.
    ///
    /// Form: binary of the package. Default: the binary of the package's name, else its only one.
    pub bin: Option<Spanned<String>>,
    /// Switched on beside the default ones. Features that the binary requires are on anyway.
    ///
    /// Form: list of features of the package. Default: `[]`.
    #[serde(default)]
    pub features: Vec<Spanned<String>>,
    /// Whether the package's default features are on.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub default_features: Option<Spanned<bool>>,
    /// The folder that receives it.
    ///
    /// Form: path in the pack. Default: required.
    pub to: Spanned<String>,
    /// Whether the builder's C library is linked into it, so that it runs on every base, whatever glibc that has.
    ///
    /// Form: `true` or `false`. Default: `false`.
    #[serde(rename = "static", default)]
    pub linked_static: bool,
}
