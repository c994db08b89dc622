//! `bakehouse.toml` as it is written, with the place of each value.
//!
//! What the keys' comments say is what users read: docs/configuration.md and docs/bakehouse.schema.json are made of
//! them. The last paragraph gives form and default.

use std::collections::BTreeMap;

use serde::Deserialize;

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
    /// Cargo profile: `release`, `dev`, or one that the root `Cargo.toml` declares.
    ///
    /// Form: string. Default: `"release"`.
    pub profile: Option<Spanned<String>>,
    /// Over what Cargo unifies features, see below.
    ///
    /// Form: `"services"` or `"each"`. Default: `"services"`.
    #[cfg_attr(test, schemars(extend("enum" = ["services", "each"])))]
    pub unify: Option<Spanned<String>>,
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
    /// What a package's build reads outside its own folder, by package.
    #[serde(default)]
    pub inputs: BTreeMap<Spanned<String>, RawInputs>,
    /// Folders that are mounted at run time and are in no image, by name.
    #[serde(default)]
    pub packs: BTreeMap<Spanned<String>, RawPack>,
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
    /// Has the Rust toolchain. Must have the pinned release: the build checks it.
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
    /// Form: list of Debian packages. Default: `[]`.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
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
    /// Where packs are mounted; an empty folder in each image, if there is a `[packs]` table.
    ///
    /// Form: absolute path. Default: `"/opt/packs"`.
    pub packs: Option<Spanned<String>>,
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
    /// What it runs on.
    ///
    /// Form: image name. Default: `bases.runtime`.
    pub runtime: Option<Spanned<String>>,
    /// Who it runs as.
    ///
    /// Form: `"UID:GID"`. Default: `runtime.user`.
    pub user: Option<Spanned<String>>,
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
}

impl RawService {
    /// The part that is about the runtime image.
    pub fn image(&self) -> RawImage {
        RawImage {
            runtime: self.runtime.clone(),
            user: self.user.clone(),
            ports: self.ports.clone(),
            env: self.env.clone(),
            labels: self.labels.clone(),
            files: self.files.clone(),
        }
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

/// `[inputs.<package>]`: what its build reads outside its own folder.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawInputs {
    /// Files or folders.
    ///
    /// Form: list of paths, relative to the workspace root. Default: `[]`.
    #[serde(default)]
    pub paths: Vec<Spanned<String>>,
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
    /// The folder that receives it.
    ///
    /// Form: path in the pack. Default: required.
    pub to: Spanned<String>,
}
