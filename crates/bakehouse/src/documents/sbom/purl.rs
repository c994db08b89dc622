//! Package URLs.

use std::fmt::Write;

/// Returns the URL of a crate. `source` is that of its entry in the lock.
pub fn of_crate(name: &str, version: &str, source: &str) -> String {
    let plain = format!("pkg:cargo/{}@{}", encoded(name, ""), encoded(version, ""));
    let (key, place) = match repository_of(source) {
        Some(repository) => ("vcs_url", repository),
        None if is_usual(source) => return plain,
        None => {
            let (_, index) = source.split_once('+').unwrap_or(("", source));
            ("repository_url", index.to_owned())
        }
    };
    format!("{plain}?{key}={}", encoded(&place, "/:"))
}

/// Returns the git repository of a source with the commit, `git+https://…@…`; none if it is a registry.
pub fn repository_of(source: &str) -> Option<String> {
    let url = source.strip_prefix("git+")?;
    let (url, commit) = url.split_once('#').unwrap_or((url, ""));
    let url = url.split('?').next().unwrap_or(url);
    Some(match commit {
        "" => format!("git+{url}"),
        commit => format!("git+{url}@{commit}"),
    })
}

/// Returns whether a source is the registry that a package URL means if it names none.
fn is_usual(source: &str) -> bool {
    source.contains("github.com/rust-lang/crates.io-index") || source.contains("index.crates.io")
}

/// Returns the URL of a release of Rust.
pub fn of_rust(release: &str) -> String {
    format!("pkg:generic/rust@{}", encoded(release, ""))
}

/// Returns the name of an image, and its digest or else its tag.
pub fn parts_of_image(image: &str) -> (String, Option<String>) {
    let Image { name, tag, digest } = Image::of(image);
    (name.to_owned(), digest.or(tag).map(str::to_owned))
}

/// Returns the URL of an image; none if it has neither tag nor digest.
pub fn of_image(image: &str) -> Option<String> {
    let Image { name, tag, digest } = Image::of(image);
    let own = name.rsplit('/').next().unwrap_or(name);
    let Some(digest) = digest else {
        let is_host = |host: &str| host.contains(['.', ':']) || host == "localhost";
        let (host, path) = match name.split_once('/') {
            Some((host, path)) if is_host(host) => (host, path),
            _ => ("docker.io", name),
        };
        let plain = format!("pkg:docker/{}@{}", encoded(path, "/"), encoded(tag?, ""));
        return Some(match host {
            "docker.io" => plain,
            host => format!("{plain}?repository_url={}", encoded(host, ":")),
        });
    };
    let tag = tag.map_or_else(String::new, |tag| format!("&tag={}", encoded(tag, "")));
    let (own, digest) = (encoded(own, ""), encoded(digest, ""));
    let name = encoded(name, "/:");
    Some(format!("pkg:oci/{own}@{digest}?repository_url={name}{tag}"))
}

/// The parts of an image's name.
struct Image<'a> {
    name: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Image<'a> {
    fn of(image: &'a str) -> Self {
        let (image, digest) = match image.split_once('@') {
            Some((image, digest)) => (image, Some(digest)),
            None => (image, None),
        };
        // A `:` before the last `/` is that of a port.
        match image.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => Self {
                name,
                tag: Some(tag),
                digest,
            },
            _ => Self {
                name: image,
                tag: None,
                digest,
            },
        }
    }
}

/// Encodes everything but unreserved characters and those in `kept`.
fn encoded(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-._~".contains(c) || kept.contains(c) {
            encoded.push(c);
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_and_images_have_the_urls_of_the_specification() {
        let usual = "registry+https://github.com/rust-lang/crates.io-index";
        let crates = [
            ("1.0.0", usual, "pkg:cargo/a@1.0.0"),
            (
                "1.0.0+b",
                "sparse+https://index.crates.io/",
                "pkg:cargo/a@1.0.0%2Bb",
            ),
            (
                "1.0.0",
                "git+https://git.example/a?branch=x%2Fy#0123",
                "pkg:cargo/a@1.0.0?vcs_url=git%2Bhttps://git.example/a%400123",
            ),
            (
                "1.0.0",
                "sparse+https://cargo.example/index/",
                "pkg:cargo/a@1.0.0?repository_url=https://cargo.example/index/",
            ),
        ];
        for (version, source, expected) in crates {
            assert_eq!(of_crate("a", version, source), expected);
        }
        let images = [
            (
                "docker.io/library/debian:bookworm-slim",
                Some("pkg:docker/library/debian@bookworm-slim"),
            ),
            (
                "r.example:5000/x/y:1@sha256:0a",
                Some("pkg:oci/y@sha256%3A0a?repository_url=r.example:5000/x/y&tag=1"),
            ),
            (
                "gcr.io/x/static@sha256:0a",
                Some("pkg:oci/static@sha256%3A0a?repository_url=gcr.io/x/static"),
            ),
            (
                "r.example/x:1",
                Some("pkg:docker/x@1?repository_url=r.example"),
            ),
            ("scratch", None),
            ("localhost:5000/x", None),
        ];
        for (image, expected) in images {
            assert_eq!(of_image(image).as_deref(), expected, "{image}");
        }
        let digest = Some("sha256:0a".to_owned());
        assert_eq!(
            parts_of_image("a/b:1@sha256:0a"),
            ("a/b".to_owned(), digest)
        );
    }
}
