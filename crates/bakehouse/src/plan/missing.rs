//! Packages that crates look for on the system and that the configuration does not list.

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use super::config::bases;
use crate::graph::Workspace;
use crate::graph::system::{self, Distribution, Need, Reach};

/// A package that may be missing in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub package: String,
    /// The key that lists the packages of the image.
    pub key: &'static str,
    /// The crates that look for it.
    pub crates: Vec<String>,
}

/// Returns the packages that are missing, as far as the names of the bases tell what these have.
pub fn missing(workspace: &Workspace, plan: &Plan) -> Vec<Missing> {
    let config = &plan.config;
    let runtime = &config.runtime;
    let (of_builder, of_image) = (is_bare(&config.builder), is_bare(runtime));
    if !of_builder && !of_image {
        return Vec::new();
    }
    let selections = plan.selections.iter();
    let activations = selections.map(|selection| &selection.activation);
    let reach = Reach::new(workspace, activations, &config.platforms);
    let builder = Distribution::of_image(&config.builder);
    let needs = system::needs(&reach, builder, Distribution::of_image(runtime), false);
    let mut found = Vec::new();
    if of_builder {
        let listed = names(&config.builder_packages);
        found.extend(lacking(
            "bases.packages",
            &needs,
            |need| &need.build,
            &listed,
        ));
    }
    if of_image {
        let images = config.services.iter().map(|service| &service.image);
        let listed = images.flat_map(|image| names(&image.packages)).collect();
        found.extend(lacking(
            "runtime.packages",
            &needs,
            |need| &need.run,
            &listed,
        ));
    }
    found
}

/// Returns whether an image has nothing but what its distribution needs itself, and a compiler.
fn is_bare(image: &str) -> bool {
    image.contains("alpine") || image.contains("-slim") || image == bases::RUNTIME
}

/// Returns the names of packages, without versions.
fn names(packages: &[String]) -> BTreeSet<&str> {
    let names = packages.iter();
    names
        .map(|package| package.split('=').next().unwrap_or(package))
        .collect()
}

fn lacking(
    key: &'static str,
    needs: &[Need],
    packages: impl Fn(&Need) -> &[String],
    listed: &BTreeSet<&str>,
) -> Vec<Missing> {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for need in needs {
        for package in packages(need) {
            let crates = all.entry(package).or_default();
            crates.push(need.because.clone());
        }
    }
    all.into_iter()
        .filter(|(package, _)| !listed.contains(package))
        .map(|(package, crates)| Missing {
            package: package.to_owned(),
            key,
            crates,
        })
        .collect()
}
