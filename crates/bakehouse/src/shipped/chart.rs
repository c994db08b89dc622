//! Names of images in the values of Helm charts.

use camino::Utf8Path;

use super::candidate::Candidate;
use super::place::{Place, line};
use super::request::split;
use super::tree;
use crate::packs::yaml::Node;

/// The name of an image with its place.
pub type Repository = (String, Place);

/// Reads the values of a chart.
///
/// # Errors
/// A text that is not YAML.
pub fn read(file: &Utf8Path, source: &str) -> Result<Vec<Repository>, String> {
    let root = tree::read(source)?;
    let mut found = Vec::new();
    collect(file, source, &root, &mut found);
    Ok(found)
}

fn collect(file: &Utf8Path, source: &str, node: &Node, found: &mut Vec<Repository>) {
    if let Some(value) = tree::get(node, "repository")
        && let Some(name) = tree::text(value).filter(|name| split(name).is_some())
    {
        let place = Place::new(file, line(source, value.span.start));
        found.push((name.to_owned(), place));
    }
    let inner = tree::entries(node).map(|(_, node)| node);
    inner
        .chain(tree::items(node))
        .for_each(|node| collect(file, source, node, found));
}

/// Gives images that nothing else names the name that a chart has for them: that of their binary or package.
pub fn name(candidates: &mut [Candidate], repositories: &[Repository]) {
    let folded = |name: &str| name.replace('_', "-");
    for candidate in candidates {
        let request = &candidate.request;
        let Some(main) = candidate
            .binaries
            .first()
            .filter(|_| request.tags.is_empty())
        else {
            continue;
        };
        let own = [folded(&main.bin), folded(&main.package)];
        let named = |(repository, _): &&Repository| {
            split(repository).is_some_and(|(_, name)| own.contains(&folded(name)))
        };
        if let Some((repository, place)) = repositories.iter().find(named) {
            candidate.request.tags.push(repository.clone());
            candidate.request.named_at = Some(place.clone());
        }
    }
}
