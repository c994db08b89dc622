//! A service, a pack binary or another image.

use std::collections::BTreeSet;

use crate::names::PackageName;
use crate::plan::Plan;
use crate::plan::inputs::Inputs;
use crate::plan::lock_graph::LockGraph;
use crate::plan::service::Service;

/// The packages of an image of another Dockerfile.
static NO_PACKAGES: BTreeSet<PackageName> = BTreeSet::new();

/// The table of such images.
const IMAGES: &str = "images";

/// A service, a pack binary or another image of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// The name of its target.
    pub name: &'a str,
    /// The package of its binary; empty for another image.
    pub package: &'a str,
    pub bin: &'a str,
    pub closure: &'a BTreeSet<PackageName>,
    pub inputs: &'a Inputs,
    pub input_hash: &'a str,
    /// The stage that builds its binary.
    pub(super) binary_stage: &'a str,
    /// The service, which may have further binaries.
    service: Option<&'a Service>,
    /// Its table in `bakehouse.toml`.
    pub(super) table: &'static str,
    pub(super) table_of: &'a str,
}

impl<'a> Output<'a> {
    /// Returns all outputs of `plan`.
    pub fn all(plan: &'a Plan) -> impl Iterator<Item = Self> {
        let services = plan.services.iter().map(|service| Self {
            name: &service.name,
            package: &service.main().package,
            bin: &service.main().bin,
            closure: &service.closure,
            inputs: &service.inputs,
            input_hash: &service.input_hash,
            binary_stage: &service.main().stage,
            service: Some(service),
            table: "services",
            table_of: &service.family,
        });
        let packs = plan.packs.iter().flat_map(|pack| {
            pack.binaries.iter().map(|binary| Self {
                name: &binary.target,
                package: &binary.package,
                bin: &binary.bin,
                closure: &binary.closure,
                inputs: &binary.inputs,
                input_hash: &binary.input_hash,
                binary_stage: &binary.binary_stage,
                service: None,
                table: "packs",
                table_of: &pack.name,
            })
        });
        let images = plan.images.iter().map(|image| Self {
            name: &image.config.name,
            package: "",
            bin: "",
            closure: &NO_PACKAGES,
            inputs: &image.inputs,
            input_hash: &image.input_hash,
            binary_stage: "",
            service: None,
            table: IMAGES,
            table_of: &image.config.name,
        });
        services.chain(packs).chain(images)
    }

    /// Returns whether it is an image of another Dockerfile, of which nothing is compiled.
    pub fn is_other_image(&self) -> bool {
        self.table == IMAGES
    }

    /// Returns whether that stage builds one of its binaries or shared libraries.
    pub fn has_stage(self, stage: &str) -> bool {
        self.roots().iter().any(|(_, own)| *own == stage)
    }

    /// Returns its table in `bakehouse.toml`, e.g. `services.api`.
    pub fn table_name(&self) -> String {
        format!("{}.{}", self.table, self.table_of)
    }

    /// Returns what it is made of beside its base and its files, in words.
    pub fn what(self) -> String {
        let further = self
            .service
            .filter(|service| service.binaries.len() > 1 || !service.libraries.is_empty());
        match further {
            Some(service) => service.what(),
            None => format!("binary {} of package {}", self.bin, self.package),
        }
    }

    /// Returns the shortest way in the lock from one of its packages to an entry with `name version`; empty if there is
    /// none.
    pub(super) fn way_in_lock(self, lock: &LockGraph<'_>, entry: &str) -> Vec<usize> {
        let roots = self.roots().into_iter();
        let mut ways = roots.map(|(package, _)| lock.way(package, self.closure, entry));
        ways.find(|way| !way.is_empty()).unwrap_or_default()
    }

    /// Returns the packages that its binaries and shared libraries are compiled from, each with its stage, the main
    /// binary's first.
    pub(super) fn roots(self) -> Vec<(&'a str, &'a str)> {
        let mut roots = vec![(self.package, self.binary_stage)];
        if let Some(service) = self.service {
            let binaries = service.binaries.iter().skip(1);
            let libraries = service.libraries.iter();
            let libraries = libraries.filter_map(|library| {
                let package = library.package.as_ref()?;
                Some((package.as_str(), library.stage.as_str()))
            });
            let binaries = binaries.map(|one| (one.package.as_str(), one.stage.as_str()));
            roots.extend(binaries.chain(libraries));
        }
        roots
    }
}
