//! The binaries that the configuration asks for.

use super::config::Config;
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
    /// The basis of its stage's name.
    pub name: String,
}

impl<'a> BinaryRequest<'a> {
    /// Returns everything about it that decides the features of the packages that are compiled for it.
    pub fn asked(&self) -> (&'a PackageName, &'a [String], bool) {
        (self.package, self.features, self.default_features)
    }
}

/// Returns each binary to build: the services' and the packs'.
pub fn binary_requests(config: &Config) -> impl Iterator<Item = BinaryRequest<'_>> {
    let services = config.services.iter().map(|service| BinaryRequest {
        place: 0,
        package: &service.package,
        bin: &service.bin,
        features: &service.features,
        default_features: service.default_features,
        linked_static: service.linked_static,
        name: service.family.clone(),
    });
    let packs = config.packs.iter().flat_map(|pack| {
        pack.binaries.iter().map(move |binary| BinaryRequest {
            place: 0,
            package: &binary.package,
            bin: &binary.bin,
            features: &binary.features,
            default_features: binary.default_features,
            linked_static: binary.linked_static,
            name: format!("pack-{}-{}", pack.name, binary.bin),
        })
    });
    let all = services.chain(packs).enumerate();
    all.map(|(place, request)| BinaryRequest { place, ..request })
}
