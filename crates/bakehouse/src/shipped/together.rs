//! The keys and remarks that a service gets only beside the others.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use super::candidate::Candidate;
use super::place::Place;
use super::request::split;
use super::targets::Kept;
use super::user::User;
use crate::plan::choice::{ProposedImage, ProposedKey, ProposedService, Shipping};
use crate::plan::config::names::free_name;

/// Says of images that run as root that they will not. All of them are one remark.
pub fn users(kept: &[&Candidate], services: &mut [ProposedService], shipping: &mut Shipping) {
    let root = |of: &&Candidate| match of.image.user() {
        User::Root(line) => Some(of.place(line)),
        _ => None,
    };
    let roots: Vec<Option<Place>> = kept.iter().map(root).collect();
    let why = "as root there, and as 10001:10001 here";
    if let [Some(first), _, ..] = &roots[..]
        && roots.iter().all(Option::is_some)
    {
        shipping.bases.notes.push(format!(
            "{first}: all of them run {why}: `user = \"0:0\"` under [runtime] keeps that, or give that user what they write"
        ));
        return;
    }
    for (place, service) in roots.into_iter().zip(services) {
        if let Some(place) = place {
            service.notes.push(format!(
                "{place}: it runs {why}: `user = \"0:0\"` keeps that, or give that user what it writes"
            ));
        }
    }
}

/// Returns the variables that steps which compile get from the build, each with its place.
pub fn given(kept: &[&Candidate]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for of in kept {
        let Some(builder) = &of.builder else { continue };
        for call in &builder.calls {
            for name in builder.arguments.iter().chain(&call.given) {
                let place = || of.place(call.line).to_string();
                found.entry(name.clone()).or_insert_with(place);
            }
        }
    }
    found
}

/// Declares the images that services have files of, each under a name of its own.
pub fn files_of_images(
    services: &mut [ProposedService],
    shipping: &mut Shipping,
    taken: &mut BTreeSet<String>,
) {
    for service in services {
        for image in std::mem::take(&mut service.images) {
            let known = shipping
                .images
                .iter()
                .find(|known| known.keys == image.keys);
            let name = match known {
                Some(known) => known.name.clone(),
                None => free_name([image.name.as_str()].into_iter(), taken),
            };
            let (old, new) = (format!("\"{}:", image.name), format!("\"{name}:"));
            for row in &mut service.files {
                if let Some(rest) = row.name.strip_prefix(&old) {
                    row.name = format!("{new}{rest}");
                }
            }
            if !shipping.images.iter().any(|known| known.name == name) {
                shipping.images.push(ProposedImage { name, ..image });
            }
        }
    }
}

/// Says of images whose names have no registry that they will have one.
pub fn under_none(kept: &[Kept<'_>], services: &mut [ProposedService]) {
    for ((first, _), service) in kept.iter().zip(services) {
        let request = &first.request;
        let local = |tag: &String| {
            split(tag).is_some_and(|(registry, name)| registry.is_empty() && !name.is_empty())
        };
        let named: Vec<&String> = request.tags.iter().filter(|tag| !tag.is_empty()).collect();
        if request.bake.is_some() && !named.is_empty() && named.iter().all(|tag| local(tag)) {
            service.notes.push(format!(
                "{}: {} is under no registry there",
                request.place_of_name(),
                named[0]
            ));
        }
    }
}

/// Adds what Compose files say of the order of services.
pub fn depends_on(kept: &[Kept<'_>], services: &mut [ProposedService]) {
    let names: Vec<String> = services
        .iter()
        .map(|service| service.name.clone())
        .collect();
    let mut of_compose: BTreeMap<(&Utf8Path, &str), usize> = BTreeMap::new();
    let asked = |index: usize| {
        let (first, merged) = &kept[index];
        let all = [*first].into_iter().chain(merged.iter().copied());
        all.filter(|of| of.request.compose.is_some())
    };
    for index in 0..kept.len() {
        for of in asked(index) {
            if let Some(name) = &of.request.name {
                of_compose.insert((&of.request.place.file, name), index);
            }
        }
    }
    for (index, service) in services.iter_mut().enumerate() {
        let mut needed = BTreeSet::new();
        let mut places = BTreeSet::new();
        for of in asked(index) {
            let compose = of
                .request
                .compose
                .iter()
                .flat_map(|compose| &compose.depends_on);
            for name in compose {
                let found = of_compose.get(&(&*of.request.place.file, name.as_str()));
                if let Some(found) = found.filter(|found| **found != index) {
                    needed.insert(names[*found].clone());
                    places.insert(of.request.place.to_string());
                }
            }
        }
        if !needed.is_empty() {
            let (needed, places) = (Vec::from_iter(needed), Vec::from_iter(places));
            let key = ProposedKey::new("depends-on", needed, places.join(", "));
            service.keys.push(key);
        }
    }
}
