//! The builder's traces, which tell what a build's progress does not: when the process of a step began.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::Engine;
use super::temporary::temporary_file;

/// The event at which BuildKit has all mounts of a step and creates its container.
const BEGUN: &str = "Container created";

/// A span of a trace, with what of it is read.
#[derive(Deserialize)]
struct TraceSpan {
    #[serde(rename = "Attributes")]
    attributes: Option<Vec<Attribute>>,
    #[serde(rename = "Events")]
    events: Option<Vec<Event>>,
}

#[derive(Deserialize)]
struct Attribute {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Value")]
    value: AttributeValue,
}

#[derive(Deserialize)]
struct AttributeValue {
    #[serde(rename = "Value")]
    value: serde_json::Value,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Time")]
    time: String,
}

impl Engine {
    /// Returns when the processes of steps began, by the steps' digests, from the traces of these builds. A step that
    /// another build ran is missing, and all are if the builder keeps no traces or buildx is too old to export them.
    pub fn processes(&self, builder: &str, builds: &[&str]) -> BTreeMap<String, Timestamp> {
        let Ok(file) = temporary_file("bakehouse-trace-", "", "") else {
            return BTreeMap::new();
        };
        let Some(path) = file.path().to_str() else {
            return BTreeMap::new();
        };
        let export = ["buildx", "--builder", builder, "history", "export"];
        let arguments = [&export[..], &["--finalize", "--output", path], builds].concat();
        if let Err(said) = self.output(&arguments) {
            tracing::debug!("the builder exports no traces: {said}");
        }
        read(file.path())
    }
}

/// Reads an export: a compressed archive of JSON files, some of which are traces.
fn read(path: &Path) -> BTreeMap<String, Timestamp> {
    let archive = fs_err::read(path).ok().and_then(|bytes| unzip(&bytes));
    let archive = archive.unwrap_or_default();
    files(&archive).into_iter().flat_map(begun).collect()
}

/// Decompresses gzip as Go writes it: with a header of ten bytes, and a checksum and a length at the end.
fn unzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let compressed = bytes.strip_prefix(&[0x1f, 0x8b, 8, 0])?.get(6..)?;
    miniz_oxide::inflate::decompress_to_vec(compressed).ok()
}

/// Returns the contents of the files of a tar archive.
fn files(mut archive: &[u8]) -> Vec<&[u8]> {
    /// The size of a header, and the unit of contents.
    const BLOCK: usize = 512;
    let mut files = Vec::new();
    while let Some((header, rest)) = archive.split_at_checked(BLOCK) {
        let size = str::from_utf8(&header[124..136]).unwrap_or_default();
        let size = usize::from_str_radix(size.trim_matches(['\0', ' ']), 8);
        let Some(content) = size.ok().and_then(|size| rest.get(..size)) else {
            break;
        };
        files.push(content);
        archive = rest
            .get(content.len().next_multiple_of(BLOCK)..)
            .unwrap_or_default();
    }
    files
}

/// Returns the beginnings of the processes of a trace; nothing for another file.
fn begun(file: &[u8]) -> BTreeMap<String, Timestamp> {
    let spans = serde_json::Deserializer::from_slice(file).into_iter::<TraceSpan>();
    let begun = |span: TraceSpan| {
        let mut events = span.events?.into_iter();
        let begun = events.find(|event| event.name == BEGUN)?;
        let mut attributes = span.attributes?.into_iter();
        let vertex = attributes.find(|attribute| attribute.key == "vertex")?;
        let vertex = vertex.value.value.as_str()?.to_owned();
        Some((vertex, begun.time.parse().ok()?))
    };
    spans.map_while(Result::ok).filter_map(begun).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"
{"Name": "build", "Attributes": null, "Events": null}
{
  "Name": "[deps 1/1] RUN",
  "Attributes": [{"Key": "vertex", "Value": {"Type": "STRING", "Value": "sha256:1"}}],
  "Events": [
    {"Name": "ExecOp started", "Time": "2026-11-30T15:46:56.5Z"},
    {"Name": "Container created", "Time": "2026-11-30T15:47:06.25Z"}
  ]
}
{"Attributes": [{"Key": "vertex", "Value": {"Value": "sha256:2"}}], "Events": [{"Name": "other", "Time": "2026-11-30T15:46:56.5Z"}]}
"#;

    #[test]
    fn the_beginnings_of_processes_are_read_from_an_export() {
        let mut archive = Vec::new();
        for text in ["{\"schemaVersion\": 2}", TRACE, "no JSON"] {
            let mut header = [0; 512];
            header[124..136].copy_from_slice(format!("{:011o}\0", text.len()).as_bytes());
            archive.extend(header);
            archive.extend(text.bytes());
            archive.resize(archive.len().next_multiple_of(512), 0);
        }
        archive.extend([0; 1024]);
        let mut zipped = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
        zipped.extend(miniz_oxide::deflate::compress_to_vec(&archive, 6));
        zipped.extend([0; 8]);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &zipped).unwrap();
        let expected = "2026-11-30T15:47:06.25Z".parse().unwrap();
        assert_eq!(
            read(file.path()),
            BTreeMap::from([("sha256:1".to_owned(), expected)])
        );
        for length in [0, 5, 40, zipped.len() / 2] {
            std::fs::write(file.path(), &zipped[..length]).unwrap();
            assert!(read(file.path()).is_empty(), "{length} bytes of it");
        }
    }
}
