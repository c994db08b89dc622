//! Lists of tags, page by page.

use serde::Deserialize;
use ureq::http::{HeaderMap, Method, header};

use super::client::{Repository, Request, absolute};
use super::reference::RepositoryName;
use super::refusal::wrong;
use crate::problem::Problem;

/// The tags that are asked for at a time.
const PAGE: usize = 1000;

/// The largest page that is read.
const LARGEST: u64 = 16 * 1024 * 1024;

#[derive(Deserialize)]
struct Page {
    /// Null in an empty repository.
    tags: Option<Vec<String>>,
}

impl Repository<'_> {
    /// Returns all tags, in the registry's order; `None` if there is no such repository.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn tags(&self) -> Result<Option<Vec<String>>, Problem> {
        let mut tags = Vec::new();
        let mut next = Some(self.url(&format!("tags/list?n={PAGE}")));
        while let Some(url) = next {
            let request = Request::new(Method::GET, url.clone(), "the tags");
            let Some(mut answer) = self.find(&request)? else {
                return Ok(None);
            };
            next = next_page(self.name, answer.headers()).filter(|next| *next != url);
            let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
            let page = body.map_err(|error| error.to_string()).and_then(|body| {
                serde_json::from_slice::<Page>(&body).map_err(|error| error.to_string())
            });
            let page = page.map_err(|why| wrong(self.name, "the tags", &why))?;
            tags.extend(page.tags.unwrap_or_default());
        }
        Ok(Some(tags))
    }
}

/// Returns the address of the next page from the header `Link`.
pub(super) fn next_page(repository: &RepositoryName, headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(header::LINK).iter();
    let links = links.filter_map(|value| value.to_str().ok());
    let mut parts = links.flat_map(|link| link.split(", "));
    let next = parts.find(|part| part.contains("rel=\"next\"") || part.contains("rel=next"))?;
    let address = next.trim().strip_prefix('<')?.split('>').next()?;
    Some(absolute(repository, address))
}
