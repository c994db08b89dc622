//! Both bases, and what is known of their files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::problem::{Code, Problem};
use crate::rebase::base::Base;
use crate::rebase::image::Image;
use crate::registry::{Client, PlatformImage, Published, Reference, Repository};

/// The old base and the new one.
pub struct Bases {
    pub old: KnownBase,
    pub new: KnownBase,
}

/// A base.
pub struct KnownBase {
    pub reference: Reference,
    published: Published,
    /// The files, by platform. They are read once.
    files: BTreeMap<String, OnceLock<Result<Base, Problem>>>,
}

impl Bases {
    /// Looks both bases up.
    ///
    /// # Errors
    /// `base-unknown`, `registry-…`.
    pub fn read(client: &Client, old: &str, new: &str) -> Result<Self, Problem> {
        Ok(Self {
            old: KnownBase::read(client, old)?,
            new: KnownBase::read(client, new)?,
        })
    }
}

impl KnownBase {
    fn read(client: &Client, name: &str) -> Result<Self, Problem> {
        let reference = Reference::parse(name)?;
        let repository = client.repository(&reference.repository);
        let published = repository.published(reference.asked())?;
        let published = published.ok_or_else(|| {
            Problem::new(Code::BaseUnknown, format!("{name} is not in its registry")).hint(
                "correct the name; a base that only the engine has has to be pushed, since images are put onto it there",
            )
        })?;
        let platforms = published.images.iter().map(|image| image.platform.clone());
        let files = platforms.map(|platform| (platform, OnceLock::new()));
        Ok(Self {
            files: files.collect(),
            reference,
            published,
        })
    }

    /// Returns the platforms that it has.
    pub fn platforms(&self) -> BTreeSet<String> {
        self.files.keys().cloned().collect()
    }

    /// Returns manifest and configuration for a platform.
    ///
    /// # Errors
    /// The reason why they are not known.
    pub fn image(&self, platform: &str) -> Result<Image, String> {
        let image = self.published.of(platform);
        let image = image.ok_or_else(|| format!("{} has no {platform}", self.reference))?;
        read(image)
    }

    /// Returns the files for a platform.
    ///
    /// # Errors
    /// `registry-…`.
    pub fn files(&self, client: &Client, platform: &str) -> Result<&Base, Problem> {
        let (Some(files), Some(image)) = (self.files.get(platform), self.published.of(platform))
        else {
            let message = format!("{} has no {platform}", self.reference);
            return Err(Problem::new(Code::BaseUnknown, message));
        };
        let repository = client.repository(&self.reference.repository);
        let files = files.get_or_init(|| add_layers(&repository, image));
        files.as_ref().map_err(Clone::clone)
    }
}

fn add_layers(repository: &Repository<'_>, image: &PlatformImage) -> Result<Base, Problem> {
    let mut base = Base::default();
    for layer in &image.manifest.layers {
        repository.read_blob(layer, |reader| base.add(&layer.media_type, reader))?;
    }
    Ok(base)
}

/// Reads the configuration of an image.
///
/// # Errors
/// It is none.
pub fn read(image: &PlatformImage) -> Result<Image, String> {
    let configuration = serde_json::from_slice(&image.configuration);
    Ok(Image {
        manifest: image.manifest.clone(),
        configuration: configuration
            .map_err(|error| format!("its configuration cannot be read: {error}"))?,
    })
}
