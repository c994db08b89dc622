//! The exact contents of an image, in a form that can be compared with another image.

use std::collections::BTreeMap;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::ran::Ran;

/// The image as lines of text: one for each value of its configuration and for each file of its layers, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    parts: BTreeMap<String, String>,
}

impl Contents {
    /// Reads an image for the engine's own platform from the engine at `host`.
    ///
    /// # Panics
    /// If there is no such image.
    #[track_caller]
    pub fn of(host: Option<&str>, image: &str) -> Self {
        let docker = || {
            let mut command = Command::new("docker");
            if let Some(host) = host {
                command.env("DOCKER_HOST", host);
            }
            command
        };
        let folder = tempfile::tempdir().expect("a folder can be made");
        let dir = Utf8Path::from_path(folder.path()).expect("its name is UTF-8");
        let archive = dir.join("image.tar");
        let _ = Ran::of(docker().args(["save", "--output", archive.as_str(), image])).succeeded();
        let _ = Ran::of(Command::new("tar").args(["-C", dir.as_str(), "-xf", archive.as_str()]))
            .succeeded();
        let blob = |digest: &str| dir.join("blobs").join(digest.replace(':', "/"));
        let mut manifest = json(&dir.join("index.json"));
        while let Some(digest) = manifest["manifests"][0]["digest"].as_str() {
            manifest = json(&blob(digest));
        }
        let mut parts = BTreeMap::new();
        let digest_of = |what: &Value| blob(what["digest"].as_str().unwrap_or_default());
        values("config", &json(&digest_of(&manifest["config"])), &mut parts);
        let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
        for (number, layer) in layers.iter().enumerate() {
            files(number, &digest_of(layer), &mut parts);
        }
        Self { parts }
    }

    /// Returns the differences to `other`: files by layer, and values of the configuration.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let nothing = "nothing".to_owned();
        let names = self.parts.keys().chain(other.parts.keys());
        let names: std::collections::BTreeSet<&String> = names.collect();
        names
            .into_iter()
            .filter_map(|name| {
                let one = self.parts.get(name).unwrap_or(&nothing);
                let two = other.parts.get(name).unwrap_or(&nothing);
                (one != two).then(|| format!("{name}: {one}, and {two}"))
            })
            .collect()
    }
}

#[track_caller]
fn json(path: &Utf8PathBuf) -> Value {
    let text = fs_err::read(path).expect("an image's archive can be read");
    serde_json::from_slice(&text).expect("an image's archive has JSON")
}

fn values(name: &str, value: &Value, parts: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                values(&format!("{name}.{key}"), value, parts);
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                values(&format!("{name}.{number}"), value, parts);
            }
        }
        other => {
            parts.insert(name.to_owned(), other.to_string());
        }
    }
}

/// Adds each file with mode, owner, size, time and a checksum of its content.
#[track_caller]
fn files(layer: usize, archive: &Utf8PathBuf, parts: &mut BTreeMap<String, String>) {
    let list = [
        "--list",
        "--verbose",
        "--numeric-owner",
        "--full-time",
        "--utc",
        "--file",
    ];
    let listed = Ran::of(Command::new("tar").args(list).arg(archive)).succeeded();
    for line in listed.stdout.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (about, path) = words.split_at(words.len().min(5));
        parts.insert(format!("layer {layer} {}", path.join(" ")), about.join(" "));
    }
    let sum = "--to-command=echo \"$TAR_FILENAME $(sha256sum | cut -c 1-16)\"";
    let summed = Ran::of(
        Command::new("tar")
            .args(["--extract", sum, "--file"])
            .arg(archive),
    )
    .succeeded();
    for line in summed.stdout.lines() {
        if let Some((path, sum)) = line.rsplit_once(' ') {
            parts.insert(format!("layer {layer} {path} (content)"), sum.to_owned());
        }
    }
}
