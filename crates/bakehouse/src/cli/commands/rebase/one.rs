//! One service: its published image, checked, and as it is on the new base.

use std::collections::BTreeSet;

use super::bases::{Bases, read};
use super::refused;
use crate::cli::commands::build::names::{Names, without_registry};
use crate::documents::labels::of_image;
use crate::plan::Plan;
use crate::plan::baked::BakedImage;
use crate::plan::config::valid::INPUT_HASH_LABEL;
use crate::plan::service::Service;
use crate::problem::{Code, Problem, Problems};
use crate::rebase::configuration::{Own, labels};
use crate::rebase::fits::{missing_platforms, reasons};
use crate::rebase::image::Written;
use crate::rebase::upper::Upper;
use crate::registry::documents::{Descriptor, Index, pretty};
use crate::registry::{Client, Digest, PlatformImage, Published, Reference, Repository};

/// A service on the old base.
pub struct Standing<'a> {
    /// The plan on the old base.
    pub plan: &'a Plan,
    pub service: &'a Service,
    /// Its input hash on the new base.
    pub input_hash: &'a str,
    pub old: &'a str,
    /// The version of glibc that the configuration declares for the new base.
    pub declared: Option<&'a str>,
}

/// A service on the new base.
pub struct Moved<'a> {
    pub service: &'a Service,
    pub input_hash: &'a str,
    /// The digest of the published image.
    pub from: Digest,
    /// The place of the published image.
    pub source: Reference,
    /// The image as it is to be pushed; `None` if it is there already.
    pub written: Option<Whole>,
    /// Whether attestations beside the published image are left behind.
    pub loses_attestations: bool,
}

/// The image of a platform, and the layers above its base.
type Above = (Written, Vec<Descriptor>);

/// An image for all its platforms.
pub struct Whole {
    pub images: Vec<Above>,
    /// The list of them, with its media type, if the published image is one.
    pub index: Option<(Vec<u8>, String)>,
}

impl Whole {
    /// Returns the bytes and the media type of that which tags name.
    pub fn top(&self) -> (&[u8], &str) {
        match &self.index {
            Some((bytes, media_type)) => (bytes, media_type),
            None => {
                let (image, _) = &self.images[0];
                (&image.manifest, &image.media_type)
            }
        }
    }
}

impl Moved<'_> {
    /// Returns the digest on the new base.
    pub fn to(&self) -> Digest {
        match &self.written {
            Some(whole) => Digest::of(whole.top().0),
            None => self.from.clone(),
        }
    }

    /// Returns the image as names know it, with the input hash on the new base.
    pub fn baked(&self) -> BakedImage {
        let mut image = BakedImage::of(self.service);
        self.input_hash.clone_into(&mut image.input_hash);
        image
    }
}

impl<'a> Standing<'a> {
    /// Fetches the published image, and puts it onto the new base.
    ///
    /// # Errors
    /// `image-unknown`, `rebase-refused` with each reason, `registry-…`.
    pub fn moved(
        &self,
        client: &Client,
        bases: &Bases,
        names: &Names,
    ) -> Result<Moved<'a>, Problems> {
        let image = BakedImage::of(self.service);
        if names.registries(&image).is_empty() {
            return Err(without_registry("published images have a registry").into());
        }
        let source = Reference::parse(&names.tagged(&image).swap_remove(0))?;
        let repository = client.repository(&source.repository);
        let published = repository.published(source.asked())?;
        let published = published.ok_or_else(|| {
            let message = format!("{source} is not in its registry");
            Problem::new(Code::ImageUnknown, message)
                .hint("name its tag with --tag, or publish it first: `bakehouse build --push`")
        })?;
        let loses_attestations = published.attestations().next().is_some();
        let mut moved = Moved {
            service: self.service,
            input_hash: self.input_hash,
            from: published.digest.clone(),
            source: source.clone(),
            written: None,
            loses_attestations,
        };
        let hashes: BTreeSet<_> = published.images.iter().map(hash).collect();
        if hashes == BTreeSet::from([Some(self.input_hash.to_owned())]) {
            moved.loses_attestations = false;
            return Ok(moved);
        }
        let mut whys = self.wrong_hashes(&hashes);
        if whys.is_empty() {
            let platforms = published.images.iter().map(|image| image.platform.as_str());
            let missing = missing_platforms(platforms, &bases.new.platforms());
            whys.extend(missing.iter().map(|platform| {
                format!("the new base has no {platform}, for which it is published")
            }));
        }
        if !whys.is_empty() {
            return Err(self.refused(&whys));
        }
        let mut images = Vec::new();
        for image in &published.images {
            match self.image(client, &repository, bases, image)? {
                Ok(one) => images.push(one),
                Err(of_one) => {
                    let several = published.images.len() > 1;
                    whys.extend(of_one.into_iter().map(|why| match several {
                        true => format!("for {}, {why}", image.platform),
                        false => why,
                    }));
                }
            }
        }
        if !whys.is_empty() {
            return Err(self.refused(&whys));
        }
        let index = index(&published, &images);
        moved.written = Some(Whole { images, index });
        Ok(moved)
    }

    fn refused(&self, whys: &[String]) -> Problems {
        let problems = whys.iter().map(|why| refused(&self.service.name, why));
        Problems(problems.collect())
    }

    fn wrong_hashes(&self, hashes: &BTreeSet<Option<String>>) -> Vec<String> {
        let own = &self.service.input_hash;
        let wrong = hashes.iter().filter(|hash| hash.as_ref() != Some(own));
        let told = wrong.map(|hash| match hash {
            None => format!(
                "the published image has no label {INPUT_HASH_LABEL}, and nothing says what it was built from"
            ),
            Some(hash) => format!(
                "the published image has the input hash {hash}, and this checkout {own} on {}: it was built from something else",
                self.old
            ),
        });
        told.collect()
    }

    /// Puts the image of one platform onto the new base, or returns the reasons against it.
    fn image(
        &self,
        client: &Client,
        repository: &Repository<'_>,
        bases: &Bases,
        published: &PlatformImage,
    ) -> Result<Result<Above, Vec<String>>, Problem> {
        let platform = &published.platform;
        let parts = read(published).and_then(|image| {
            let (old, new) = (bases.old.image(platform)?, bases.new.image(platform)?);
            let above = image.above(&old)?.to_vec();
            Ok((image, old, new, above))
        });
        let (image, old, new, above) = match parts {
            Ok(parts) => parts,
            Err(why) => return Ok(Err(vec![why])),
        };
        let hashes = (self.service.input_hash.as_str(), self.input_hash);
        let written = match image.onto(&old, &new, &self.own(), hashes) {
            Ok(written) => written,
            Err(why) => return Ok(Err(vec![why])),
        };
        let mut upper = Upper::default();
        for layer in &above {
            repository.read_blob(layer, |reader| upper.add(&layer.media_type, reader))?;
        }
        let before = bases.old.files(client, platform)?;
        let now = bases.new.files(client, platform)?;
        let whys = reasons(&upper, before, now, self.declared);
        Ok(match whys.is_empty() {
            true => Ok((written, above)),
            false => Err(whys),
        })
    }

    /// Returns the settings that the service's own instructions make.
    fn own(&self) -> Own<'_> {
        let image = &self.service.image;
        Own {
            env: image.env.keys().map(String::as_str).collect(),
            libraries: !self.service.libraries.is_empty(),
            labels: of_image(self.plan, self.service).into_keys().collect(),
            ports: &image.ports,
            stop_signal: image.stop_signal.is_some(),
            healthcheck: image.healthcheck.is_some(),
        }
    }
}

/// Returns the list of the images on the new base, in the order of the published one, without attestations.
fn index(published: &Published, images: &[Above]) -> Option<(Vec<u8>, String)> {
    let index = published.index.as_ref()?;
    let manifests = index.manifests.iter();
    let own = manifests.filter(|manifest| !manifest.is_attestation());
    let manifests = own.zip(images).map(|(manifest, (written, _))| Descriptor {
        digest: written.digest(),
        size: written.manifest.len() as u64,
        ..manifest.clone()
    });
    let index = Index {
        manifests: manifests.collect(),
        ..index.clone()
    };
    Some((pretty(&index), published.media_type.clone()))
}

/// Returns the input hash in the label of an image.
fn hash(image: &PlatformImage) -> Option<String> {
    labels(&image.configuration).remove(INPUT_HASH_LABEL)
}
