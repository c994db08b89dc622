//! Versions of glibc: the one that a binary needs, and the one that a base has.

use std::fmt;

use crate::plan::Plan;

/// A version of glibc, e.g. 2.36.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

impl Version {
    /// Parses `2.36`, or `2.2.5`, of which only the first two numbers count.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|part| part.parse().ok());
        let (major, minor) = (numbers.next()??, numbers.next()??);
        numbers
            .all(|number: Option<u32>| number.is_some())
            .then_some(Self { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The oldest glibc that binaries of packs may need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// The base that has it; `None` if `glibc` in `bakehouse.toml` sets it.
    pub image: Option<String>,
    pub version: Version,
}

impl Floor {
    /// Returns the minimum of the glibc of the bases that mount packs, as far as their names reveal it, and of the
    /// configured one.
    pub fn of(plan: &Plan) -> Option<Self> {
        let runtime = plan.config.runtime.as_str();
        let images = plan
            .services
            .iter()
            .filter(|service| service.image.built_base.is_none())
            .map(|service| service.image.runtime.as_deref().unwrap_or(runtime));
        let known = images.filter_map(|image| {
            let version = of_image(image)?;
            Some(Self {
                image: Some(image.to_owned()),
                version,
            })
        });
        let asked = plan.config.min_glibc.as_deref().and_then(Version::parse);
        let asked = asked.map(|version| Self {
            image: None,
            version,
        });
        let known = known.chain(asked);
        known.min_by(|a, b| (a.version, &a.image).cmp(&(b.version, &b.image)))
    }
}

/// Names of releases in names of images, and the minor version of their glibc.
const RELEASES: [(&str, u32); 13] = [
    ("buster", 28),
    ("bullseye", 31),
    ("bookworm", 36),
    ("trixie", 41),
    ("focal", 31),
    ("jammy", 35),
    ("noble", 39),
    // Debian's own images and distroless ones have numbers instead of names.
    ("debian10", 28),
    ("debian11", 31),
    ("debian12", 36),
    ("debian13", 41),
    ("ubuntu22", 35),
    ("ubuntu24", 39),
];

/// Returns the glibc of a base if the image's name contains the release.
fn of_image(image: &str) -> Option<Version> {
    let name = image.split('@').next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    // Makes `debian12` of `debian:12-slim`.
    let numbered = name.replacen(':', "", 1);
    let mut words = name
        .split([':', '-', '.', '_'])
        .chain(numbered.split([':', '-', '.', '_']));
    let minor = words.find_map(|word| {
        let release = RELEASES.iter().find(|(release, _)| *release == word);
        release.map(|(_, minor)| *minor)
    })?;
    Some(Version { major: 2, minor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_bases_tell_their_glibc() {
        for (image, version) in [
            ("docker.io/library/debian:bookworm-slim", Some("2.36")),
            ("docker.io/library/debian:12-slim", Some("2.36")),
            ("docker.io/library/debian:12.5@sha256:ab", Some("2.36")),
            ("docker.io/library/python:3.12-slim-bullseye", Some("2.31")),
            ("gcr.io/distroless/cc-debian13", Some("2.41")),
            ("ubuntu:24.04", Some("2.39")),
            ("ubuntu:noble", Some("2.39")),
            ("registry.example:5000/bookworm/base:1", None),
            ("docker.io/library/alpine:3.20", None),
            ("docker.io/library/debian:stable", None),
        ] {
            let found = of_image(image).map(|version| version.to_string());
            assert_eq!(found.as_deref(), version, "{image}");
        }
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("2.4") < version("2.36"));
        assert_eq!(version("2.2.5"), version("2.2"));
        for text in ["", "2", "2.x", "PRIVATE", "2.3.x"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
