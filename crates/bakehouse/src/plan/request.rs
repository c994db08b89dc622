//! The binaries that the configuration asks for.

use super::config::valid::{BinaryConfig, CompileSettings, PackBinaryConfig};
use super::config::{Config, sanitised};
use crate::names::{BinaryName, PackageName};

/// A binary to build.
#[derive(Clone, Debug)]
pub struct BinaryRequest<'a> {
    /// Its index among all outputs.
    pub place: usize,
    pub package: &'a PackageName,
    pub bin: &'a BinaryName,
    pub features: &'a [String],
    /// Set if the package's default features are on.
    pub default_features: bool,
    /// Set if the binary is linked statically against the C library.
    pub linked_static: bool,
    pub settings: &'a CompileSettings,
    /// The basis of its stage's name.
    pub name: String,
}

impl<'a> BinaryRequest<'a> {
    fn new(binary: &'a BinaryConfig, name: String) -> Self {
        let BinaryConfig {
            package,
            bin,
            features,
            default_features,
            linked_static,
            settings,
        } = binary;
        Self {
            place: 0,
            package,
            bin,
            features,
            default_features: *default_features,
            linked_static: *linked_static,
            settings,
            name,
        }
    }

    /// Returns everything about it that decides the features of the packages that are compiled for it.
    pub fn asked(&self) -> (&'a PackageName, &'a [String], bool) {
        (self.package, self.features, self.default_features)
    }
}

/// Returns each binary to build: those of the services in their order, then the packs'.
pub fn binary_requests(config: &Config) -> impl Iterator<Item = BinaryRequest<'_>> {
    let services = config.services.iter().flat_map(move |service| {
        let binaries = service.binaries.iter().enumerate();
        binaries.map(move |(at, binary)| {
            let name = match at {
                0 => service.built_as.clone(),
                _ => further(config, &service.built_as, &binary.bin),
            };
            BinaryRequest::new(binary, name)
        })
    });
    let packs = config.packs.iter().flat_map(|pack| {
        let built = pack.binaries.iter();
        built.map(|PackBinaryConfig { binary, .. }| {
            BinaryRequest::new(binary, format!("pack-{}-{}", pack.name, binary.bin))
        })
    });
    let all = services.chain(packs).enumerate();
    all.map(|(place, request)| BinaryRequest { place, ..request })
}

/// Returns the name of a further binary of a service, which no service has.
fn further(config: &Config, service: &str, bin: &str) -> String {
    let mut name = format!("{service}-{}", sanitised(bin));
    while config.services.iter().any(|other| other.built_as == name) {
        name += "-bin";
    }
    name
}
