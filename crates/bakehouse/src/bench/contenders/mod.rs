//! The contenders: ways to build, measured side by side.

mod bakefile;
mod chef;
pub mod generated;
mod kache;
mod seed;
mod store;

use camino::Utf8PathBuf;

pub use store::{STORE, STORE_MODE, Stored};

use super::subject::Subject;
use super::tree::Texts;
use crate::documents::dockerfile::image;
use crate::plan::Plan;

/// A way to get from sources to binaries or images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contender {
    /// `cargo build` on the host without images: the lower bound for all ways to build images.
    Host,
    /// The files that `bakehouse generate` writes, strategy `layer`.
    Layer,
    /// The files that `bakehouse generate` writes, strategy `mount`.
    Mount,
    /// cargo-chef as in its README.
    Chef,
    /// cargo-chef with sccache and cache mounts, and on a bare runner a store that sccache reaches over the network.
    ChefSccache,
    /// kache as compiler wrapper in place of cargo-chef, and on a bare runner its store in the registry.
    Kache,
    /// Cache mounts by hand: a dummy build of the manifests, then one `target` mount for each service.
    Seed,
}

impl Contender {
    /// All contenders in the order of the table's columns.
    pub const ALL: [Self; 7] = [
        Self::Host,
        Self::Layer,
        Self::Mount,
        Self::Chef,
        Self::ChefSccache,
        Self::Kache,
        Self::Seed,
    ];

    /// Returns the stable name for `--way` and JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Layer => "layer",
            Self::Mount => "mount",
            Self::Chef => "chef",
            Self::ChefSccache => "chef-sccache",
            Self::Kache => "kache",
            Self::Seed => "seed",
        }
    }

    /// Returns the title in the table.
    pub fn title(self) -> &'static str {
        match self {
            Self::Host => "host `cargo build`",
            Self::Layer => "bakehouse `layer`",
            Self::Mount => "bakehouse `mount`",
            Self::Chef => "cargo-chef",
            Self::ChefSccache => "cargo-chef + sccache",
            Self::Kache => "kache",
            Self::Seed => "mounts by hand",
        }
    }

    /// Returns a description in one sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::Host => {
                "`cargo build --locked` outside Docker, all binaries in one command and one target folder; `CARGO_HOME` is empty at the clean build, as Docker's is"
            }
            Self::Layer => "the generated files with `cache.strategy = \"layer\"`",
            Self::Mount => "the generated files with `cache.strategy = \"mount\"`",
            Self::Chef => {
                "one Dockerfile for all services as cargo-chef's README has it: prepare, cook, `COPY . .`, then a stage with `cargo build --bin` for each service; cargo-chef is in the base image"
            }
            Self::ChefSccache => {
                "the same with sccache as compiler wrapper and cache mounts for sccache and Cargo's registry; both programs are in the base image; on a bare runner sccache's store is that of `--store`"
            }
            Self::Kache => {
                "`COPY . .`, then one `cargo build` of all binaries with kache as compiler wrapper and cache mounts for kache and Cargo's registry; on a bare runner kache's store is a repository of the registry"
            }
            Self::Seed => {
                "for each service a stage that builds dummy sources and one that copies the service's closure and builds it, registry and git mounted `shared`, one `target` mount per stage and service"
            }
        }
    }

    /// Returns whether `bakehouse generate` writes its files.
    pub fn is_generated(self) -> bool {
        matches!(self, Self::Layer | Self::Mount)
    }

    /// Returns whether it has a store of compiled crates that a bare runner reaches.
    pub fn has_store(self) -> bool {
        matches!(self, Self::ChefSccache | Self::Kache)
    }

    /// Returns the files that a contender without generated files builds with. `builder` is its builder base; `salt`
    /// becomes part of each mount's id, so that it does not use the mounts of another run.
    pub fn files(self, plan: &Plan, subject: &Subject, builder: &str, salt: &str) -> Texts {
        let dockerfile = match self {
            Self::Host | Self::Layer | Self::Mount => return Texts::new(),
            Self::Chef => chef::dockerfile(plan, subject, builder, None),
            Self::ChefSccache => chef::dockerfile(plan, subject, builder, Some(salt)),
            Self::Kache => kache::dockerfile(plan, subject, builder, salt),
            Self::Seed => seed::dockerfile(plan, subject, builder, salt),
        };
        Texts::from([
            (Utf8PathBuf::from(bakefile::DOCKERFILE), dockerfile),
            (
                Utf8PathBuf::from(format!("{}.dockerignore", bakefile::DOCKERFILE)),
                // With the toolchain file, rustup would fetch a toolchain that the base does not have.
                "target\n.git\nrust-toolchain.toml\nrust-toolchain\n".to_owned(),
            ),
            (
                Utf8PathBuf::from("docker-bake.json"),
                bakefile::render(plan, self.has_store()),
            ),
        ])
    }

    /// Returns the path of the Bake file, relative to the workspace.
    pub fn bake_file(self) -> &'static str {
        if self.is_generated() {
            "docker-bake.hcl"
        } else {
            "docker-bake.json"
        }
    }
}

/// Returns the option for the profile: `--release` or `--profile`.
fn profile(plan: &Plan) -> String {
    if plan.config.profile == "release" {
        "--release".to_owned()
    } else {
        format!("--profile {}", plan.config.profile)
    }
}

/// Renders the images. For the name of a part and that of its binary, `binary` returns the stage and
/// the path of the binary.
fn images(
    plan: &Plan,
    subject: &Subject,
    binary: impl Fn(&str, &str) -> (String, String),
) -> String {
    image::from_binaries(plan, |package, bin| {
        let part = subject.part(package, bin);
        binary(part.map_or("", |part| &part.name), bin)
    })
}

/// Returns the option for the features of a package's binary, if it needs any.
fn features(plan: &Plan, package: &str) -> String {
    let of_package = |feature: &&String| feature.split('/').next() == Some(package);
    let features: Vec<&str> = plan
        .selections
        .iter()
        .flat_map(|selection| selection.features.iter().filter(of_package))
        .map(String::as_str)
        .collect();
    if features.is_empty() {
        String::new()
    } else {
        format!(" --features {}", features.join(","))
    }
}
