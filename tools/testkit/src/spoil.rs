//! Damages the contents of a registry.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;

use camino::Utf8PathBuf;
use fs_err as fs;
use serde_json::Value;

use crate::runner::registry;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Deletes every layer that manifests in `repository` of the registry name, like a clean-up that went wrong. Returns
/// their number.
///
/// # Panics
/// If the registry does not answer.
#[track_caller]
pub fn lose_layers(repository: &str) -> usize {
    let layers = layers(repository);
    for layer in &layers {
        ask("DELETE", repository, &format!("blobs/{layer}"), "");
    }
    layers.len()
}

/// Layers of the registry whose content does not match their digests. Dropping this value restores them: repositories
/// share layers, and the registry does not accept a layer again that it already has.
#[derive(Debug)]
pub struct Corrupted(BTreeMap<Utf8PathBuf, Vec<u8>>);

impl Corrupted {
    /// Overwrites every layer that manifests in these repositories name, like a failing disk. Their sizes stay the
    /// same.
    ///
    /// # Panics
    /// If there are no layers, or the registry's data is not where `tools/engine` puts it.
    #[track_caller]
    pub fn layers<'a>(repositories: impl IntoIterator<Item = &'a str>) -> Self {
        let state = std::env::var("BAKEHOUSE_STATE");
        let state = Utf8PathBuf::from(state.unwrap_or_else(|_| "/var/lib/bakehouse".to_owned()));
        let blobs = state.join("registry/docker/registry/v2/blobs/sha256");
        let layers: BTreeSet<String> = repositories.into_iter().flat_map(layers).collect();
        assert!(!layers.is_empty(), "no layers to corrupt");
        let mut before = BTreeMap::new();
        for layer in layers {
            let hex = layer.trim_start_matches("sha256:");
            let data = blobs.join(&hex[..2]).join(hex).join("data");
            let bytes = fs::read(&data).expect("the registry has the layer");
            let other: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
            fs::write(&data, other).expect("a layer can be written");
            before.insert(data, bytes);
        }
        Self(before)
    }
}

impl Drop for Corrupted {
    fn drop(&mut self) {
        for (data, bytes) in &self.0 {
            // A layer that was deleted meanwhile is not restored.
            if data.exists() {
                let _ = fs::write(data, bytes);
            }
        }
    }
}

/// Returns the digests of the layers that manifests in `repository` name.
#[track_caller]
fn layers(repository: &str) -> BTreeSet<String> {
    let manifests = manifests(repository);
    let layers = manifests
        .iter()
        .filter_map(|(_, manifest)| manifest["layers"].as_array());
    let digests = layers
        .flatten()
        .filter_map(|layer| layer["digest"].as_str());
    digests.map(str::to_owned).collect()
}

/// Makes every manifest in `repository` of the registry state a configuration larger than BuildKit reads, as for a
/// builder that remembers thousands of builds.
///
/// # Panics
/// If the registry does not answer.
#[track_caller]
pub fn make_too_large(repository: &str) {
    for (tag, mut manifest) in manifests(repository) {
        manifest["config"]["size"] = Value::from(2 << 20);
        let path = format!("manifests/{tag}");
        ask("PUT", repository, &path, &manifest.to_string());
    }
}

/// Returns the manifests by tag.
#[track_caller]
fn manifests(repository: &str) -> Vec<(String, Value)> {
    let parsed = |path: &str| -> Value {
        serde_json::from_str(&ask("GET", repository, path, "")).expect("the answer is JSON")
    };
    let tags = parsed("tags/list");
    let tags = tags["tags"].as_array().into_iter().flatten();
    tags.filter_map(Value::as_str)
        .map(|tag| (tag.to_owned(), parsed(&format!("manifests/{tag}"))))
        .collect()
}

/// Returns the body of the registry's response.
#[track_caller]
fn ask(method: &str, repository: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(registry()).expect("the registry is there");
    let request = format!(
        "{method} /v2/{repository}/{path} HTTP/1.0\r\nHost: {}\r\nAccept: {MANIFEST}\r\n\
         Content-Type: {MANIFEST}\r\nContent-Length: {}\r\n\r\n{body}",
        registry(),
        body.len()
    );
    let mut answer = String::new();
    stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.read_to_string(&mut answer))
        .expect("the registry answers");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    assert!(status.starts_with('2'), "{request}{answer}");
    body.to_owned()
}
