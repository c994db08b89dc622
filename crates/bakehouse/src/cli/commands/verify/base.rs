//! The base of a published image, and its age.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::rebase::configuration::Configuration;
use crate::registry::{Client, PlatformImage, Published, Reference};

/// The labels and annotations that name a base.
const NAME: &str = "org.opencontainers.image.base.name";
const DIGEST: &str = "org.opencontainers.image.base.digest";

/// The base of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Base {
    /// The name, with a digest if that is known.
    pub name: String,
    /// The days since it was made; unknown if it does not say when.
    pub age_days: Option<i64>,
}

/// The knowledge of an image's base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Base(Base),
    /// None of the names that are given is that of its base, for this reason.
    Unknown(String),
}

/// Returns the base that labels or annotations of an image name, if they do.
pub fn named(labels: &BTreeMap<String, String>, image: &PlatformImage) -> Option<String> {
    let annotations = &image.manifest.annotations;
    let value = |key: &str| labels.get(key).or_else(|| annotations.get(key));
    let name = value(NAME)?;
    Some(match value(DIGEST) {
        Some(digest) if !name.contains('@') => format!("{name}@{digest}"),
        _ => name.clone(),
    })
}

/// Finds the base of an image among images of these names: the one whose layers it begins with, and that has most of them.
/// An image without layers is the base of none.
pub fn find(client: &Client, image: &PlatformImage, names: &[String]) -> Found {
    let mut best: Option<(usize, Base)> = None;
    let mut why = "nothing names it".to_owned();
    for name in names {
        let found = Reference::parse(name).and_then(|reference| {
            let repository = client.repository(&reference.repository);
            repository.published(reference.asked())
        });
        match found {
            Ok(Some(published)) => match of(&published, image) {
                Some((layers, age_days))
                    if best.as_ref().is_none_or(|(most, _)| *most < layers) =>
                {
                    let name = match name.contains('@') {
                        true => name.clone(),
                        false => format!("{name}@{}", published.digest),
                    };
                    best = Some((layers, Base { name, age_days }));
                }
                Some(_) => {}
                None => why = format!("its layers are not those of {name}"),
            },
            Ok(None) => why = format!("{name} is not in its registry"),
            Err(problem) => why = problem.message,
        }
    }
    best.map_or(Found::Unknown(why), |(_, base)| Found::Base(base))
}

/// Returns the number of a base's layers, and its age in days, if an image begins with them.
fn of(base: &Published, image: &PlatformImage) -> Option<(usize, Option<i64>)> {
    let base = base.of(&image.platform)?;
    let (own, below) = (&image.manifest.layers, &base.manifest.layers);
    let same = own
        .iter()
        .zip(below)
        .all(|(own, below)| own.digest == below.digest);
    if below.is_empty() || own.len() < below.len() || !same {
        return None;
    }
    Some((below.len(), age(&base.configuration, Timestamp::now())))
}

/// Returns the days since an image was made, if it says when.
fn age(configuration: &[u8], now: Timestamp) -> Option<i64> {
    let configuration: Configuration = serde_json::from_slice(configuration).ok()?;
    let history = configuration.history.iter();
    let times = history.filter_map(|step| step.created.as_ref());
    let times = times.chain(&configuration.created);
    let times = times.filter_map(|text| text.parse::<Timestamp>().ok());
    let made = times.filter(|time| *time > Timestamp::UNIX_EPOCH).max()?;
    Some((now.as_second() - made.as_second()) / (24 * 60 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_that_of_the_newest_step_and_1970_is_none() {
        let now = "2026-12-01T00:00:00Z".parse().unwrap();
        let configuration = |created: &str, step: &str| {
            format!(
                r#"{{"architecture":"amd64","os":"linux","created":"{created}","history":[{{"created":"{step}"}}],"rootfs":{{"type":"layers"}}}}"#
            )
        };
        let epoch = "1970-01-01T00:00:00Z";
        let table = [
            (configuration("2026-11-29T12:00:00Z", epoch), Some(1)),
            (configuration(epoch, "2026-11-01T00:00:00Z"), Some(30)),
            (configuration(epoch, epoch), None),
        ];
        for (text, expected) in table {
            assert_eq!(age(text.as_bytes(), now), expected, "{text}");
        }
    }
}
