//! `bakehouse.toml` as it is written, with the place of each value.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::problem::{Code, Problem, Source};

/// The whole file. Every key is optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawConfig {
    /// Namespace of cache-mount ids; by default made of `registry`.
    pub name: Option<Spanned<String>>,
    /// Registry and namespace that image names begin with.
    pub registry: Option<Spanned<String>>,
    /// Platforms to build for; the builder's own when empty.
    #[serde(default)]
    pub platforms: Vec<Spanned<String>>,
    /// Cargo profile.
    pub profile: Option<Spanned<String>>,
    /// `services`: features unified over all services; `each`: per package.
    pub unify: Option<Spanned<String>>,
    #[serde(default)]
    pub cache: RawCache,
    #[serde(default)]
    pub bases: RawBases,
    #[serde(default)]
    pub runtime: RawRuntime,
    pub services: Option<BTreeMap<Spanned<String>, RawService>>,
    #[serde(default)]
    pub inputs: BTreeMap<Spanned<String>, RawInputs>,
    #[serde(default)]
    pub packs: BTreeMap<Spanned<String>, RawPack>,
}

/// `[cache]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawCache {
    pub strategy: Option<Spanned<String>>,
    /// Repository of the registry cache, without a tag.
    #[serde(rename = "ref")]
    pub reference: Option<Spanned<String>>,
}

/// `[bases]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawBases {
    pub builder: Option<Spanned<String>>,
    pub runtime: Option<Spanned<String>>,
    /// Debian packages that the builder needs beside what its base has.
    #[serde(default)]
    pub packages: Vec<Spanned<String>>,
}

/// `[runtime]`: what all runtime images share.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawRuntime {
    /// `UID:GID`.
    pub user: Option<Spanned<String>>,
    /// Where packs are mounted.
    pub packs: Option<Spanned<String>>,
    /// Working folder, owned by the user.
    pub workdir: Option<Spanned<String>>,
    #[serde(default)]
    pub env: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub labels: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[services.<name>]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawService {
    pub package: Option<Spanned<String>>,
    pub bin: Option<Spanned<String>>,
    #[serde(default)]
    pub features: Vec<Spanned<String>>,
    pub runtime: Option<Spanned<String>>,
    pub user: Option<Spanned<String>>,
    #[serde(default)]
    pub ports: Vec<Spanned<u16>>,
    #[serde(default)]
    pub env: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub labels: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub files: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The same binary on other bases.
    #[serde(default)]
    pub variants: BTreeMap<Spanned<String>, RawImage>,
}

impl RawService {
    /// The part that is about the runtime image.
    pub fn image(&self) -> RawImage {
        RawImage {
            runtime: self.runtime.clone(),
            user: self.user.clone(),
            ports: self.ports.clone(),
            env: self.env.clone(),
            labels: self.labels.clone(),
            files: self.files.clone(),
        }
    }
}

/// What makes a runtime image; also `[services.<name>.variants.<variant>]`, where what is not said is the
/// service's. Serde cannot flatten this into the service and keep spans.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawImage {
    pub runtime: Option<Spanned<String>>,
    pub user: Option<Spanned<String>>,
    #[serde(default)]
    pub ports: Vec<Spanned<u16>>,
    #[serde(default)]
    pub env: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub labels: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Path in the workspace → absolute path in the image.
    #[serde(default)]
    pub files: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// `[inputs.<package>]`: what its build reads outside its own folder.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawInputs {
    #[serde(default)]
    pub paths: Vec<Spanned<String>>,
}

/// `[packs.<name>]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawPack {
    pub path: Spanned<String>,
    #[serde(default)]
    pub binaries: Vec<RawPackBinary>,
}

/// A binary that is built into a pack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawPackBinary {
    pub package: Spanned<String>,
    pub bin: Option<Spanned<String>>,
    /// Folder in the pack.
    pub to: Spanned<String>,
}

impl RawConfig {
    /// Reads the text of a `bakehouse.toml`.
    ///
    /// # Errors
    /// `config-invalid`, at the place that is not TOML or not a known key.
    pub fn parse(source: &Source) -> Result<Self, Problem> {
        toml::from_str(&source.text).map_err(|error| {
            let problem = Problem::new(Code::ConfigInvalid, error.message().to_owned())
                .hint("docs/configuration.md lists the keys and their forms");
            match error.span() {
                Some(span) => problem.at(source, span),
                None => problem,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_where_it_stands() {
        let source = Source {
            name: "bakehouse.toml".to_owned(),
            text: "registri = \"x\"\n".to_owned(),
        };
        let problem = RawConfig::parse(&source).unwrap_err();
        assert_eq!(problem.code, Code::ConfigInvalid);
        assert!(problem.message.contains("registri"), "{problem}");
    }
}
