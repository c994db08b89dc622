//! The images on the new base, put into their registries: first everything that they consist of, then their names.

use super::bases::Bases;
use super::one::{Moved, Whole};
use crate::cli::commands::build::names::Names;
use crate::graph::parallel::parallel_map;
use crate::problem::{Problem, Problems};
use crate::registry::{Client, Reference, RepositoryName};

/// Pushes all images. The first goes alone: if the base is in another registry, the others take its layers from there.
///
/// # Errors
/// `registry-…`.
pub fn all(
    client: &Client,
    bases: &Bases,
    names: &Names,
    moved: &[Moved<'_>],
) -> Result<(), Problems> {
    let base = &bases.new.reference.repository;
    let wholes = moved.iter();
    let mut wholes = wholes.filter_map(|one| Some((one, one.written.as_ref()?)));
    let Some((first, whole)) = wholes.next() else {
        return Ok(());
    };
    let filled = push(client, names, first, whole, std::slice::from_ref(base))?;
    let sources: Vec<RepositoryName> = filled.into_iter().chain([base.clone()]).collect();
    let rest: Vec<_> = wholes.collect();
    let pushed = parallel_map(&rest, |(one, whole)| {
        push(client, names, one, whole, &sources)
    });
    let problems = pushed.into_iter().filter_map(Result::err);
    Problems(problems.collect()).or(())
}

/// Pushes an image under all its names, and returns its repositories. One of `sources` in the same registry has the layers
/// of the base, else the last.
fn push(
    client: &Client,
    names: &Names,
    moved: &Moved<'_>,
    whole: &Whole,
    sources: &[RepositoryName],
) -> Result<Vec<RepositoryName>, Problem> {
    let image = moved.baked();
    let (places, _) = names.places(&image);
    let places = places.iter().map(|place| RepositoryName::new(place));
    let repositories: Vec<RepositoryName> = places.collect();
    let names = names.all(&[&image]);
    let names = names.iter().map(|name| Reference::parse(name));
    let names: Vec<Reference> = names.collect::<Result<_, _>>()?;
    for repository in &repositories {
        let near = sources.iter().find(|source| source.host == repository.host);
        let source = near.or(sources.last()).unwrap_or(repository);
        fill(client, moved, whole, repository, source)?;
    }
    let (bytes, media_type) = whole.top();
    for name in &names {
        let repository = client.repository(&name.repository);
        repository.put_manifest(name.asked(), media_type, bytes)?;
    }
    Ok(repositories)
}

/// Gives a repository everything that the image consists of.
fn fill(
    client: &Client,
    moved: &Moved<'_>,
    whole: &Whole,
    repository: &RepositoryName,
    source: &RepositoryName,
) -> Result<(), Problem> {
    let to = client.repository(repository);
    let base = client.repository(source);
    let published = client.repository(&moved.source.repository);
    for (image, above) in &whole.images {
        for layer in &image.base {
            to.take_blob(layer, &base)?;
        }
        for layer in above {
            to.take_blob(layer, &published)?;
        }
        to.put_blob(&image.configuration)?;
        if whole.index.is_some() {
            let digest = image.digest();
            to.put_manifest(digest.as_str(), &image.media_type, &image.manifest)?;
        }
    }
    Ok(())
}
