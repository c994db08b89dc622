//! The binaries that the configuration asks for.

use super::config::valid::{BinaryConfig, CdylibConfig, CompileSettings};
use super::config::{Config, sanitised};
use crate::names::{BinaryName, PackageName};

/// A binary to build, or a shared library.
#[derive(Clone, Debug)]
pub struct BinaryRequest<'a> {
    /// Its index among all outputs.
    pub place: usize,
    pub package: &'a PackageName,
    pub product: Product<'a>,
    pub features: &'a [String],
    /// Set if the package's default features are on.
    pub default_features: bool,
    /// Set if the binary is linked statically against the C library.
    pub linked_static: bool,
    pub settings: &'a CompileSettings,
    /// The basis of its stage's name.
    pub name: String,
}

/// The part of a package that is built for an image or a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product<'a> {
    Binary(&'a BinaryName),
    /// The package's library, compiled to this file.
    Cdylib(&'a str),
}

impl<'a> BinaryRequest<'a> {
    fn binary(binary: &'a BinaryConfig, name: String) -> Self {
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
            product: Product::Binary(bin),
            features,
            default_features: *default_features,
            linked_static: *linked_static,
            settings,
            name,
        }
    }

    fn cdylib(cdylib: &'a CdylibConfig, name: String) -> Self {
        let CdylibConfig {
            file,
            package,
            features,
            default_features,
            settings,
        } = cdylib;
        Self {
            place: 0,
            package,
            product: Product::Cdylib(file),
            features,
            default_features: *default_features,
            linked_static: false,
            settings,
            name,
        }
    }

    /// Returns everything about it that decides the features of the packages that are compiled for it.
    pub fn asked(&self) -> (&'a PackageName, &'a [String], bool) {
        (self.package, self.features, self.default_features)
    }

    /// Returns whether it is built in the same way as `other`, so that both have one stage.
    fn is_same(&self, other: &Self) -> bool {
        self.asked() == other.asked()
            && self.product == other.product
            && self.linked_static == other.linked_static
            && self.settings == other.settings
    }
}

/// Returns each binary and shared library to build: for each service its binaries, then its libraries; then the binaries
/// of packs.
pub fn binary_requests(config: &Config) -> Vec<BinaryRequest<'_>> {
    let mut all: Vec<BinaryRequest<'_>> = Vec::new();
    for service in &config.services {
        let built_as = &service.built_as;
        for (at, binary) in service.binaries.iter().enumerate() {
            let request = BinaryRequest::binary(binary, built_as.clone());
            let name = match at {
                0 => built_as.clone(),
                _ => further(config, &all, &request, &sanitised(&binary.bin)),
            };
            all.push(BinaryRequest { name, ..request });
        }
        for cdylib in service.cdylibs() {
            let request = BinaryRequest::cdylib(cdylib, built_as.clone());
            let name = further(config, &all, &request, &sanitised(&cdylib.package));
            all.push(BinaryRequest { name, ..request });
        }
    }
    for pack in &config.packs {
        for built in &pack.binaries {
            all.push(BinaryRequest::binary(&built.binary, pack.target(built)));
        }
    }
    for (place, request) in all.iter_mut().enumerate() {
        request.place = place;
    }
    all
}

/// Returns the name of a request beside the first one of a service, which nothing else has. `all` are those before it.
fn further(
    config: &Config,
    all: &[BinaryRequest<'_>],
    request: &BinaryRequest<'_>,
    own: &str,
) -> String {
    let mut name = format!("{}-{own}", request.name);
    let taken = |name: &String| {
        let mut others = all.iter();
        config.services.iter().any(|other| other.built_as == *name)
            || others.any(|other| other.name == *name && !other.is_same(request))
    };
    while taken(&name) {
        name += "-more";
    }
    name
}
