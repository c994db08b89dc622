//! Referrers: what is published about an image, such as signatures.

use ureq::http::{Method, header};

use super::client::{Repository, Request};
use super::digest::Digest;
use super::documents::{Descriptor, Index, OCI_INDEX};
use super::refusal::wrong;
use super::tags::next_page;
use crate::problem::Problem;

/// The largest list that is read.
const LARGEST: u64 = 4 * 1024 * 1024;

impl Repository<'_> {
    /// Returns the referrers of a manifest. Where the registry has no API for them, they are in a list with a tag after
    /// the digest.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, Problem> {
        let asked = format!("the referrers of {}", digest.short());
        let mut found = Vec::new();
        let mut next = Some(self.url(&format!("referrers/{digest}")));
        while let Some(url) = next {
            let request =
                Request::new(Method::GET, url.clone(), &asked).header(header::ACCEPT, OCI_INDEX);
            let mut answer = self.send(&request)?;
            match answer.status().as_u16() {
                200 => {}
                404 if found.is_empty() => return self.listed_referrers(digest),
                _ => return Err(self.refused(&request, &mut answer)),
            }
            next = next_page(self.name, answer.headers()).filter(|next| *next != url);
            let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
            let index = body.map_err(|error| error.to_string()).and_then(|body| {
                serde_json::from_slice::<Index>(&body).map_err(|error| error.to_string())
            });
            let index = index.map_err(|why| wrong(self.name, &asked, &why))?;
            found.extend(index.manifests);
        }
        Ok(found)
    }

    fn listed_referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, Problem> {
        let Some(list) = self.manifest(&digest.fallback_tag())? else {
            return Ok(Vec::new());
        };
        Ok(list.parse::<Index>(self)?.manifests)
    }
}
