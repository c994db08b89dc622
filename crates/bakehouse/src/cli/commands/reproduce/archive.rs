//! The archive of a rebuilt image, in the layout of OCI.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use camino::Utf8Path;
use tar::Archive as Tar;

use crate::problem::{Code, Problem};
use crate::registry::documents::{Descriptor, Index, Manifest, Platform, is_index};
use crate::registry::{Digest, PlatformImage};

/// The image, and the places of its parts in the archive.
pub struct Archive {
    file: File,
    /// Place and size of each blob.
    blobs: BTreeMap<Digest, (u64, u64)>,
    /// The images of the platforms.
    pub images: Vec<PlatformImage>,
}

impl Archive {
    /// Opens an archive.
    ///
    /// # Errors
    /// `bake-failed`.
    pub fn open(path: &Utf8Path) -> Result<Self, Problem> {
        read(path).map_err(|error| {
            let message = format!("the image that buildx wrote cannot be read: {error}");
            Problem::new(Code::BakeFailed, message)
                .hint("arguments after `--` must not set `output`; the disk may be full")
                .caused_by(error)
        })
    }

    /// Returns the image of a platform.
    pub fn of(&self, platform: &str) -> Option<&PlatformImage> {
        self.images.iter().find(|image| image.platform == platform)
    }

    /// Returns a reader of a blob.
    ///
    /// # Errors
    /// It is not there.
    pub fn blob(&self, digest: &Digest) -> io::Result<impl Read> {
        let Some((place, size)) = self.blobs.get(digest) else {
            return Err(io::Error::other(format!("{digest} is not in the archive")));
        };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(*place))?;
        Ok(file.take(*size))
    }

    fn document(&self, descriptor: &Descriptor) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.blob(&descriptor.digest)?.read_to_end(&mut bytes)?;
        match Digest::of(&bytes) == descriptor.digest {
            true => Ok(bytes),
            false => {
                let what = format!("{} has another content", descriptor.digest);
                Err(io::Error::other(what))
            }
        }
    }

    fn image(&self, descriptor: &Descriptor) -> io::Result<PlatformImage> {
        let bytes = self.document(descriptor)?;
        let manifest: Manifest = serde_json::from_slice(&bytes)?;
        let configuration = self.document(&manifest.config)?;
        let platform = match &descriptor.platform {
            Some(platform) => platform.name(),
            // A configuration has the same keys.
            None => serde_json::from_slice::<Platform>(&configuration)?.name(),
        };
        Ok(PlatformImage {
            platform,
            digest: descriptor.digest.clone(),
            manifest,
            bytes,
            configuration,
        })
    }
}

fn read(path: &Utf8Path) -> io::Result<Archive> {
    let mut index = Vec::new();
    let mut blobs = BTreeMap::new();
    let mut tar = Tar::new(File::open(path)?);
    for entry in tar.entries_with_seek()? {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if name == "index.json" {
            entry.read_to_end(&mut index)?;
        } else if let Some(hex) = name.strip_prefix("blobs/sha256/")
            && let Some(digest) = Digest::parse(&format!("sha256:{hex}"))
        {
            blobs.insert(digest, (entry.raw_file_position(), entry.size()));
        }
    }
    let mut archive = Archive {
        file: File::open(path)?,
        blobs,
        images: Vec::new(),
    };
    let index: Index = serde_json::from_slice(&index)?;
    // Several tags name the same image.
    let Some(top) = index.manifests.first() else {
        return Err(io::Error::other("there is no image in it"));
    };
    let mut manifests = vec![top.clone()];
    if is_index(&top.media_type) {
        let list: Index = serde_json::from_slice(&archive.document(top)?)?;
        manifests = list.manifests;
        manifests.retain(|manifest| !manifest.is_attestation());
    }
    let images = manifests.iter().map(|manifest| archive.image(manifest));
    archive.images = images.collect::<io::Result<_>>()?;
    Ok(archive)
}
