//! Published images: everything of them that is no layer.

use super::client::Repository;
use super::digest::Digest;
use super::documents::{Descriptor, Index, Manifest, Platform, is_index};
use super::manifests::Fetched;
use super::refusal::wrong;
use crate::problem::{Code, Problem};

/// An image, for one platform or several.
#[derive(Clone, Debug)]
pub struct Published {
    /// The digest by which a tag names it.
    pub digest: Digest,
    pub media_type: String,
    /// The size of the manifest or list that has the digest.
    pub size: u64,
    /// The list of the images of several platforms, and of attestations.
    pub index: Option<Index>,
    /// The images of the platforms, in the order of the list.
    pub images: Vec<PlatformImage>,
}

/// The image of one platform.
#[derive(Clone, Debug)]
pub struct PlatformImage {
    pub platform: String,
    pub digest: Digest,
    pub manifest: Manifest,
    /// The manifest as it came.
    pub bytes: Vec<u8>,
    /// The configuration as it came.
    pub configuration: Vec<u8>,
}

/// Returns the problem of a name that its registry does not have.
pub fn image_unknown(name: &str) -> Problem {
    Problem::new(Code::ImageUnknown, format!("{name} is not in its registry"))
        .hint("correct the name; `docker login` may show more of the registry")
}

impl Published {
    /// Returns the descriptors of the attestations that lie beside the images.
    pub fn attestations(&self) -> impl Iterator<Item = &Descriptor> {
        let manifests = self.index.iter().flat_map(|index| &index.manifests);
        manifests.filter(|manifest| manifest.is_attestation())
    }

    /// Returns the reference by which others are about it.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(&self.media_type, self.digest.clone(), self.size)
    }

    /// Returns the image of a platform.
    pub fn of(&self, platform: &str) -> Option<&PlatformImage> {
        self.images.iter().find(|image| image.platform == platform)
    }
}

impl Repository<'_> {
    /// Returns the list with this digest; `None` if it is that of something else, or of nothing.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn index(&self, digest: &Digest) -> Result<Option<Index>, Problem> {
        let fetched = self.manifest(digest.as_str())?;
        let list = fetched.filter(|fetched| is_index(&fetched.media_type));
        list.map(|list| list.parse(self)).transpose()
    }

    /// Returns the image with this tag or digest, if there is one.
    ///
    /// # Errors
    /// `registry-…`, also if it is no image, or a part of it is missing.
    pub fn published(&self, reference: &str) -> Result<Option<Published>, Problem> {
        let Some(fetched) = self.manifest(reference)? else {
            return Ok(None);
        };
        let (digest, media_type) = (fetched.digest.clone(), fetched.media_type.clone());
        let size = fetched.bytes.len() as u64;
        if !is_index(&media_type) {
            let image = self.platform_image(fetched, None)?;
            return Ok(Some(Published {
                digest,
                media_type,
                size,
                index: None,
                images: vec![image],
            }));
        }
        let index: Index = fetched.parse(self)?;
        let manifests = index.manifests.iter();
        let images = manifests
            .filter(|manifest| !manifest.is_attestation())
            .map(|manifest| {
                let asked = format!("the manifest {}", manifest.digest.short());
                let fetched = self.manifest(manifest.digest.as_str())?;
                let fetched = fetched.ok_or_else(|| {
                    wrong(
                        self.name,
                        &asked,
                        &format!("{reference} has it, and it is not there"),
                    )
                })?;
                self.platform_image(fetched, manifest.platform.as_ref())
            });
        let images = images.collect::<Result<_, Problem>>()?;
        Ok(Some(Published {
            digest,
            media_type,
            size,
            index: Some(index),
            images,
        }))
    }

    fn platform_image(
        &self,
        fetched: Fetched,
        platform: Option<&Platform>,
    ) -> Result<PlatformImage, Problem> {
        let manifest: Manifest = fetched.parse(self)?;
        let configuration = self.blob(&manifest.config)?;
        let platform = match platform {
            Some(platform) => platform.name(),
            // A configuration has the same keys.
            None => {
                let asked = format!("the configuration {}", manifest.config.digest.short());
                let platform = serde_json::from_slice::<Platform>(&configuration);
                let platform = platform.map_err(|error| {
                    wrong(self.name, &asked, &format!("it is of no image: {error}"))
                });
                platform?.name()
            }
        };
        Ok(PlatformImage {
            platform,
            digest: fetched.digest,
            manifest,
            bytes: fetched.bytes,
            configuration,
        })
    }
}
