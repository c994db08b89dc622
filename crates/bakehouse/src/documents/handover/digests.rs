//! The images of a push with their digests. `build --push --digests` writes them down, and `handover` reads them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::plan::config::image_name::{self, Fault, Form};

/// The version of the file.
pub const VERSION: u32 = 1;

/// The images of a push, services first.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Digests {
    pub version: u32,
    pub images: Vec<PushedImage>,
}

/// An image that is in its registries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PushedImage {
    /// The name of the service or of the image of `[images]`.
    pub name: String,
    /// The name of the image by the configuration, without a tag. A push to another registry has other names.
    pub image: String,
    /// The digest that a reference takes: that of the index if there are several platforms.
    pub digest: String,
    /// The digest of the image for each platform.
    pub platforms: BTreeMap<String, String>,
    /// The places of the image, the first one of `REGISTRY` first; never empty.
    pub repositories: Vec<Repository>,
    /// The input hash; none if a variable or an argument decided about the image, too.
    pub input_hash: Option<String>,
    /// `built`, `cached` or `baked`; `skipped` if the registry had it.
    pub result: String,
}

/// A repository that has an image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Repository {
    pub name: String,
    /// The tags that name the image there.
    pub tags: Vec<String>,
}

/// An image in one of its repositories.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    pub image: &'a PushedImage,
    pub repository: &'a Repository,
}

impl Reference<'_> {
    /// Returns `name@sha256:…`.
    pub fn pinned(&self) -> String {
        format!("{}@{}", self.repository.name, self.image.digest)
    }

    /// Returns the first tag of the image there.
    pub fn tag(&self) -> Option<&str> {
        self.repository.tags.first().map(String::as_str)
    }
}

impl Digests {
    /// Returns the image of that name.
    pub fn image(&self, name: &str) -> Option<&PushedImage> {
        self.images.iter().find(|image| image.name == name)
    }

    /// Returns the images in `registry`, or in the first registry of each.
    ///
    /// # Errors
    /// The names of the images that `registry` does not have.
    pub fn references(&self, registry: Option<&str>) -> Result<Vec<Reference<'_>>, Vec<&str>> {
        let mut missing = Vec::new();
        let mut references = Vec::new();
        for image in &self.images {
            let mut repositories = image.repositories.iter();
            let found = repositories.find(|repository| match registry {
                Some(registry) => is_in(&repository.name, registry),
                None => true,
            });
            match found {
                Some(repository) => references.push(Reference { image, repository }),
                None => missing.push(image.name.as_str()),
            }
        }
        match missing.is_empty() {
            true => Ok(references),
            false => Err(missing),
        }
    }

    /// Returns whatever cannot be in such a file, one line each.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut names = BTreeSet::new();
        for image in &self.images {
            let name = &image.name;
            let mut fault = |what: String| faults.push(format!("`{name}` {what}"));
            if !image_name::is_component(name) {
                fault("is no name of a service".to_owned());
            }
            if !names.insert(name) {
                fault("is there twice".to_owned());
            }
            let digests = image.platforms.values().chain([&image.digest]);
            for digest in digests.filter(|digest| !image_name::is_sha256(digest)) {
                fault(format!("has the digest `{}`", digest.escape_debug()));
            }
            if image.repositories.is_empty() {
                fault("is in no repository".to_owned());
            }
            let repositories = image.repositories.iter().map(|place| &place.name);
            for place in repositories.chain([&image.image]) {
                if let Err(Fault { what, .. }) = image_name::check(place, Form::Repository) {
                    fault(format!("is in `{}`, which {what}", place.escape_debug()));
                }
            }
            for tag in image.repositories.iter().flat_map(|place| &place.tags) {
                if let Err(Fault { what, .. }) = image_name::tag(tag) {
                    fault(format!("{what}: `{}`", tag.escape_debug()));
                }
            }
        }
        faults
    }
}

/// Returns whether `repository` lies in that registry or namespace.
fn is_in(repository: &str, registry: &str) -> bool {
    let inside = repository.strip_prefix(registry);
    inside.is_some_and(|rest| rest.starts_with('/'))
}
