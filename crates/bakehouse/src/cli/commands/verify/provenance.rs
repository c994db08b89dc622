//! Provenance attestations, in the list of an image's platforms or attached to it: who built it, and from what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::Problem;
use crate::registry::documents::{Manifest, PREDICATE_TYPE, REFERENCE_DIGEST};
use crate::registry::{Digest, Fetched, Published, Repository};

/// The statements of the provenance of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// The address of the builder's run; empty if it names none, as builders outside of a forge.
    pub builder: String,
    /// The commit that was built.
    pub commit: Option<String>,
    /// The images that it was built from, with their digests.
    pub images: Vec<String>,
}

/// The beginnings of the types of provenance.
const PROVENANCE: &str = "https://slsa.dev/provenance/";

/// A statement about an image.
#[derive(Deserialize)]
struct Statement {
    #[serde(default)]
    subject: Vec<Subject>,
    #[serde(default)]
    predicate: Value,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

/// Reads the provenance of each platform's image, by its digest.
///
/// # Errors
/// `registry-…`.
pub fn read(
    repository: &Repository<'_>,
    published: &Published,
) -> Result<BTreeMap<Digest, Result<Provenance, String>>, Problem> {
    let mut found = BTreeMap::new();
    for attestation in published.attestations() {
        let about = attestation.annotations.get(REFERENCE_DIGEST);
        let Some(about) = about.and_then(|digest| Digest::parse(digest)) else {
            continue;
        };
        let Some(manifest) = repository.manifest(attestation.digest.as_str())? else {
            let why = format!(
                "its attestation {} is not there",
                attestation.digest.short()
            );
            found.insert(about, Err(why));
            continue;
        };
        let statement = in_manifest(repository, &manifest)?;
        if let Some(statement) = statement {
            found.insert(about.clone(), of_statement(&statement, &about));
        }
    }
    add_attached(repository, published, &mut found)?;
    Ok(found)
}

/// Adds what is attached to the image or to that of a platform, where the list has nothing. If several statements are
/// attached, one that holds is enough.
fn add_attached(
    repository: &Repository<'_>,
    published: &Published,
    found: &mut BTreeMap<Digest, Result<Provenance, String>>,
) -> Result<(), Problem> {
    let platforms = published.images.iter().map(|image| &image.digest);
    let lacking: BTreeSet<Digest> = platforms
        .filter(|digest| !found.contains_key(*digest))
        .cloned()
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let places = lacking.iter().chain([&published.digest]);
    let places: BTreeSet<&Digest> = places.collect();
    for place in places {
        let referrers = repository.referrers(place)?;
        for referrer in referrers.iter().filter(|one| one.is_statement()) {
            let Some(manifest) = repository.manifest(referrer.digest.as_str())? else {
                continue;
            };
            let Some(statement) = in_manifest(repository, &manifest)? else {
                continue;
            };
            let about = lacking
                .iter()
                .filter(|about| place == *about || *place == published.digest);
            for about in about {
                let read = of_statement(&statement, about);
                if read.is_ok() || !found.contains_key(about) {
                    found.insert(about.clone(), read);
                }
            }
        }
    }
    Ok(())
}

/// Returns the statement of provenance in a manifest of attestations.
fn in_manifest(
    repository: &Repository<'_>,
    manifest: &Fetched,
) -> Result<Option<Vec<u8>>, Problem> {
    let manifest: Manifest = manifest.parse(repository)?;
    let layer = manifest.layers.iter().find(|layer| {
        let kind = layer.annotations.get(PREDICATE_TYPE);
        kind.is_some_and(|kind| kind.starts_with(PROVENANCE))
    });
    layer.map(|layer| repository.blob(layer)).transpose()
}

/// Reads a statement about the image with this digest.
///
/// # Errors
/// The reason why it says nothing about it.
fn of_statement(statement: &[u8], about: &Digest) -> Result<Provenance, String> {
    let statement: Statement = serde_json::from_slice(statement)
        .map_err(|error| format!("its provenance cannot be read: {error}"))?;
    let hex = about.as_str().trim_start_matches("sha256:");
    let is_it = |subject: &Subject| subject.digest.get("sha256").is_some_and(|own| own == hex);
    if !statement.subject.iter().any(is_it) {
        return Err("its provenance is about another image".to_owned());
    }
    let predicate = &statement.predicate;
    let text = |pointers: &[&str]| {
        let mut values = pointers
            .iter()
            .filter_map(|pointer| predicate.pointer(pointer));
        values.find_map(Value::as_str).map(str::to_owned)
    };
    let builder = text(&["/builder/id", "/runDetails/builder/id"]);
    let commit = text(&[
        "/metadata/https:~1~1mobyproject.org~1buildkit@v1#metadata/vcs/revision",
        "/runDetails/metadata/buildkit_metadata/vcs/revision",
        "/invocation/configSource/digest/sha1",
        "/buildDefinition/externalParameters/configSource/digest/sha1",
    ]);
    let materials = ["/materials", "/buildDefinition/resolvedDependencies"];
    let mut materials = materials
        .iter()
        .filter_map(|at| predicate.pointer(at)?.as_array());
    let materials = materials.next().into_iter().flatten();
    Ok(Provenance {
        builder: builder.unwrap_or_default(),
        commit,
        images: materials.filter_map(image).collect(),
    })
}

/// Returns the name of the image that a material is, with its digest.
fn image(material: &Value) -> Option<String> {
    let uri = material["uri"].as_str()?.strip_prefix("pkg:docker/")?;
    let digest = material["digest"]["sha256"].as_str()?;
    let (name, _) = uri.split_once('?').unwrap_or((uri, ""));
    let (name, tag) = match name.rsplit_once('@') {
        Some((name, tag)) => (name, format!(":{tag}")),
        None => (name, String::new()),
    };
    Some(format!("{name}{tag}@sha256:{digest}").replace("%2F", "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_provenance_are_read() {
        let about = Digest::of(b"image");
        let hex = about.as_str().trim_start_matches("sha256:");
        let materials = r#"[{"uri":"pkg:docker/debian@bookworm-slim?platform=linux%2Famd64","digest":{"sha256":"ab"}},{"uri":"https://github.com/acme/shop","digest":{"sha1":"0123"}},{"uri":"pkg:docker/ghcr.io/acme/base?digest=sha256:cd","digest":{"sha256":"cd"}}]"#;
        let predicates = [
            format!(
                r#"{{"builder":{{"id":"https://ci/1"}},"materials":{materials},"metadata":{{"https://mobyproject.org/buildkit@v1#metadata":{{"vcs":{{"revision":"0123"}}}}}}}}"#
            ),
            format!(
                r#"{{"builder":{{"id":"https://ci/1"}},"materials":{materials},"invocation":{{"configSource":{{"digest":{{"sha1":"0123"}}}}}}}}"#
            ),
            format!(
                r#"{{"buildDefinition":{{"resolvedDependencies":{materials}}},"runDetails":{{"builder":{{"id":"https://ci/1"}},"metadata":{{"buildkit_metadata":{{"vcs":{{"revision":"0123"}}}}}}}}}}"#
            ),
        ];
        for predicate in predicates {
            let statement = |hex: &str| {
                format!(
                    r#"{{"subject":[{{"digest":{{"sha256":"{hex}"}}}}],"predicate":{predicate}}}"#
                )
            };
            let read = of_statement(statement(hex).as_bytes(), &about).unwrap();
            let expected = Provenance {
                builder: "https://ci/1".to_owned(),
                commit: Some("0123".to_owned()),
                images: vec![
                    "debian:bookworm-slim@sha256:ab".to_owned(),
                    "ghcr.io/acme/base@sha256:cd".to_owned(),
                ],
            };
            assert_eq!(read, expected);
            let other = of_statement(statement("00").as_bytes(), &about);
            assert_eq!(other.unwrap_err(), "its provenance is about another image");
        }
        let bare = format!(r#"{{"subject":[{{"digest":{{"sha256":"{hex}"}}}}]}}"#);
        assert_eq!(
            of_statement(bare.as_bytes(), &about),
            Ok(Provenance::default())
        );
        assert!(of_statement(b"x", &about).is_err());
    }
}
