//! Reasons why outputs are not built together, and the cost of that.

use crate::names::PackageName;

/// A feature because of which two outputs cannot be built together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parted {
    /// The local package that has the feature for only some of them.
    pub package: PackageName,
    /// The feature; `None` if crates that are not local ask the package for features, since it is not known for which
    /// ones.
    pub feature: Option<String>,
    /// The package that asks for the feature; `None` if the configuration of an output does.
    pub by: Option<PackageName>,
    /// The outputs of this chain or of the first that have it.
    pub with: Vec<String>,
    /// The outputs that are built from the package without it.
    pub without: Vec<String>,
}

impl Parted {
    /// Describes the feature and the package or output that asks for it.
    pub fn what(&self) -> String {
        let Some(feature) = &self.feature else {
            return format!(
                "{}, which replaces a crate: other crates may ask for features of it",
                self.package
            );
        };
        match &self.by {
            Some(by) => format!("{}/{feature}, which {by} asks for", self.package),
            None => format!(
                "{}/{feature}, which an output of the package asks for",
                self.package
            ),
        }
    }
}

/// The number of packages in a chain that an earlier chain compiles as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Local libraries.
    pub libraries: usize,
    /// Third-party crates, as an upper bound: the lock does not say which of them are enabled.
    pub crates: usize,
}
