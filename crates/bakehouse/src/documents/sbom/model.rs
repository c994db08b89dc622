//! The content of a bill, in whichever format.

use super::licence::Terms;

/// The content of an image.
#[derive(Clone, Debug)]
pub struct Sbom {
    /// The name of the service.
    pub name: String,
    pub input_hash: String,
    /// Sorted by reference, each once.
    pub components: Vec<SbomComponent>,
    pub made: Made,
}

/// The time and the program of a bill.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// Seconds since 1970, if somebody chose a time.
    pub at: Option<i64>,
    /// The version of this program.
    pub version: &'static str,
}

/// A part of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SbomComponent {
    /// The name by which other parts refer to it: no two are alike.
    pub reference: String,
    pub kind: ComponentKind,
    pub name: String,
    pub version: Option<String>,
    pub purl: Option<String>,
    /// The checksum of what the registry of crates has, in hex digits of SHA-256.
    pub checksum: Option<String>,
    pub terms: Option<Terms>,
    /// The place of its sources, for people.
    pub repository: Option<String>,
    /// The place that its sources were fetched from.
    pub download: Option<String>,
    /// The references of what it links.
    pub needs: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentKind {
    /// A package of the workspace that a binary or shared library of the image is built from.
    Program,
    /// Another crate.
    Crate,
    /// Rust's standard library.
    Standard,
    /// The image that it is built on. What that has is known by its name only.
    Base,
    /// A package of the base's distribution.
    Package,
    /// A shared library of the builder.
    Library,
}

impl Sbom {
    /// Returns the references of what the image contains directly: everything but crates that others link.
    pub fn contained(&self) -> Vec<&str> {
        let components = self.components.iter();
        let direct = components.filter(|component| component.kind != ComponentKind::Crate);
        direct
            .map(|component| component.reference.as_str())
            .collect()
    }

    /// Returns the time in the form of both formats; 1970 if nobody chose one.
    pub fn time(&self) -> String {
        let at = jiff::Timestamp::from_second(self.made.at.unwrap_or_default());
        at.unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
    }
}
