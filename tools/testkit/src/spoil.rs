//! Spoils what a registry holds.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::runner::registry;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Deletes every layer that manifests in `repository` of the registry name, as a clean-up that went wrong, and tells
/// how many there were.
///
/// # Panics
/// When the registry does not answer.
#[track_caller]
pub fn lose_layers(repository: &str) -> usize {
    let mut layers = BTreeSet::new();
    for (_, manifest) in manifests(repository) {
        for layer in manifest["layers"].as_array().into_iter().flatten() {
            layers.insert(layer["digest"].as_str().unwrap_or_default().to_owned());
        }
    }
    for layer in &layers {
        ask("DELETE", repository, &format!("blobs/{layer}"), "");
    }
    layers.len()
}

/// Makes every manifest in `repository` of the registry say that its configuration is larger than BuildKit reads, as
/// it is when a builder remembers thousands of builds.
///
/// # Panics
/// When the registry does not answer.
#[track_caller]
pub fn make_too_large(repository: &str) {
    for (tag, mut manifest) in manifests(repository) {
        manifest["config"]["size"] = Value::from(2 << 20);
        let path = format!("manifests/{tag}");
        ask("PUT", repository, &path, &manifest.to_string());
    }
}

/// By tag.
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

/// The body of the registry's answer.
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
