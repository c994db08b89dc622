//! Names of images, taken apart.

use std::fmt;

use super::digest::Digest;
use crate::plan::config::image_name::{Fault, Form, check, is_host};
use crate::problem::{Code, Problem};

/// A repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName {
    /// Host and port, as image names have them.
    pub host: String,
    pub path: String,
}

/// The name of an image in a registry. The tag is `latest` if a name has neither tag nor digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub repository: RepositoryName,
    pub tag: Option<String>,
    pub digest: Option<Digest>,
}

/// The registry of names without one.
const HUB: &str = "docker.io";
/// The host that serves it.
const HUB_HOST: &str = "registry-1.docker.io";
/// The key of its login in Docker's configuration.
const HUB_LOGIN: &str = "https://index.docker.io/v1/";

impl Reference {
    /// Parses a name as Docker does.
    ///
    /// # Errors
    /// `config-value` if no image can have this name.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        check(text, Form::Image).map_err(|Fault { what, hint }| {
            Problem::new(Code::ConfigValue, format!("the image `{text}` {what}")).hint(hint)
        })?;
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        let digest = digest.map(|digest| {
            Digest::parse(digest).ok_or_else(|| {
                let message = format!("the digest of the image `{text}` is none of SHA-256");
                Problem::new(Code::ConfigValue, message).hint("name it by its `sha256:` digest")
            })
        });
        let digest = digest.transpose()?;
        let slash = named.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match named[slash..].find(':') {
            Some(colon) => (&named[..slash + colon], Some(&named[slash + colon + 1..])),
            None => (named, None),
        };
        let tag = tag.map(str::to_owned);
        let tag = tag.or_else(|| digest.is_none().then(|| "latest".to_owned()));
        Ok(Self {
            repository: RepositoryName::new(name),
            tag,
            digest,
        })
    }

    /// Returns the part by which a manifest is asked for: the digest, if there is one.
    pub fn asked(&self) -> &str {
        let digest = self.digest.as_ref().map(Digest::as_str);
        digest.or(self.tag.as_deref()).unwrap_or_default()
    }
}

impl RepositoryName {
    /// Takes a valid name without tag and digest apart.
    pub fn new(name: &str) -> Self {
        let (host, path) = match name.split_once('/') {
            Some((first, rest)) if is_host(first) => (first, rest),
            _ => (HUB, name),
        };
        let host = host.trim_start_matches("index.").to_owned();
        let path = match host == HUB && !path.contains('/') {
            true => format!("library/{path}"),
            false => path.to_owned(),
        };
        Self { host, path }
    }

    /// Returns the address of the repository in the API. As Docker does, only hosts of this machine are reached without
    /// TLS.
    pub(super) fn url(&self) -> String {
        let host = match self.host.as_str() {
            HUB => HUB_HOST,
            host => host,
        };
        let scheme = if is_local(host) { "http" } else { "https" };
        format!("{scheme}://{host}/v2/{}", self.path)
    }

    /// Returns the registry's key in Docker's configuration.
    pub(super) fn login(&self) -> &str {
        match self.host.as_str() {
            HUB => HUB_LOGIN,
            host => host,
        }
    }
}

/// Returns whether a host, with or without a port, is this machine.
pub(super) fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address = name.parse::<std::net::IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_docker_does() {
        let digest = Digest::of(b"");
        let pinned = format!("ghcr.io/acme/api:1@{digest}");
        let table = [
            ("debian", "docker.io/library/debian:latest"),
            ("acme/api:1", "docker.io/acme/api:1"),
            ("index.docker.io/acme/api", "docker.io/acme/api:latest"),
            ("localhost/api", "localhost/api:latest"),
            ("127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b:c"),
            (&pinned, &pinned),
        ];
        for (text, expected) in table {
            let reference = Reference::parse(text).map(|reference| reference.to_string());
            assert_eq!(reference.ok().as_deref(), Some(expected), "{text}");
        }
        for text in ["", "Acme/api", "acme/api:", "acme/api@sha512:00"] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        let table = [
            ("localhost:5000/a", "http://localhost:5000/v2/a"),
            ("127.0.0.1:5000/a", "http://127.0.0.1:5000/v2/a"),
            ("127.9.9.9/a", "http://127.9.9.9/v2/a"),
            ("127.0.0.1.example/a", "https://127.0.0.1.example/v2/a"),
            ("ghcr.io/a/b", "https://ghcr.io/v2/a/b"),
            ("a/b", "https://registry-1.docker.io/v2/a/b"),
        ];
        for (name, expected) in table {
            assert_eq!(RepositoryName::new(name).url(), expected);
        }
    }
}
