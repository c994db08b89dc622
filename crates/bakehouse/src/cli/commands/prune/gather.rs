//! The tags of a repository, and when their images were made, read from the registry.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use jiff::Timestamp;
use serde::Deserialize;

use super::decide::{Tag, TagKind};
use crate::documents::labels::{CREATED_LABEL, REVISION_LABEL};
use crate::git::commits::committed;
use crate::graph::parallel::parallel_map;
use crate::problem::Problem;
use crate::registry::documents::{Index, is_index};
use crate::registry::{Digest, PlatformImage, Repository};

/// Returns all tags; `None` if there is no such repository.
///
/// # Errors
/// `registry-…`.
pub fn tags(repository: &Repository<'_>) -> Result<Option<Vec<Tag>>, Problem> {
    let Some(names) = repository.tags()? else {
        return Ok(None);
    };
    let tags = parallel_map(&names, |name| tag(repository, name));
    let tags = tags.into_iter().filter_map(Result::transpose);
    tags.collect::<Result<_, _>>().map(Some)
}

/// Returns a tag; `None` if it went away meanwhile.
fn tag(repository: &Repository<'_>, name: &str) -> Result<Option<Tag>, Problem> {
    let Some(manifest) = repository.manifest(name)? else {
        return Ok(None);
    };
    let parts = match is_index(&manifest.media_type) {
        true => {
            let index: Index = manifest.parse(repository)?;
            index
                .manifests
                .into_iter()
                .map(|part| part.digest)
                .collect()
        }
        false => BTreeSet::new(),
    };
    Ok(Some(Tag {
        name: name.to_owned(),
        digest: manifest.digest,
        parts,
    }))
}

/// The part of a configuration that says when an image was made.
#[derive(Deserialize)]
struct Made {
    created: Option<String>,
    config: Option<Labelled>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Labelled {
    labels: Option<BTreeMap<String, String>>,
}

/// Returns when the digests with a tag of `build` were made, as far as images say so: by their time, unless it is 1970;
/// by the label of their time; or by the commit that they are labelled with, if the repository at `root` has it.
///
/// # Errors
/// `registry-…`.
pub fn dates(
    repository: &Repository<'_>,
    tags: &[Tag],
    root: &Utf8Path,
) -> Result<BTreeMap<Digest, Timestamp>, Problem> {
    let own = tags
        .iter()
        .filter(|tag| TagKind::of(&tag.name) == TagKind::Hash);
    let digests: BTreeSet<&Digest> = own.map(|tag| &tag.digest).collect();
    let digests = Vec::from_iter(digests);
    let dates = parallel_map(&digests, |digest| {
        let published = repository.published(digest.as_str())?;
        let images = published.into_iter().flat_map(|published| published.images);
        let latest = images.filter_map(|image| made(&image, root)).max();
        Ok(latest.map(|date| ((*digest).clone(), date)))
    });
    let dates = dates.into_iter().filter_map(Result::transpose);
    dates.collect()
}

fn made(image: &PlatformImage, root: &Utf8Path) -> Option<Timestamp> {
    let made: Made = serde_json::from_slice(&image.configuration).ok()?;
    let parse = |text: &String| text.parse::<Timestamp>().ok();
    let own = made.created.as_ref().and_then(parse);
    let own = own.filter(|time| *time > Timestamp::UNIX_EPOCH);
    let labels = made.config.and_then(|config| config.labels);
    let labels = labels.unwrap_or_default();
    own.or_else(|| labels.get(CREATED_LABEL).and_then(parse))
        .or_else(|| committed(root, labels.get(REVISION_LABEL)?))
}
