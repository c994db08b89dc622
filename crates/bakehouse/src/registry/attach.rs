//! Statements that are attached to images as referrers.

use std::collections::{BTreeMap, BTreeSet};

use super::client::Repository;
use super::digest::Digest;
use super::documents::{
    ATTESTATION, Descriptor, EMPTY, IN_TOTO, Index, Manifest, OCI_INDEX, OCI_MANIFEST,
    PREDICATE_TYPE, pretty,
};
use super::refusal::wrong;
use crate::problem::Problem;

/// The header by which a registry says that it lists a referrer itself.
const SUBJECT_HEADER: &str = "oci-subject";

/// The content of an empty configuration.
const NOTHING: &[u8] = b"{}";

/// The number of times that a list of referrers is written, if others write it at the same time.
const TRIES: usize = 5;

/// A statement of in-toto.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    pub predicate_type: &'a str,
    pub text: &'a [u8],
}

impl Repository<'_> {
    /// Returns the types of the statements that are attached to a manifest.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn attached(&self, digest: &Digest) -> Result<BTreeSet<String>, Problem> {
        let mut types = BTreeSet::new();
        for referrer in self.referrers(digest)? {
            if referrer.is_statement() {
                types.extend(self.predicate_types(&referrer)?);
            }
        }
        Ok(types)
    }

    /// Returns the types of the statements in a manifest of attestations; none if it is not there.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn predicate_types(&self, of: &Descriptor) -> Result<BTreeSet<String>, Problem> {
        if let Some(own) = of.annotations.get(PREDICATE_TYPE) {
            return Ok(BTreeSet::from([own.clone()]));
        }
        let Some(fetched) = self.manifest(of.digest.as_str())? else {
            return Ok(BTreeSet::new());
        };
        let manifest: Manifest = fetched.parse(self)?;
        let layers = manifest.layers.into_iter();
        let types = layers.filter_map(|mut layer| layer.annotations.remove(PREDICATE_TYPE));
        Ok(types.collect())
    }

    /// Attaches a statement to a manifest. The same statement again changes nothing. Where the registry has no API for
    /// referrers, it is added to the list with the tag after the digest.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn attach(&self, subject: &Descriptor, statement: &Statement<'_>) -> Result<(), Problem> {
        self.put_blob(NOTHING)?;
        self.put_blob(statement.text)?;
        let manifest = manifest(subject, statement);
        let bytes = pretty(&manifest);
        let referrer = Descriptor {
            annotations: manifest.annotations,
            artifact_type: manifest.artifact_type,
            ..descriptor(OCI_MANIFEST, &bytes)
        };
        let headers = self.put(referrer.digest.as_str(), OCI_MANIFEST, &bytes)?;
        match headers.contains_key(SUBJECT_HEADER) {
            true => Ok(()),
            false => self.list(&subject.digest, &referrer),
        }
    }

    /// Adds a referrer to the list of a manifest, which somebody else may write at the same time.
    fn list(&self, about: &Digest, referrer: &Descriptor) -> Result<(), Problem> {
        let tag = about.fallback_tag();
        for _ in 0..TRIES {
            let mut index = match self.manifest(&tag)? {
                Some(list) => list.parse::<Index>(self)?,
                None => Index {
                    schema_version: 2,
                    media_type: Some(OCI_INDEX.to_owned()),
                    artifact_type: None,
                    manifests: Vec::new(),
                    subject: None,
                    annotations: BTreeMap::new(),
                },
            };
            let mut known = index.manifests.iter();
            if known.any(|one| one.digest == referrer.digest) {
                return Ok(());
            }
            index.manifests.push(referrer.clone());
            self.put_manifest(&tag, OCI_INDEX, &pretty(&index))?;
        }
        let asked = format!("the list {tag}");
        let why = format!("{} is not in it after it was written", referrer.digest);
        Err(wrong(self.name, &asked, &why))
    }
}

/// Returns the manifest of a statement, in the form in which BuildKit stores attestations as artifacts of OCI.
fn manifest(subject: &Descriptor, statement: &Statement<'_>) -> Manifest {
    let predicate = (
        PREDICATE_TYPE.to_owned(),
        statement.predicate_type.to_owned(),
    );
    let annotations = BTreeMap::from([predicate]);
    Manifest {
        schema_version: 2,
        media_type: Some(OCI_MANIFEST.to_owned()),
        artifact_type: Some(ATTESTATION.to_owned()),
        config: descriptor(EMPTY, NOTHING),
        layers: vec![Descriptor {
            annotations: annotations.clone(),
            ..descriptor(IN_TOTO, statement.text)
        }],
        subject: Some(subject.clone()),
        annotations,
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor::new(media_type, Digest::of(bytes), bytes.len() as u64)
}
