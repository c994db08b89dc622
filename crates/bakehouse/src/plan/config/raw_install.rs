//! The installation of this program in CI, as it is written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::spanned::Spanned;

/// A command, or a release that is downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawInstall {
    Command(String),
    Release(RawRelease),
}

/// A release of this program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawRelease {
    /// The version.
    ///
    /// Form: version such as `"1.2.3"`. Default: required.
    pub version: Spanned<String>,
    /// The address of the archives, a `.tar.gz` with the program in its one folder. `{version}` and `{target}` stand for
    /// the version and the runner's target.
    ///
    /// Form: URL, by `https` or `http`. Default: required.
    pub url: Spanned<String>,
    /// The SHA-256 checksums of the archives, by target: `x86_64-unknown-linux-musl` and `aarch64-unknown-linux-musl`. The
    /// file `SHA256SUMS` of a release has them.
    ///
    /// Form: table: target → 64 hex digits. Default: required.
    pub sha256: BTreeMap<Spanned<String>, Spanned<String>>,
}

impl<'de> Deserialize<'de> for RawInstall {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InstallVisitor)
    }
}

/// A visitor with its own message: serde's "untagged" would not say what was expected.
struct InstallVisitor;

impl<'de> Visitor<'de> for InstallVisitor {
    type Value = RawInstall;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a shell command, or a table { version, url, sha256 }")
    }

    fn visit_str<E>(self, command: &str) -> Result<RawInstall, E> {
        Ok(RawInstall::Command(command.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawInstall, A::Error> {
        RawRelease::deserialize(MapAccessDeserializer::new(map)).map(RawInstall::Release)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RawInstall {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Install".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let release = generator.subschema_for::<RawRelease>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, release] })
    }
}
