//! The manifest of an image for one platform, on its base and on another.

use super::configuration::{Configuration, Own};
use crate::registry::Digest;
use crate::registry::documents::{DOCKER_MANIFEST, Descriptor, Manifest, compact, pretty};

/// The image of one platform, or a base: its manifest and its configuration.
#[derive(Clone, Debug)]
pub struct Image {
    pub manifest: Manifest,
    pub configuration: Configuration,
}

/// An image as it is to be pushed.
#[derive(Clone, Debug)]
pub struct Written {
    pub manifest: Vec<u8>,
    pub media_type: String,
    pub configuration: Vec<u8>,
    /// The layers of the base.
    pub base: Vec<Descriptor>,
}

impl Written {
    pub fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }
}

impl Image {
    /// Returns the layers above those of a base.
    ///
    /// # Errors
    /// The reason why they are not known.
    pub fn above(&self, base: &Self) -> Result<&[Descriptor], String> {
        let (own, below) = (&self.manifest.layers, &base.manifest.layers);
        let is_same = |(own, below): (&Descriptor, &Descriptor)| own.digest == below.digest;
        if own.len() < below.len() || !own.iter().zip(below).all(is_same) {
            let ids = (&self.configuration.rootfs, &base.configuration.rootfs);
            return Err(match ids.0.diff_ids.starts_with(&ids.1.diff_ids) {
                true => "its bake compressed the layers of the old base again".to_owned(),
                false => "its layers do not begin with those of the old base".to_owned(),
            });
        }
        Ok(&own[below.len()..])
    }

    /// Returns the image on another base. It must be what the image would be on its own base, byte by byte, as far as
    /// it does not depend on the base.
    ///
    /// # Errors
    /// The reason why it cannot be.
    pub fn onto(
        &self,
        old: &Self,
        new: &Self,
        own: &Own<'_>,
        (old_hash, new_hash): (&str, &str),
    ) -> Result<Written, String> {
        let same = self.written(old, old, own, old_hash)?;
        if same.configuration != compact(&self.configuration)
            || Digest::of(&same.configuration) != self.manifest.config.digest
        {
            let other: Option<Configuration> = serde_json::from_slice(&same.configuration).ok();
            let key = other.and_then(|other| other.differing(&self.configuration));
            let key = key.map_or(String::new(), |key| format!(" ({key})"));
            return Err(format!(
                "its configuration{key} is not what a bake of this checkout makes on the old base"
            ));
        }
        if same.manifest != pretty(&self.manifest) {
            return Err("its manifest is not what a bake makes on the old base".to_owned());
        }
        self.written(old, new, own, new_hash)
    }

    fn written(
        &self,
        old: &Self,
        new: &Self,
        own: &Own<'_>,
        input_hash: &str,
    ) -> Result<Written, String> {
        let layers = self.above(old)?;
        let onto = self
            .configuration
            .onto(&old.configuration, &new.configuration, own, input_hash);
        let configuration = compact(&onto?);
        let media_type = self.manifest.media_type.clone().unwrap_or_default();
        let is_oci = media_type != DOCKER_MANIFEST;
        let base = new.manifest.layers.iter().map(|layer| {
            // Of the base's own annotations a bake takes none over.
            let plain = Descriptor {
                annotations: std::collections::BTreeMap::new(),
                ..layer.clone()
            };
            plain.as_layer(is_oci)
        });
        let base: Vec<Descriptor> = base.collect();
        let manifest = Manifest {
            config: Descriptor {
                digest: Digest::of(&configuration),
                size: configuration.len() as u64,
                ..self.manifest.config.clone()
            },
            layers: base.iter().chain(layers).cloned().collect(),
            ..self.manifest.clone()
        };
        Ok(Written {
            manifest: pretty(&manifest),
            media_type,
            configuration,
            base,
        })
    }
}
