//! The images of other Dockerfiles that outputs are built from: packages embed files of them, and images ship files of them
//! or are built on them.

use std::collections::BTreeSet;

use super::Plan;
use super::config::valid::Embedded;
use super::pack::PackBinary;
use super::service::Service;
use crate::names::{PackageName, TargetName};

impl Plan {
    /// Returns the files of images that the builds of `packages` read, each once.
    pub fn embedded<'a>(
        &'a self,
        packages: impl IntoIterator<Item = &'a PackageName>,
    ) -> BTreeSet<&'a Embedded> {
        let packages = packages.into_iter();
        let lists = packages.filter_map(|package| self.config.embedded.get(package));
        lists.flatten().collect()
    }

    /// Returns the packages that embed files of an image.
    pub fn embedded_by<'a>(&'a self, image: &'a str) -> impl Iterator<Item = &'a str> {
        let packages = self.config.embedded.iter();
        let packages = packages.filter(move |(package, list)| {
            self.packages.contains_key(*package) && list.iter().any(|one| *one.image == *image)
        });
        packages.map(|(package, _)| package.as_str())
    }

    /// Returns the services that ship files of an image, or are built on it.
    pub fn shipped_by<'a>(&'a self, image: &'a str) -> impl Iterator<Item = &'a str> {
        let services = self.services.iter();
        let services = services.filter(move |service| {
            let mut images = service.image.images();
            images.any(|one| **one == *image)
        });
        services.map(|service| service.name.as_str())
    }

    /// Returns the images that a service is built from.
    pub fn images_of_service<'a>(&'a self, service: &'a Service) -> BTreeSet<&'a TargetName> {
        let embedded = self.embedded(&service.closure).into_iter();
        let embedded = embedded.map(|embedded| &embedded.image);
        embedded.chain(service.image.images()).collect()
    }

    /// Returns the images that the binary of a pack is built from. They include the bases of services, with whose C
    /// libraries it is compared.
    pub fn images_of_pack_binary<'a>(&'a self, binary: &'a PackBinary) -> BTreeSet<&'a TargetName> {
        let bases = match self.images.is_empty() {
            true => Vec::new(),
            false => self.runtime_bases(),
        };
        let read = bases.into_iter().filter(|base| base.declared.is_none());
        let embedded = self.embedded(&binary.closure).into_iter();
        embedded
            .map(|embedded| &embedded.image)
            .chain(read.filter_map(|base| base.built))
            .collect()
    }

    /// Returns the images that any stage is built from.
    pub fn images_of_stages(&self) -> BTreeSet<&TargetName> {
        let embedded = self.embedded(self.packages.keys()).into_iter();
        let services = self.services.iter();
        let shipped = services.flat_map(|service| service.image.images());
        embedded
            .map(|embedded| &embedded.image)
            .chain(shipped)
            .collect()
    }
}
