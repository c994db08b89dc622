//! A published image beside the rebuilt one. Layers are read where they differ.

use std::io::Read;

use super::archive::Archive;
use super::original::Wanted;
use super::rebuild::Group;
use super::shown::{Compared, ComparedLayer, ComparedPlatform, Layer, LayerState, State};
use crate::problem::{Code, Problem};
use crate::rebase::configuration::Configuration;
use crate::registry::{Client, PlatformImage, Repository};
use crate::reproduce::entries::{Entries, read};
use crate::reproduce::files::differences;
use crate::reproduce::keys::{of_configurations, of_manifests};
use crate::reproduce::layers::{Pair, pairs};

/// Compares an image for all its platforms.
///
/// # Errors
/// `registry-…`; `bake-failed` if the rebuilt one lacks something.
pub fn image(
    client: &Client,
    group: &Group<'_>,
    wanted: &Wanted<'_>,
    archive: &Archive,
) -> Result<Compared, Problem> {
    let original = wanted.original;
    let repository = client.repository(&original.reference.repository);
    let platforms = original.images.iter().map(|published| {
        let rebuilt = archive.of(&published.platform).ok_or_else(|| {
            let message = format!(
                "the bake made no `{}` for {}",
                wanted.target.name, published.platform
            );
            Problem::new(Code::BakeFailed, message)
                .hint("arguments after `--` must not set platforms: --platform does")
        })?;
        platform(&repository, published, rebuilt, archive)
    });
    Ok(Compared {
        image: original.name.clone(),
        digest: original.published.digest.to_string(),
        service: wanted.target.name.to_string(),
        revision: group.source.id().to_owned(),
        input_hash: original.origin.input_hash.clone(),
        platforms: platforms.collect::<Result<_, _>>()?,
    })
}

fn platform(
    repository: &Repository<'_>,
    published: &PlatformImage,
    rebuilt: &PlatformImage,
    archive: &Archive,
) -> Result<ComparedPlatform, Problem> {
    let mut compared = ComparedPlatform {
        platform: published.platform.clone(),
        state: State::Equal,
        published: published.digest.to_string(),
        rebuilt: rebuilt.digest.to_string(),
        manifest: Vec::new(),
        configuration: Vec::new(),
        layers: Vec::new(),
    };
    if published.digest == rebuilt.digest {
        return Ok(compared);
    }
    compared.state = State::Different;
    compared.manifest = of_manifests(&published.bytes, &rebuilt.bytes);
    compared.configuration = of_configurations(&published.configuration, &rebuilt.configuration);
    let contents = [contents(published), contents(rebuilt)];
    for pair in pairs(&contents[0], &contents[1]) {
        let (ours, theirs) = match pair {
            Pair::Same(ours, theirs) | Pair::Different(ours, theirs) => (Some(ours), Some(theirs)),
            Pair::OnlyPublished(ours) => (Some(ours), None),
            Pair::OnlyRebuilt(theirs) => (None, Some(theirs)),
        };
        let layer = |image: &PlatformImage, number: Option<usize>| {
            let number = number?;
            let digest = image.manifest.layers[number].digest.to_string();
            Some(Layer {
                number: number + 1,
                digest,
            })
        };
        let mut layer = ComparedLayer {
            published: layer(published, ours),
            rebuilt: layer(rebuilt, theirs),
            state: LayerState::Different,
            files: Vec::new(),
        };
        layer.state = match pair {
            Pair::Same(..) if layer.has_one_digest() => continue,
            Pair::Same(..) => LayerState::Compression,
            Pair::Different(..) => LayerState::Different,
            Pair::OnlyPublished(_) => LayerState::OnlyPublished,
            Pair::OnlyRebuilt(_) => LayerState::OnlyRebuilt,
        };
        if layer.state != LayerState::Compression {
            let here = ours.map(|ours| of_registry(repository, published, ours));
            let there = theirs.map(|theirs| of_archive(archive, rebuilt, theirs));
            let (here, there) = (here.transpose()?, there.transpose()?);
            layer.files = differences(&here.unwrap_or_default(), &there.unwrap_or_default());
            if layer.files.is_empty() {
                layer.state = LayerState::Form;
            }
        }
        compared.layers.push(layer);
    }
    Ok(compared)
}

/// Returns something for each layer that is the same for the same content: the digest of what is compressed.
fn contents(image: &PlatformImage) -> Vec<String> {
    let layers = &image.manifest.layers;
    let configuration: Option<Configuration> = serde_json::from_slice(&image.configuration).ok();
    let contents = configuration.map(|one| one.rootfs.diff_ids);
    match contents.filter(|contents| contents.len() == layers.len()) {
        Some(contents) => contents.iter().map(ToString::to_string).collect(),
        None => layers
            .iter()
            .map(|layer| layer.digest.to_string())
            .collect(),
    }
}

fn of_registry(
    repository: &Repository<'_>,
    image: &PlatformImage,
    number: usize,
) -> Result<Entries, Problem> {
    let layer = &image.manifest.layers[number];
    repository.read_blob(layer, |reader| read(&layer.media_type, reader))
}

fn of_archive(archive: &Archive, image: &PlatformImage, number: usize) -> Result<Entries, Problem> {
    let layer = &image.manifest.layers[number];
    let entries = archive.blob(&layer.digest).and_then(|mut blob| {
        let blob: &mut dyn Read = &mut blob;
        read(&layer.media_type, blob)
    });
    entries.map_err(|error| {
        let message = format!("a layer that buildx wrote cannot be read: {error}");
        Problem::new(Code::BakeFailed, message)
            .hint("the disk may be full")
            .caused_by(error)
    })
}
