//! Manifests and lists of them.

use serde::de::DeserializeOwned;
use ureq::http::{HeaderMap, Method, header};

use super::client::{Repository, Request};
use super::digest::Digest;
use super::documents::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use super::refusal::wrong;
use crate::problem::{Code, Problem};

/// The largest manifest that registries take.
const LARGEST: u64 = 4 * 1024 * 1024;

const DIGEST_HEADER: &str = "docker-content-digest";

/// A manifest, as it came.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub digest: Digest,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl Repository<'_> {
    /// Returns the manifest with this tag or digest, if there is one.
    ///
    /// # Errors
    /// `registry-…`, also if the content does not have its digest.
    pub fn manifest(&self, reference: &str) -> Result<Option<Fetched>, Problem> {
        let asked = format!("the manifest {reference}");
        let request = Request::new(Method::GET, self.manifest_url(reference), &asked)
            .header(header::ACCEPT, accepted());
        let Some(mut answer) = self.find(&request)? else {
            return Ok(None);
        };
        let text = |name: &str| {
            let value = answer.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let media_type = text("content-type").unwrap_or_default();
        let promised = Digest::parse(reference).or_else(|| Digest::parse(&text(DIGEST_HEADER)?));
        let body = answer.body_mut().with_config().limit(LARGEST);
        let bytes = body.read_to_vec();
        let bytes = bytes.map_err(|error| wrong(self.name, &asked, &error.to_string()))?;
        let digest = Digest::of(&bytes);
        if promised.is_some_and(|promised| promised != digest) {
            return Err(wrong(
                self.name,
                &asked,
                &format!("its content is {digest}"),
            ));
        }
        Ok(Some(Fetched {
            digest,
            media_type,
            bytes,
        }))
    }

    /// Returns the digest of the manifest with this tag, if there is one.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn digest(&self, tag: &str) -> Result<Option<Digest>, Problem> {
        let asked = format!("the digest of {tag}");
        let request = Request::new(Method::HEAD, self.manifest_url(tag), &asked)
            .header(header::ACCEPT, accepted());
        let Some(answer) = self.find(&request)? else {
            return Ok(None);
        };
        let header = answer.headers().get(DIGEST_HEADER);
        let told = header.and_then(|value| Digest::parse(value.to_str().ok()?));
        match told {
            Some(digest) => Ok(Some(digest)),
            None => Ok(self.manifest(tag)?.map(|manifest| manifest.digest)),
        }
    }

    /// Puts a manifest there, under a tag or its digest.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn put_manifest(
        &self,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<(), Problem> {
        self.put(reference, media_type, bytes)?;
        Ok(())
    }

    /// Puts a manifest there, and returns the headers of the answer.
    pub(super) fn put(
        &self,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<HeaderMap, Problem> {
        let asked = format!("a new manifest {reference}");
        let request = Request::new(Method::PUT, self.manifest_url(reference), &asked)
            .header(header::CONTENT_TYPE, media_type)
            .header(header::CONTENT_LENGTH, bytes.len().to_string())
            .body(bytes);
        let mut answer = self.send(&request)?;
        match answer.status().as_u16() {
            201 | 202 => Ok(answer.headers().clone()),
            405 => Err(self.read_only(&request, &mut answer)),
            _ => Err(self.refused(&request, &mut answer)),
        }
    }

    /// Deletes a manifest with all its tags. Returns whether it was there.
    ///
    /// # Errors
    /// `registry-refused` if the registry deletes nothing; `registry-…`.
    pub fn delete(&self, digest: &Digest) -> Result<bool, Problem> {
        let asked = format!("the deletion of {}", digest.short());
        let url = self.manifest_url(digest.as_str());
        let request = Request::new(Method::DELETE, url, &asked);
        let mut answer = self.send(&request)?;
        match answer.status().as_u16() {
            200 | 202 | 204 => Ok(true),
            404 => Ok(false),
            400 | 405 => Err(self.read_only(&request, &mut answer)),
            _ => Err(self.refused(&request, &mut answer)),
        }
    }

    /// Returns the problem of a registry that does not let anybody change it, or delete.
    pub(super) fn read_only(
        &self,
        request: &Request<'_>,
        answer: &mut ureq::http::Response<ureq::Body>,
    ) -> Problem {
        self.refusal(request, answer, |refusal| {
            let problem = refusal.problem();
            if request.method == Method::DELETE && refusal.code() == "UNSUPPORTED" {
                return problem.hint(
                    "this registry deletes nothing: set `storage.delete.enabled: true` in its configuration, or REGISTRY_STORAGE_DELETE_ENABLED=true; hosted ones have rules of their own for old tags",
                );
            }
            match problem.code {
                Code::RegistryRefused => problem.hint(
                    "this registry can only be read: unset `storage.maintenance.readonly` in its configuration, or name one that is no mirror or cache of another",
                ),
                _ => problem,
            }
        })
    }

    fn manifest_url(&self, reference: &str) -> String {
        self.url(&format!("manifests/{reference}"))
    }
}

impl Fetched {
    /// Reads the document.
    ///
    /// # Errors
    /// `registry-failed` if it is another one.
    pub fn parse<T: DeserializeOwned>(&self, of: &Repository<'_>) -> Result<T, Problem> {
        serde_json::from_slice(&self.bytes).map_err(|error| {
            let asked = format!("the manifest {}", self.digest.short());
            wrong(of.name, &asked, &error.to_string())
        })
    }
}

fn accepted() -> String {
    [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(", ")
}
