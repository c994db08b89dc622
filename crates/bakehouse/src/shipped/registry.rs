//! The registry that the names of all images begin with.

use std::collections::BTreeSet;

use super::candidate::Candidate;
use super::request::split;
use crate::plan::choice::{ProposedKey, ProposedService};

/// Returns the registry, and gives services below it the rest of their image's name. `services` are in the order of
/// `all`.
pub fn registry(
    all: &[(&Candidate, &[&Candidate])],
    services: &mut [ProposedService],
) -> Option<ProposedKey> {
    let full = |of: &Candidate| {
        let tags = of.request.tags.iter();
        tags.filter_map(|tag| split(tag))
            .find(|(registry, _)| is_registry(registry))
            .map(|(registry, name)| {
                (
                    registry.to_owned(),
                    name.to_owned(),
                    of.request.place_of_name().to_string(),
                )
            })
    };
    let named: Vec<Option<(String, String, String)>> = all
        .iter()
        .map(|(first, merged)| full(first).or_else(|| merged.iter().find_map(|of| full(of))))
        .collect();
    let mut common: Option<Vec<&str>> = None;
    for (registry, ..) in named.iter().flatten() {
        let parts: Vec<&str> = registry.split('/').collect();
        common = Some(match common {
            None => parts,
            Some(common) => {
                let both = common.into_iter().zip(parts);
                both.take_while(|(a, b)| a == b)
                    .map(|(part, _)| part)
                    .collect()
            }
        });
    }
    let Some(common) = common.filter(|parts| !parts.is_empty()) else {
        for (service, named) in services.iter_mut().zip(&named) {
            if let Some((registry, _, place)) = named {
                let why = "the images there have no registry in common";
                service
                    .notes
                    .push(format!("{place}: {registry} is not proposed: {why}"));
            }
        }
        return None;
    };
    let common = common.join("/");
    let place = named
        .iter()
        .flatten()
        .map(|(.., place)| place.clone())
        .next()?;
    for (service, named) in services.iter_mut().zip(&named) {
        let Some((registry, name, place)) = named else {
            continue;
        };
        let below = registry[common.len()..].trim_start_matches('/');
        if !below.is_empty() {
            service.keys.retain(|key| key.name != "image");
            let image = format!("{below}/{name}");
            let key = ProposedKey::new("image", image, place.as_str());
            service.keys.push(key);
        }
    }
    // Each image may have the same name in several registries.
    let of = |of: &Candidate| -> Vec<String> {
        let registries = of.request.tags.iter().filter_map(|tag| split(tag));
        let registries = registries.map(|(registry, _)| registry.to_owned());
        let mut all: Vec<String> = registries
            .filter(|registry| is_registry(registry))
            .collect();
        all.dedup();
        all
    };
    let own: Vec<Vec<String>> = all
        .iter()
        .map(|(first, merged)| {
            let all = [*first].into_iter().chain(merged.iter().copied());
            let mut all = all.map(of);
            all.find(|of| !of.is_empty()).unwrap_or_default()
        })
        .collect();
    let mut several = all
        .iter()
        .zip(&own)
        .filter(|((first, _), own)| first.request.overlay().is_none() && !own.is_empty())
        .map(|(_, own)| own);
    if let Some(first) = several.next().filter(|first| first.len() > 1)
        && several.all(|registries| registries == first)
    {
        for ((of, _), service) in all.iter().zip(&mut *services) {
            let tags = of.request.tags.iter();
            let pairs: BTreeSet<(&str, &str)> = tags
                .filter_map(|tag| Some((split(tag)?.0, tag.rsplit('/').next()?)))
                .filter(|(registry, _)| is_registry(registry))
                .collect();
            let (registries, names): (BTreeSet<&str>, BTreeSet<&str>) =
                pairs.iter().copied().unzip();
            if pairs.len() < registries.len() * names.len() {
                let place = of.request.place_of_name();
                service.notes.push(format!(
                    "{place}: each of `registries` gets each tag here, and not there"
                ));
            }
        }
        return Some(ProposedKey::new("registries", first.clone(), place));
    }
    for (((first, _), own), service) in all.iter().zip(&own).zip(services) {
        if let [_, others @ ..] = &own[..]
            && !others.is_empty()
        {
            let place = first.request.place_of_name();
            let others = others.join(", ");
            service.notes.push(format!(
                "{place}: its names in {others} are not proposed: all images are in all of `registries`"
            ));
        }
    }
    Some(ProposedKey::new("registry", common, place))
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
