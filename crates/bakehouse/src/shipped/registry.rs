//! The registries that the names of images begin with.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::request::split;
use crate::plan::choice::{ProposedKey, ProposedService};

/// The names of an image that have a registry.
struct RegisteredNames {
    /// Registry and name of each, in their order.
    pairs: Vec<(String, String)>,
    /// The registry, and the name with its tag, of each.
    tagged: BTreeSet<(String, String)>,
    place: String,
}

impl RegisteredNames {
    fn of(candidate: &Candidate) -> Option<Self> {
        let mut names = Self {
            pairs: Vec::new(),
            tagged: BTreeSet::new(),
            place: candidate.request.place_of_name().to_string(),
        };
        for tag in &candidate.request.tags {
            let Some((registry, name)) = split(tag).filter(|(registry, _)| is_registry(registry))
            else {
                continue;
            };
            let pair = (registry.to_owned(), name.to_owned());
            if !names.pairs.contains(&pair) {
                names.pairs.push(pair);
            }
            let last = tag.rsplit('/').next().unwrap_or_default();
            names.tagged.insert((registry.to_owned(), last.to_owned()));
        }
        (!names.pairs.is_empty()).then_some(names)
    }

    /// Returns the registries, each once.
    fn registries(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for (registry, _) in &self.pairs {
            if !all.contains(&registry.as_str()) {
                all.push(registry);
            }
        }
        all
    }

    /// Returns what an image with one name and the same tags in each of its registries cannot say.
    fn untold(&self) -> Vec<String> {
        let place = &self.place;
        let first = &self.pairs[0].1;
        let others = self.pairs.iter().filter(|(_, name)| name != first);
        let mut notes: Vec<String> = others
            .map(|(registry, name)| {
                format!("{place}: {registry}/{name} is not proposed: an image has one name")
            })
            .collect();
        let tags: BTreeSet<&str> = self.tagged.iter().map(|(_, tag)| tag.as_str()).collect();
        if notes.is_empty() && self.tagged.len() < self.registries().len() * tags.len() {
            notes.push(format!(
                "{place}: each of `registries` gets each tag here, and not there"
            ));
        }
        notes
    }
}

/// Returns the registries of most images. Services below a registry get the rest of their image's name, and those with
/// other registries get these. `services` are in the order of `all`.
pub fn registry(
    all: &[(&Candidate, &[&Candidate])],
    services: &mut [ProposedService],
) -> Option<ProposedKey> {
    let named: Vec<Option<RegisteredNames>> = all
        .iter()
        .map(|(first, merged)| {
            RegisteredNames::of(first)
                .or_else(|| merged.iter().find_map(|of| RegisteredNames::of(of)))
        })
        .collect();
    for (service, names) in services.iter_mut().zip(&named) {
        let notes = names.iter().flat_map(RegisteredNames::untold);
        service.notes.extend(notes);
    }
    let place = named.iter().flatten().next()?.place.clone();
    if let Some(common) = common(named.iter().flatten()) {
        for (service, names) in services.iter_mut().zip(&named) {
            let Some(names) = names else { continue };
            let (registry, name) = &names.pairs[0];
            let below = registry[common.len()..].trim_start_matches('/');
            if !below.is_empty() {
                service.keys.retain(|key| key.name != "image");
                let image = format!("{below}/{name}");
                let key = ProposedKey::new("image", image, names.place.as_str());
                service.keys.push(key);
            }
        }
        return Some(ProposedKey::new("registry", common, place));
    }
    let usual = usual(named.iter().flatten());
    for (service, names) in services.iter_mut().zip(&named) {
        if let Some(names) = names
            && names.registries() != usual
        {
            let key = ProposedKey::new("registries", names.registries(), names.place.as_str());
            service.keys.push(key);
        }
    }
    Some(match usual[..] {
        [one] => ProposedKey::new("registry", one, place),
        _ => ProposedKey::new("registries", usual, place),
    })
}

/// Returns what the only registry of each image begins with; none if one has several, or they have no part in common.
fn common<'a>(named: impl Iterator<Item = &'a RegisteredNames>) -> Option<String> {
    let mut common: Option<Vec<&str>> = None;
    for names in named {
        let [registry] = names.registries()[..] else {
            return None;
        };
        let parts = registry.split('/');
        common = Some(match common {
            None => parts.collect(),
            Some(common) => {
                let both = common.into_iter().zip(parts);
                both.take_while(|(a, b)| a == b)
                    .map(|(part, _)| part)
                    .collect()
            }
        });
    }
    let common = common.filter(|parts| !parts.is_empty())?;
    Some(common.join("/"))
}

/// Returns the registries that most images have; of several such, those of the first image.
fn usual<'a>(named: impl Iterator<Item = &'a RegisteredNames>) -> Vec<&'a str> {
    let all: Vec<Vec<&str>> = named.map(RegisteredNames::registries).collect();
    let count = |registries: &Vec<&str>| all.iter().filter(|other| *other == registries).count();
    let mut best: Vec<&str> = Vec::new();
    for registries in &all {
        if best.is_empty() || count(registries) > count(&best) {
            best.clone_from(registries);
        }
    }
    best
}

/// Returns whether a text is a whole registry: a variable leaves parts of it empty.
fn is_registry(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.:".contains(c))
    };
    text.split('/').all(plain)
}
