//! The images whose files packages embed.

use std::collections::BTreeSet;

use super::Plan;
use super::config::valid::Embedded;
use crate::names::PackageName;

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
}
