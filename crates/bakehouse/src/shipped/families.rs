//! Variants of services, and groups of targets.

use std::collections::BTreeMap;

use super::bake::continued;
use super::place::Place;
use super::targets::Kept;
use super::variants::variant;
use crate::plan::choice::{ProposedKey, ProposedService, Shipping};
use crate::plan::config::valid::GIVEN_TAG;

/// Groups of Bake, each with its place and targets.
pub type Groups = BTreeMap<String, (Place, Vec<String>)>;

/// Makes variants of services that are another one in another form. `services` are in the order of `kept`. Returns the
/// targets here by their names in the repository's own Bake file.
pub fn fold(
    kept: &[Kept<'_>],
    services: &mut Vec<ProposedService>,
    shipping: &Shipping,
) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    // The targets that are services, with their files and the index of the service.
    let mut families: Vec<(&Place, &str, usize)> = Vec::new();
    let mut folded: Vec<ProposedService> = Vec::new();
    for ((first, _), service) in kept.iter().zip(std::mem::take(services)) {
        let request = &first.request;
        let (Some(target), Some(bake)) = (&request.name, &request.bake) else {
            folded.push(service);
            continue;
        };
        let platforms = shipping.platforms.as_ref().map(|key| key.value.as_str());
        let over = bake.overlay.as_deref();
        let mut longest: Vec<&(&Place, &str, usize)> = families.iter().collect();
        longest.sort_by_key(|(_, name, _)| std::cmp::Reverse(name.len()));
        let found = longest.into_iter().find_map(|(place, family, index)| {
            let word = match over {
                Some(word) if family == target => word,
                None if place.file == request.place.file => continued(family, target)?,
                _ => return None,
            };
            let of = &folded[*index];
            let mut service = service.clone();
            // Where nothing is baked by default, what continues another target's name is its variant.
            if service.keys.iter().all(|key| key.name != "default") && bake.default.is_none() {
                service.keys.push(by_name(&request.place));
            }
            let mut key = variant(of, &service, word, platforms)?;
            let image = format!(", image = \"{}\"", image(of));
            // It would take the service's place in the registry: the variant's own name keeps them apart.
            if over.is_some() && !key.value.contains("tag = ") && key.value.contains(&image) {
                key.value = key.value.replace(&image, "");
                let own = self::image(of);
                service.notes.push(format!(
                    "{}: its image has the name and tag of {own} there, and is {own}-{word} here",
                    request.place
                ));
            }
            Some((*index, format!("{}-{word}", of.name), key, service.notes))
        });
        match found {
            Some((index, name, key, mut notes)) => {
                let of = &mut folded[index];
                of.keys.push(key);
                // The same remark on each of them is one.
                let why = |note: &str| note.split_once(": ").map(|(_, why)| why.to_owned());
                let told: Vec<Option<String>> = of.notes.iter().map(|note| why(note)).collect();
                notes.retain(|note| !told.contains(&why(note)));
                of.notes.extend(notes);
                if over.is_none() {
                    names.insert(target.clone(), name);
                }
            }
            None => {
                if over.is_none() {
                    families.push((&request.place, target, folded.len()));
                    names.insert(target.clone(), service.name.clone());
                }
                folded.push(service);
            }
        }
    }
    *services = folded;
    names
}

/// Returns the name of a service's image under the registry.
fn image(of: &ProposedService) -> &str {
    let own = of.keys.iter().find(|key| key.name == "image");
    own.map_or(&of.name, ProposedKey::text)
}

/// Bakes targets only by name whose images have a name and a tag in common, if nothing is baked by default.
pub fn apart(kept: &[Kept<'_>], services: &mut [ProposedService]) {
    let tags = |of: &ProposedService| -> Vec<String> {
        let own = of.keys.iter().find(|key| key.name == "tag");
        match own.and_then(ProposedKey::parsed) {
            Some(toml::Value::String(tag)) => vec![tag],
            Some(toml::Value::Array(tags)) => {
                let tags = tags
                    .iter()
                    .filter_map(|tag| tag.as_str().map(str::to_owned));
                tags.collect()
            }
            _ => vec![GIVEN_TAG.to_owned()],
        }
    };
    let mut together = vec![false; services.len()];
    for (first, of) in services.iter().enumerate() {
        for (second, other) in services.iter().enumerate().skip(first + 1) {
            let own = tags(of);
            if image(of) == image(other) && tags(other).iter().any(|tag| own.contains(tag)) {
                together[first] = true;
                together[second] = true;
            }
        }
    }
    for (((first, _), service), together) in kept.iter().zip(services).zip(together) {
        let bake = first.request.bake.as_ref();
        if together && bake.is_some_and(|bake| bake.default.is_none()) {
            service.keys.push(by_name(&first.request.place));
        }
    }
}

/// Returns the key of what is baked only if it is named.
fn by_name(place: &Place) -> ProposedKey {
    ProposedKey::new("default", false, place.to_string())
}

/// Proposes the groups whose members are targets here, and says why others are not.
pub fn grouped(groups: &Groups, names: &BTreeMap<String, String>, shipping: &mut Shipping) {
    let plain = |name: &str| {
        let mut letters = name.chars();
        !name.is_empty() && letters.all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    let mut open: BTreeMap<&String, &(Place, Vec<String>)> = groups
        .iter()
        .filter(|(name, (_, targets))| *name != "default" && !targets.is_empty())
        .collect();
    // A group with a member that cannot be is left out, too.
    let mut dropped: BTreeMap<&String, (String, &Place)> = BTreeMap::new();
    loop {
        let gone = open.iter().find_map(|(name, (place, targets))| {
            let unknown: Vec<&str> = targets
                .iter()
                .filter(|target| !names.contains_key(*target) && !open.contains_key(target))
                .map(String::as_str)
                .collect();
            (!unknown.is_empty() || !plain(name)).then(|| (*name, (unknown.join(", "), place)))
        });
        let Some((name, why)) = gone else { break };
        open.remove(name);
        dropped.insert(name, why);
    }
    let any = !names.is_empty();
    for (name, (unknown, place)) in dropped.into_iter().filter(|_| any) {
        shipping.notes.push(format!(
            "{place}: the group {name} is not proposed: no services here are {unknown}"
        ));
    }
    let key = |(name, (place, targets)): (&String, &(Place, Vec<String>))| {
        let targets = targets.iter();
        let targets: Vec<String> = targets
            .map(|target| names.get(target).unwrap_or(target).clone())
            .collect();
        ProposedKey::new(name, targets, place.to_string())
    };
    shipping.groups = open.into_iter().map(key).collect();
}
