//! The rows of the table of needs.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The distributions whose packages the table names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    Debian,
    Alpine,
}

/// The needs of a crate.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Row {
    pub debian: Packages,
    pub alpine: Packages,
    /// Crates that bring the library along, if the crate depends on one.
    pub brought_by: Vec<String>,
    /// Features that switch that on.
    pub brought_by_feature: Vec<String>,
    /// Crates that bring the tool along for those that depend on them as well.
    pub provided_by: Vec<String>,
    /// Wrappers, whose dependents count in their place.
    pub through: Vec<String>,
    /// Dependents that do not use it on Linux.
    pub not_for: Vec<String>,
    /// Dependents that a lock has whether they are compiled or not, with the features that switch them on.
    pub if_asked: BTreeMap<String, Vec<String>>,
}

/// Packages of a distribution.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Packages {
    pub build: Vec<String>,
    pub run: Vec<String>,
}

impl Distribution {
    /// Returns the distribution of an image, as far as its name tells: Alpine, or what most others are.
    pub fn of_image(image: &str) -> Self {
        match image.contains("alpine") {
            true => Self::Alpine,
            false => Self::Debian,
        }
    }
}

impl Row {
    pub fn of(&self, distribution: Distribution) -> &Packages {
        match distribution {
            Distribution::Debian => &self.debian,
            Distribution::Alpine => &self.alpine,
        }
    }
}
