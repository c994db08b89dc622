//! The documents that images consist of, with their keys in the order in which BuildKit writes them: the same content
//! has the same bytes, and so the same digest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use crate::graph::platform::platform_name;

pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// The media type of a statement of in-toto.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The type by which BuildKit, and others after it, name a manifest of such statements.
pub const ATTESTATION: &str = "application/vnd.docker.attestation.manifest.v1+json";
/// The media type of a configuration that says nothing.
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// The media types of layers, as OCI and as Docker call them.
const LAYERS: [(&str, &str); 3] = [
    (
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ),
    (
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar",
    ),
    (
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
    ),
];

/// The annotation of BuildKit by which an attestation says what it is about.
pub const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
pub const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

/// The annotation of a layer with the type of the statement in it.
pub const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// A reference to content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    pub media_type: String,
    pub digest: Digest,
    pub size: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// Returns a reference without further facts.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            data: None,
            platform: None,
            artifact_type: None,
        }
    }

    /// Returns whether it is that of an attestation of BuildKit, which lies beside the images of an index.
    pub fn is_attestation(&self) -> bool {
        self.annotations.contains_key(REFERENCE_TYPE)
    }

    /// Returns whether it is that of a referrer that holds statements.
    pub fn is_statement(&self) -> bool {
        self.artifact_type.as_deref() == Some(ATTESTATION)
    }

    /// Returns the layer with its media type in the form of the images of OCI, or of Docker.
    #[must_use]
    pub fn as_layer(mut self, is_oci: bool) -> Self {
        let own = |(oci, docker): &&(&str, &str)| [*oci, *docker].contains(&&*self.media_type);
        if let Some((oci, docker)) = LAYERS.iter().find(own) {
            self.media_type = if is_oci { *oci } else { *docker }.to_owned();
        }
        self
    }
}

/// A platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Platform {
    pub architecture: String,
    pub os: String,
    #[serde(
        rename = "os.version",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub os_version: Option<String>,
    #[serde(rename = "os.features", default, skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Platform {
    /// Returns the platform as users write it.
    pub fn name(&self) -> String {
        platform_name(&self.os, &self.architecture, self.variant.as_deref())
    }
}

/// The manifest of an image for one platform.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    pub schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    pub config: Descriptor,
    pub layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A list of manifests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    pub schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    pub manifests: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Returns whether a media type is that of a list of manifests.
pub fn is_index(media_type: &str) -> bool {
    [OCI_INDEX, DOCKER_LIST].contains(&media_type)
}

/// Writes a document on several lines, as BuildKit does with manifests and lists.
pub fn pretty(document: &impl Serialize) -> Vec<u8> {
    escaped(serde_json::to_string_pretty(document).expect("strings, numbers and lists are JSON"))
}

/// Writes a document on one line, as BuildKit does with configurations.
pub fn compact(document: &impl Serialize) -> Vec<u8> {
    escaped(serde_json::to_string(document).expect("strings, numbers and lists are JSON"))
}

/// Escapes the characters that Go's JSON escapes, which in a document are only in strings.
fn escaped(json: String) -> Vec<u8> {
    let special = ['<', '>', '&', '\u{2028}', '\u{2029}'];
    if !json.contains(special) {
        return json.into_bytes();
    }
    let mut text = String::with_capacity(json.len() + 32);
    for char in json.chars() {
        match special.contains(&char) {
            true => text.push_str(&format!("\\u{:04x}", u32::from(char))),
            false => text.push(char),
        }
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_go_does() {
        let labels = BTreeMap::from([("a", "<b> & c\u{2028}\u{1f}\u{8}")]);
        let expected = r#"{"a":"\u003cb\u003e \u0026 c\u2028\u001f\b"}"#;
        assert_eq!(String::from_utf8_lossy(&compact(&labels)), expected);
    }

    #[test]
    fn layers_take_the_form_of_their_image() {
        let (oci, docker) = LAYERS[0];
        let layer = Descriptor::new(docker, Digest::of(b""), 0);
        assert_eq!(layer.clone().as_layer(true).media_type, oci);
        assert_eq!(layer.clone().as_layer(false), layer);
        assert_eq!(layer.clone().as_layer(true).as_layer(false), layer);
    }
}
