//! Published images: their digests and labels in registries.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Engine;
use super::digests::{Manifest, last_line};
use crate::graph::platform::platform_name;
use crate::plan::config::valid::INPUT_HASH_LABEL;
use crate::problem::{Code, Problem};

/// A published image, for one platform or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The digest of the image; of the index if there are several platforms.
    pub digest: String,
    /// The labels of each platform's image.
    pub labels: BTreeMap<String, BTreeMap<String, String>>,
    /// The digest of each platform's image.
    pub platforms: BTreeMap<String, String>,
}

impl Published {
    /// Returns the input hash in the label of each platform's image.
    pub fn input_hashes(&self) -> BTreeMap<String, Option<String>> {
        let labels = self.labels.iter();
        labels
            .map(|(platform, labels)| (platform.clone(), labels.get(INPUT_HASH_LABEL).cloned()))
            .collect()
    }

    /// Returns whether the image of each platform has the label `name` with this value.
    pub fn has_label(&self, name: &str, value: &str) -> bool {
        let has =
            |labels: &BTreeMap<String, String>| labels.get(name).is_some_and(|it| it == value);
        !self.labels.is_empty() && self.labels.values().all(has)
    }
}

/// The output of `docker buildx imagetools inspect`.
#[derive(Deserialize)]
struct Said {
    manifest: Index,
    image: Images,
}

/// A manifest, which is an index if it has further ones.
#[derive(Deserialize)]
struct Index {
    #[serde(flatten)]
    own: Manifest,
    #[serde(default)]
    manifests: Vec<PlatformManifest>,
}

#[derive(Deserialize)]
struct PlatformManifest {
    #[serde(flatten)]
    own: Manifest,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Platform {
    /// Returns the platform as users write it; none for an attestation.
    fn name(&self) -> Option<String> {
        let is_known = self.os != "unknown";
        is_known.then(|| platform_name(&self.os, &self.architecture, self.variant.as_deref()))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Images {
    One(PlatformImage),
    ByPlatform(BTreeMap<String, PlatformImage>),
}

#[derive(Deserialize)]
struct PlatformImage {
    #[serde(flatten)]
    platform: Platform,
    config: Option<Config>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    labels: Option<BTreeMap<String, String>>,
}

impl PlatformImage {
    fn labels(&self) -> BTreeMap<String, String> {
        let config = self.config.as_ref();
        let labels = config.and_then(|config| config.labels.clone());
        labels.unwrap_or_default()
    }
}

impl Engine {
    /// Returns the published image of this name; none if there is none or the registry does not answer.
    pub fn published(&self, name: &str) -> Option<Published> {
        self.find_published(name).unwrap_or_else(|why| {
            tracing::warn!("{name} counts as missing: {why}");
            None
        })
    }

    /// Returns the published image of this name, if there is one.
    ///
    /// # Errors
    /// The reason why the registry does not tell.
    pub fn find_published(&self, name: &str) -> Result<Option<Published>, String> {
        let arguments = ["buildx", "imagetools", "inspect", name];
        let arguments = [&arguments[..], &["--format", "{{json .}}"]].concat();
        match self.output(&arguments) {
            Ok(said) => Ok(published(&said)),
            Err(said) => {
                let why = last_line(&said);
                if why.ends_with("not found") {
                    Ok(None)
                } else {
                    Err(why)
                }
            }
        }
    }

    /// Gives the published image `name` further names, with the same digest. Those in other repositories get its
    /// layers.
    ///
    /// # Errors
    /// `bake-failed` if a registry refuses.
    pub fn publish_as(&self, name: &str, names: &[String]) -> Result<(), Problem> {
        let mut arguments = vec!["buildx", "imagetools", "create", "--prefer-index=false"];
        arguments.extend(names.iter().flat_map(|further| ["--tag", further]));
        arguments.push(name);
        self.output(&arguments).map(|_| ()).map_err(|said| {
            let why = last_line(&said);
            Problem::new(
                Code::BakeFailed,
                format!("{name} cannot be tagged {}: {why}", names.join(", ")),
            )
            .hint("run `docker login` if the registry requires authentication; if the tag is immutable, set another TAG")
        })
    }
}

fn published(said: &str) -> Option<Published> {
    let said: Said = serde_json::from_str(said)
        .inspect_err(|error| tracing::debug!("buildx's answer cannot be read: {error}"))
        .ok()?;
    let images: Vec<PlatformImage> = match said.image {
        Images::One(image) => vec![image],
        Images::ByPlatform(images) => images.into_values().collect(),
    };
    let labels = images
        .iter()
        .filter_map(|image| Some((image.platform.name()?, image.labels())));
    let labels: BTreeMap<_, _> = labels.collect();
    let Index { own, manifests } = said.manifest;
    let digest = own.sha256()?;
    let platforms = match manifests.is_empty() {
        true => labels
            .keys()
            .map(|platform| (platform.clone(), digest.clone()))
            .collect(),
        false => manifests
            .into_iter()
            .filter_map(|one| Some((one.platform?.name()?, one.own.sha256()?)))
            .collect(),
    };
    Some(Published {
        digest,
        labels,
        platforms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

    #[test]
    fn one_image_and_several_are_read() {
        let image = |architecture, more: &str| {
            format!(
                r#"{{"created": "1970-01-01T00:00:00Z", "os": "linux", "architecture": "{architecture}"{more}}}"#
            )
        };
        let said = |images: &str| {
            format!(
                r#"{{"name": "r/api:in-1", "manifest": {{"digest": "{DIGEST}", "size": 1}}, "image": {images}}}"#
            )
        };
        let labelled = r#", "config": {"Labels": {"dev.bakehouse.input-hash": "1", "x": "y"}}"#;
        let one = image("amd64", labelled);
        let other = image("arm64", r#", "variant": "v8", "config": {"User": "0"}"#);
        let amd64 = || ("linux/amd64".to_owned(), Some("1".to_owned()));
        let table = [
            (said(&one), Some(vec![amd64()])),
            (
                said(&format!(
                    r#"{{"linux/amd64": {one}, "linux/arm64": {other}}}"#
                )),
                Some(vec![amd64(), ("linux/arm64".to_owned(), None)]),
            ),
            (
                said(&image("arm", r#", "variant": "v7""#)),
                Some(vec![("linux/arm/v7".to_owned(), None)]),
            ),
            (said(&one).replace("sha256:", "md5:"), None),
            ("{}".to_owned(), None),
        ];
        for (said, expected) in table {
            let expected = expected.map(BTreeMap::from_iter);
            let found = published(&said);
            assert_eq!(
                found.as_ref().map(Published::input_hashes),
                expected,
                "{said}"
            );
            assert!(found.is_none_or(|found| found.digest == DIGEST));
        }
    }

    #[test]
    fn each_platform_has_its_digest_and_attestations_have_none() {
        let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
        let config = r#""config": {"Labels": {}}"#;
        let amd64 = format!(r#"{{"os": "linux", "architecture": "amd64", {config}}}"#);
        let alone = format!(
            r#"{{"manifest": {{"digest": "{}", "size": 1}}, "image": {amd64}}}"#,
            digest("a")
        );
        let entry = |letter: &str, platform: &str| {
            format!(
                r#"{{"digest": "{}", "platform": {platform}}}"#,
                digest(letter)
            )
        };
        let entries = [
            entry("b", r#"{"os": "linux", "architecture": "amd64"}"#),
            entry(
                "c",
                r#"{"os": "linux", "architecture": "arm64", "variant": "v8"}"#,
            ),
            entry("d", r#"{"os": "unknown", "architecture": "unknown"}"#),
        ];
        let index = format!(
            r#"{{"manifest": {{"digest": "{}", "manifests": [{}]}}, "image": {{"linux/amd64": {amd64}}}}}"#,
            digest("a"),
            entries.join(",")
        );
        let table = [
            (alone, vec![("linux/amd64", "a")]),
            (index, vec![("linux/amd64", "b"), ("linux/arm64", "c")]),
        ];
        for (said, expected) in table {
            let found = published(&said).unwrap();
            assert_eq!(found.digest, digest("a"));
            let expected = expected.into_iter();
            let expected = expected.map(|(platform, letter)| (platform.to_owned(), digest(letter)));
            assert_eq!(found.platforms, expected.collect(), "{said}");
        }
    }
}
