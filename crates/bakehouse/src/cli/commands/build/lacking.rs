//! The attestations that published images lack.

use std::collections::BTreeSet;

use super::attested::Kinds;
use crate::documents::attestation::SPDX;
use crate::plan::baked::BakedImage;
use crate::problem::Problem;
use crate::registry::{Client, Digest, Repository, RepositoryName};

/// An image in a repository, which lacks something.
pub struct Lacking<'a> {
    pub image: &'a BakedImage,
    pub repository: RepositoryName,
    pub digest: Digest,
    pub kinds: Kinds,
}

impl Lacking<'_> {
    /// Says in front of a problem whose attestations it is about.
    pub fn about(&self, mut problem: Problem) -> Problem {
        let RepositoryName { host, path } = &self.repository;
        problem.message = format!(
            "the attestations of `{}`, {}, cannot be attached in {host}/{path}: {}",
            self.image.name,
            self.digest.short(),
            problem.message
        );
        problem
    }

    /// Returns what is wanted and not there: neither attached nor in the list that the digest names.
    pub fn lacks(&self, client: &Client) -> Result<Kinds, Problem> {
        let repository = client.repository(&self.repository);
        let mut there = repository.attached(&self.digest)?;
        let lacks = |there: &BTreeSet<String>| {
            let has = |kind: &str| there.iter().any(|one| one.starts_with(kind));
            Kinds {
                provenance: self.kinds.provenance && !has("https://slsa.dev/provenance/"),
                sbom: self.kinds.sbom && !has(SPDX),
            }
        };
        let lacking = lacks(&there);
        if lacking.any() {
            there.extend(in_list(&repository, &self.digest)?);
        }
        Ok(lacks(&there))
    }
}

/// Returns the types of the statements that BuildKit put beside the platforms of an image.
fn in_list(repository: &Repository<'_>, digest: &Digest) -> Result<BTreeSet<String>, Problem> {
    let index = repository.index(digest)?;
    let manifests = index.iter().flat_map(|index| &index.manifests);
    let mut types = BTreeSet::new();
    for attestation in manifests.filter(|manifest| manifest.is_attestation()) {
        types.extend(repository.predicate_types(attestation)?);
    }
    Ok(types)
}
