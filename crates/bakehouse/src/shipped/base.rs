//! Names of base images, and what they tell.

/// The kind of an image, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseKind {
    /// Nothing, or no C library.
    Empty,
    /// A C library, and no program that installs packages.
    Distroless,
    Alpine,
    /// A distribution with `apt-get`.
    Debian,
    Other,
}

/// The releases of Debian, with their numbers.
const RELEASES: [(&str, &str); 5] = [
    ("10", "buster"),
    ("11", "bullseye"),
    ("12", "bookworm"),
    ("13", "trixie"),
    ("14", "forky"),
];
/// Images of distributions, which run nothing by themselves.
const NEUTRAL: [&str; 18] = [
    "almalinux",
    "alpine",
    "amazonlinux",
    "archlinux",
    "buildpack-deps",
    "busybox",
    "cargo-chef",
    "debian",
    "debian-slim",
    "fedora",
    "oraclelinux",
    "rockylinux",
    "rust",
    "scratch",
    "ubi-micro",
    "ubi-minimal",
    "ubuntu",
    "wolfi-base",
];

/// Returns the last part of an image's path, and its tag.
fn parts(image: &str) -> (&str, &str) {
    let named = image.split('@').next().unwrap_or(image);
    let last = named.rsplit('/').next().unwrap_or(named);
    last.split_once(':').unwrap_or((last, ""))
}

/// Returns an image's name in full; none if a part of it is not known.
pub fn full(image: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if image.is_empty() || !image.chars().all(plain) {
        return None;
    }
    let host = image.split_once('/').map(|(host, _)| host);
    Some(match host {
        _ if image == "scratch" => image.to_owned(),
        Some(host) if host.contains(['.', ':']) || host == "localhost" => image.to_owned(),
        Some(_) => format!("docker.io/{image}"),
        None => format!("docker.io/library/{image}"),
    })
}

pub fn kind(image: &str) -> BaseKind {
    let (name, tag) = parts(image);
    let is_static = name.starts_with("static");
    if image == "scratch" || name == "busybox" && !tag.contains("glibc") {
        BaseKind::Empty
    } else if image.contains("distroless") || image.contains("chainguard") {
        if is_static {
            BaseKind::Empty
        } else {
            BaseKind::Distroless
        }
    } else if name.contains("alpine") || tag.contains("alpine") {
        BaseKind::Alpine
    } else if release(image).is_some()
        || ["debian", "debian-slim", "ubuntu", "rust", "buildpack-deps"].contains(&name)
        || tag.split('-').any(|word| word == "slim")
    {
        BaseKind::Debian
    } else {
        BaseKind::Other
    }
}

/// Returns whether an image is a distribution, which runs nothing by itself.
pub fn is_neutral(image: &str) -> bool {
    let (name, _) = parts(image);
    NEUTRAL.contains(&name)
        || image.contains("distroless")
        || image.contains("chainguard")
        || image.starts_with(['$', '{'])
}

/// Returns whether an image has the compiler, and not only what it makes.
pub fn is_rust(image: &str) -> bool {
    parts(image).0 == "rust"
}

/// Returns the release of Debian that an image names.
pub fn release(image: &str) -> Option<&'static str> {
    let (name, tag) = parts(image);
    let mut words = tag.split('-').chain(name.split('-'));
    let by_name = words.find_map(|word| {
        let mut releases = RELEASES.iter();
        let found = releases.find(|(number, release)| {
            word == *release || word.strip_prefix("debian") == Some(number)
        });
        found.map(|(_, release)| *release)
    });
    let number = tag.split(['.', '-']).next().unwrap_or_default();
    let by_number = RELEASES
        .iter()
        .find(|(own, _)| name == "debian" && *own == number)
        .map(|(_, release)| *release);
    by_name.or(by_number)
}

/// Returns the version of an image's glibc, by its release.
pub fn glibc(image: &str) -> Option<(u32, u32)> {
    let (name, tag) = parts(image);
    let release = release(image).unwrap_or(tag);
    let of_release = [
        ("buster", 28),
        ("bullseye", 31),
        ("bookworm", 36),
        ("trixie", 41),
        ("20.04", 31),
        ("focal", 31),
        ("22.04", 35),
        ("jammy", 35),
        ("24.04", 39),
        ("noble", 39),
    ];
    let known = kind(image) != BaseKind::Alpine && (name == "ubuntu" || release != tag);
    let minor = of_release.iter().find(|(own, _)| *own == release);
    minor.filter(|_| known).map(|(_, minor)| (2, *minor))
}

/// A base with Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rust {
    /// Its name without tag and digest.
    pub repository: String,
    /// The version in its tag.
    pub version: Option<String>,
    /// The rest of its tag, such as `slim-bookworm`.
    pub variant: String,
    pub digest: Option<String>,
}

/// Returns the parts of a base that has Rust; none if its name does not say so. An image of cargo-chef counts as the
/// image that it is made from.
pub fn rust(image: &str) -> Option<Rust> {
    let whole = full(image)?;
    let (named, digest) = match whole.split_once('@') {
        Some((named, digest)) => (named, Some(digest.to_owned())),
        None => (whole.as_str(), None),
    };
    let (name, tag) = parts(named);
    let repository = named.strip_suffix(&format!(":{tag}")).unwrap_or(named);
    let (repository, tag, digest) = match name {
        "rust" => (repository, tag, digest),
        "cargo-chef" => (
            "docker.io/library/rust",
            tag.split_once("rust-").map(|(_, tag)| tag)?,
            None,
        ),
        _ => return None,
    };
    let tag = if tag == "latest" { "" } else { tag };
    let (first, rest) = tag.split_once('-').unwrap_or((tag, ""));
    let is_version = first.starts_with(|c: char| c.is_ascii_digit());
    Some(Rust {
        repository: repository.to_owned(),
        version: is_version.then(|| first.to_owned()),
        variant: if is_version { rest } else { tag }.to_owned(),
        digest,
    })
}

impl Rust {
    /// Returns whether it is an image that is published for each release of Rust and Debian.
    pub fn is_official(&self) -> bool {
        self.repository == "docker.io/library/rust"
    }

    /// Returns the image.
    pub fn name(&self) -> String {
        let version = self.version.as_deref();
        let variant = Some(self.variant.as_str()).filter(|variant| !variant.is_empty());
        let tag: Vec<&str> = version.into_iter().chain(variant).collect();
        let mut name = self.repository.clone();
        if !tag.is_empty() {
            name += &format!(":{}", tag.join("-"));
        }
        if let Some(digest) = &self.digest {
            name += &format!("@{digest}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_images_are() {
        let table = [
            ("scratch", BaseKind::Empty, None, true),
            (
                "gcr.io/distroless/static-debian12:nonroot",
                BaseKind::Empty,
                Some("bookworm"),
                true,
            ),
            (
                "gcr.io/distroless/cc-debian12@sha256:ab",
                BaseKind::Distroless,
                Some("bookworm"),
                true,
            ),
            ("alpine:3.23", BaseKind::Alpine, None, true),
            ("rust:1.95-alpine3.22", BaseKind::Alpine, None, true),
            ("debian:12.5", BaseKind::Debian, Some("bookworm"), true),
            (
                "debian:trixie-slim@sha256:ab",
                BaseKind::Debian,
                Some("trixie"),
                true,
            ),
            ("ubuntu:24.04", BaseKind::Debian, None, true),
            (
                "node:22-bookworm-slim",
                BaseKind::Debian,
                Some("bookworm"),
                false,
            ),
            (
                "ghcr.io/astral-sh/uv:0.10-python3.12-trixie-slim",
                BaseKind::Debian,
                Some("trixie"),
                false,
            ),
            ("postgres:18", BaseKind::Other, None, false),
            ("busybox:1", BaseKind::Empty, None, true),
        ];
        for (image, expected, debian, neutral) in table {
            assert_eq!(
                (kind(image), release(image), is_neutral(image)),
                (expected, debian, neutral),
                "{image}"
            );
        }
    }

    #[test]
    fn names_of_rust_images_are_taken_apart_and_put_together() {
        let table = [
            ("rust", Some("docker.io/library/rust"), None),
            (
                "rust:1.95",
                Some("docker.io/library/rust:1.95"),
                Some("1.95"),
            ),
            (
                "rust:1.95-slim-trixie@sha256:ab",
                Some("docker.io/library/rust:1.95-slim-trixie@sha256:ab"),
                Some("1.95"),
            ),
            ("rust:slim", Some("docker.io/library/rust:slim"), None),
            ("rust:latest", Some("docker.io/library/rust"), None),
            (
                "rustlang/rust:nightly-bookworm",
                Some("docker.io/rustlang/rust:nightly-bookworm"),
                None,
            ),
            (
                "lukemathwalker/cargo-chef:latest-rust-1.88-bookworm",
                Some("docker.io/library/rust:1.88-bookworm"),
                Some("1.88"),
            ),
            ("lukemathwalker/cargo-chef:latest", None, None),
            (
                "localhost:5000/rust:1.90",
                Some("localhost:5000/rust:1.90"),
                Some("1.90"),
            ),
            ("ubuntu:24.04", None, None),
            ("rust:$VERSION", None, None),
        ];
        for (image, name, version) in table {
            let found = rust(image);
            assert_eq!(found.as_ref().map(Rust::name).as_deref(), name, "{image}");
            assert_eq!(
                found.and_then(|found| found.version).as_deref(),
                version,
                "{image}"
            );
        }
    }
}
