//! The keys of Bake targets: tags, platforms, outputs, labels, and the variables of a bake.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use super::request::{OfBake, Request, variables};
use crate::plan::choice::{ProposedKey, ProposedService, Shipping};
use crate::plan::config::valid::{GIVEN_TAG, USUAL_TAG};
use crate::plan::config::values::docker_name;

/// A service in the making: what asks for it first, and what else asks for it.
pub type Kept<'a> = (&'a Candidate, Vec<&'a Candidate>);

/// Gives services the keys of their targets. `services` are in the order of `kept`.
pub fn targets(kept: &[Kept<'_>], services: &mut [ProposedService], shipping: &mut Shipping) {
    platforms(kept, services, shipping);
    let requests: Vec<Option<(&Request, &OfBake)>> = kept
        .iter()
        .map(|(first, merged)| {
            let mut all = [*first].into_iter().chain(merged.iter().copied());
            all.find_map(|of| Some((&of.request, of.request.bake.as_ref()?)))
        })
        .collect();
    let variable = tag_variable(requests.iter().flatten().map(|(_, bake)| *bake));
    let told = requests.iter().flatten().next().is_some();
    for (request, service) in requests.iter().zip(services.iter_mut()) {
        if let Some((request, bake)) = request {
            of_target(request, bake, variable.as_deref(), service);
        }
    }
    if told {
        notes(&requests, variable.as_deref(), shipping);
        common_tag(services, variable.as_deref(), shipping);
        bake_variables(kept, &requests, shipping);
    }
}

fn of_target(
    request: &Request,
    bake: &OfBake,
    variable: Option<&str>,
    service: &mut ProposedService,
) {
    let place = request.place.to_string();
    let named = request.place_of_name().to_string();
    let mut key = |name: &str, value: toml::Value, place: &str| {
        service.keys.push(ProposedKey::new(name, value, place));
    };
    let (tags, untold) = tags(&request.tags, bake, variable);
    let usual = tags == [GIVEN_TAG] || (variable.is_none() && tags == [USUAL_TAG]);
    match &tags[..] {
        _ if usual => {}
        [] => {}
        [tag] => key("tag", tag.clone().into(), &named),
        tags => key("tag", tags.to_vec().into(), &named),
    }
    if bake.default == Some(false) {
        key("default", false.into(), &place);
    }
    let outputs: Vec<&String> = bake
        .outputs
        .iter()
        .filter(|output| *output != "type=image")
        .collect();
    if let [output] = outputs[..] {
        key("output", output.clone().into(), &place);
    }
    let labels = &bake.labels;
    let is_told = |value: &str| !value.is_empty() && variables(value).next().is_none();
    let told: Vec<(String, toml::Value)> = labels
        .iter()
        .filter(|(_, value)| is_told(value))
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    let mut notes = Vec::new();
    let silent: Vec<&str> = labels
        .iter()
        .filter(|(_, value)| !is_told(value))
        .map(|(name, _)| name.as_str())
        .collect();
    if !told.is_empty() {
        // Those of the target count more than those of the Dockerfile.
        let old = service.keys.iter().position(|key| key.name == "labels");
        let old = old.map(|at| service.keys.remove(at));
        let mut table = toml::Table::new();
        let mut places = BTreeSet::from([place.clone()]);
        if let Some(old) = old {
            if let Some(toml::Value::Table(parsed)) = old.parsed() {
                table.extend(parsed);
            }
            places.extend(old.place.split(", ").map(str::to_owned));
        }
        table.extend(told);
        let places = Vec::from_iter(places).join(", ");
        service.keys.push(ProposedKey::new("labels", table, places));
    }
    if !untold.is_empty() {
        let untold = Vec::from_iter(untold).join(", ");
        notes.push(format!("{named}: its tags with {untold} are not proposed"));
    }
    for (key, variables) in &bake.decided {
        let variables = Vec::from_iter(variables.iter().map(String::as_str)).join(", ");
        notes.push(format!(
            "{place}: `{key}` depends on {variables} there, and here is what the defaults give"
        ));
    }
    if !bake.unsaid.is_empty() {
        let unsaid = bake.unsaid.join(", ");
        notes.push(format!("{place}: not proposed: {unsaid}"));
    }
    notes.extend(bake.set.iter().cloned());
    if outputs.len() > 1 {
        notes.push(format!(
            "{place}: it has {} outputs there, and one at most here",
            outputs.len()
        ));
    }
    if !silent.is_empty() {
        let silent = silent.join(", ");
        notes.push(format!(
            "{place}: labels that a bake decides are not proposed: {silent}"
        ));
    }
    service.notes.extend(notes);
}

/// Returns the variable that most tags have, as the one whose place `TAG` takes.
fn tag_variable<'a>(all: impl Iterator<Item = &'a OfBake>) -> Option<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for bake in all {
        let names: BTreeSet<&str> = bake
            .tags
            .iter()
            .flat_map(|tag| variables(tag_part(tag)))
            .filter(|name| !name.is_empty())
            .collect();
        for name in names {
            *count.entry(name).or_default() += 1;
        }
    }
    let most = count.into_iter().max_by_key(|(name, count)| {
        let usual = ["TAG", "IMAGE_TAG", "VERSION"];
        (*count, usual.contains(name), std::cmp::Reverse(*name))
    });
    most.map(|(name, _)| name.to_owned())
}

fn tag_part(reference: &str) -> &str {
    let reference = reference.split('@').next().unwrap_or(reference);
    let last = reference.rsplit('/').next().unwrap_or(reference);
    last.split_once(':').map_or("", |(_, tag)| tag)
}

/// Returns the tags of a target as `tag` has them, and what cannot be said of them.
fn tags(
    plain: &[String],
    bake: &OfBake,
    variable: Option<&str>,
) -> (Vec<String>, BTreeSet<String>) {
    let (mut tags, mut untold): (Vec<String>, _) = (Vec::new(), BTreeSet::new());
    for (index, template) in bake.tags.iter().enumerate() {
        if template.is_empty() {
            continue;
        }
        let mut tag = tag_part(template).to_owned();
        let plain = plain.get(index).map_or("", |plain| tag_part(plain));
        // A variable may be the whole name with its tag.
        if let (true, Some(name)) = (tag.is_empty(), variables(template).next())
            && !plain.is_empty()
        {
            untold.insert(format!("${{{name}}}"));
            continue;
        }
        let named: Vec<String> = variables(&tag).map(str::to_owned).collect();
        let mut others = named
            .iter()
            .filter(|name| Some(name.as_str()) != variable && !name.is_empty());
        if let Some(other) = others.next() {
            untold.insert(format!("${{{other}}}"));
            continue;
        }
        for name in named {
            tag = tag.replace(&super::request::marked(&name), GIVEN_TAG);
        }
        if template.ends_with(':') {
            untold.insert("a value that the file does not tell".to_owned());
            continue;
        }
        if tag.is_empty() {
            USUAL_TAG.clone_into(&mut tag);
        }
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    (tags, untold)
}

/// Says which variable `TAG` takes the place of, and proposes its default.
fn notes(
    requests: &[Option<(&Request, &OfBake)>],
    variable: Option<&str>,
    shipping: &mut Shipping,
) {
    let Some(variable) = variable.filter(|variable| !variable.is_empty()) else {
        return;
    };
    let mut all = requests.iter().flatten();
    let found = all.find_map(|(request, bake)| Some((request, bake.defaults.get(variable)?)));
    let Some((request, default)) = found else {
        return;
    };
    let place = request.place_of_name().to_string();
    if variable != "TAG" {
        let note = format!("{place}: TAG takes the place of {variable} there");
        shipping.notes.push(note);
    }
    if !["", USUAL_TAG].contains(&default.as_str()) {
        shipping.tag = Some(ProposedKey::new("tag", default.as_str(), place));
    }
}

/// Takes a tag that all images have, and no variable decides, from the services.
fn common_tag(services: &mut [ProposedService], variable: Option<&str>, shipping: &mut Shipping) {
    let tag = |service: &ProposedService| {
        let mut keys = service.keys.iter();
        keys.find(|key| key.name == "tag").cloned()
    };
    let first = services.first().and_then(tag);
    let Some(first) = first.filter(|first| variable.is_none() && first.value.starts_with('"'))
    else {
        return;
    };
    let same = |service: &ProposedService| tag(service).is_some_and(|tag| tag.value == first.value);
    if services.len() < 2 || !services.iter().all(same) {
        return;
    }
    for service in services {
        service.keys.retain(|key| key.name != "tag");
    }
    shipping.tag = Some(first);
}

/// Proposes the platforms that all images have; those of a service are some of them.
fn platforms(kept: &[Kept<'_>], services: &mut [ProposedService], shipping: &mut Shipping) {
    let own: Vec<Option<(Vec<String>, String)>> = kept
        .iter()
        .map(|(first, merged)| {
            let mut all = [*first].into_iter().chain(merged.iter().copied());
            all.find_map(|of| {
                let platforms = of.request.platforms.iter();
                let platforms: BTreeSet<String> = platforms
                    .filter(|platform| platform.contains('/'))
                    .map(|platform| docker_name(platform).unwrap_or_else(|| platform.clone()))
                    .collect();
                let platforms = Vec::from_iter(platforms);
                (!platforms.is_empty()).then(|| (platforms, of.request.place.to_string()))
            })
        })
        .collect();
    let Some(place) = own.iter().flatten().map(|(_, place)| place.clone()).next() else {
        return;
    };
    let union: BTreeSet<String> = own
        .iter()
        .flatten()
        .flat_map(|(platforms, _)| platforms.clone())
        .collect();
    let union = Vec::from_iter(union);
    for ((own, (of, _)), service) in own.into_iter().zip(kept).zip(services) {
        let Some((platforms, place)) = own else {
            let note = format!(
                "{}: it is built for the builder's own platform there, and for those at the top of this file here",
                of.request.place
            );
            service.notes.push(note);
            continue;
        };
        if platforms == union {
            continue;
        }
        let key = ProposedKey::new("platforms", platforms, place);
        service.keys.push(key);
    }
    shipping.platforms = Some(ProposedKey::new("platforms", union, place));
}

/// Proposes the variables that say at bake time how Cargo compiles.
fn bake_variables(
    kept: &[Kept<'_>],
    requests: &[Option<(&Request, &OfBake)>],
    shipping: &mut Shipping,
) {
    let (mut found, mut places, mut others) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for ((of, _), request) in kept.iter().zip(requests) {
        let call = of.main().and_then(|main| main.call.as_ref());
        let (Some((request, bake)), Some(call)) = (request, call) else {
            continue;
        };
        let arguments = of.builder.iter().flat_map(|builder| &builder.arguments);
        let arguments: BTreeSet<&String> = arguments.collect();
        let used = bake.variables.iter();
        for (argument, variable) in used.filter(|(argument, _)| arguments.contains(argument)) {
            let value = request.args.get(argument).map_or("", String::as_str);
            let is_profile = argument.contains("PROFILE") && call.profile.as_deref() == Some(value);
            let is_features = argument.contains("FEATURES")
                && value
                    .split([',', ' '])
                    .filter(|feature| !feature.is_empty())
                    .all(|feature| call.features.iter().any(|own| own == feature));
            let usual = match (is_profile, is_features) {
                (true, _) => "PROFILE",
                (_, true) => "FEATURES",
                _ => continue,
            };
            if variable == usual {
                found.insert(usual.to_owned());
                places.insert(request.place.to_string());
            } else {
                others.insert(format!(
                    "{}: {variable} there decides what `bake.variables = [\"{usual}\"]` would let {usual} decide",
                    request.place
                ));
            }
        }
    }
    shipping.notes.extend(others.into_iter().take(2));
    if let Some(place) = places.into_iter().next() {
        let found = Vec::from_iter(found);
        shipping.variables = Some(ProposedKey::new("variables", found, place));
    }
}
