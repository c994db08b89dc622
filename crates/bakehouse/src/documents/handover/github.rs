//! Lines for `$GITHUB_OUTPUT`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::digests::Reference;

/// A job of the matrix, with the inputs of actions that sign or attest an image.
#[derive(Serialize)]
struct Job<'a> {
    service: &'a str,
    image: &'a str,
    digest: &'a str,
}

/// Renders lines of `name=value`. GitHub rejects a matrix without jobs, so `any` says whether there are jobs.
pub fn render(references: &[Reference<'_>]) -> String {
    let digests: BTreeMap<&str, &str> = references
        .iter()
        .map(|reference| (&*reference.image.name, &*reference.image.digest))
        .collect();
    let jobs = references.iter().map(|reference| Job {
        service: &reference.image.name,
        image: &reference.repository.name,
        digest: &reference.image.digest,
    });
    let jobs: Vec<Job<'_>> = jobs.collect();
    let mut text = format!(
        "any={}\ndigests={}\nmatrix={{\"include\":{}}}\n",
        !jobs.is_empty(),
        compact(&digests),
        compact(&jobs)
    );
    for reference in references {
        text += &format!("image-{}={}\n", reference.image.name, reference.pinned());
    }
    text
}

fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings and lists are JSON")
}
