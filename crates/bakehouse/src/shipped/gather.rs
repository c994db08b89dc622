//! The services of a repository, from its own Dockerfiles, Bake files, Compose files and workflows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::bake;
use super::candidate::Candidate;
use super::carried::Known;
use super::chart;
use super::compose;
use super::dockerfile::Dockerfile;
use super::image::last;
use super::keys::{Sight, service};
use super::kinds::{Kind, Weight, weight};
use super::place::Place;
use super::registry::registry;
use super::request::{Asker, Request};
use super::walk::{Files, Text};
use super::workflow;
use crate::graph::Workspace;
use crate::plan::choice::{ProposedImage, ProposedKey, ProposedService, Shipping};
use crate::plan::config::names::free_name;

/// Most lines about files that were passed over.
const MOST_PASSED: usize = 12;
/// Most images beside the services.
const MOST_IMAGES: usize = 12;

/// The services that a repository ships.
#[derive(Clone, Debug, Default)]
pub struct Shipped {
    /// Empty if no file names a binary of the workspace.
    pub services: Vec<ProposedService>,
    /// The binaries that the services have, with their packages.
    pub binaries: BTreeSet<(String, String)>,
    pub shipping: Shipping,
}

/// Reads what the files say. `folder` is that of the workspace in the repository.
pub fn gather(files: &Files, folder: &Utf8Path, workspace: &Workspace) -> Shipped {
    let known = Known::new(workspace);
    let mut passed = files.passed.clone();
    let mut dockerfiles: BTreeMap<Utf8PathBuf, Dockerfile> = BTreeMap::new();
    for text in of_kind(files, Kind::Dockerfile) {
        match Dockerfile::read(&text.text) {
            Ok(dockerfile) => {
                dockerfiles.insert(text.file.clone(), dockerfile);
            }
            Err(why) => passed.push(format!("{}: {why}", text.file)),
        }
    }
    let mut groups = BTreeMap::new();
    let requests = requests(files, &mut groups, &mut passed);
    let mut candidates = candidates(requests, &dockerfiles, &known, &mut passed);
    chart::name(&mut candidates, &repositories(files, &mut passed));
    candidates.sort_by_key(|candidate| {
        let request = &candidate.request;
        let place = &request.place;
        (
            candidate.weight,
            // What takes a binary from elsewhere says less of it.
            candidate.main().is_none_or(|main| main.call.is_none()),
            request.asker,
            request.asker != Asker::Bake && !request.is_published(),
            place.file.components().count(),
            place.file.clone(),
            // The last stage of a Dockerfile is the one that is built if nobody names another.
            (request.asker == Asker::Dockerfile).then_some(Reverse(candidate.stage)),
            place.line,
        )
    });
    let full = candidates
        .iter()
        .any(|candidate| candidate.weight == Weight::Full && !candidate.binaries.is_empty());
    let counts = |candidate: &&Candidate| candidate.weight == Weight::Full || !full;
    let candidates: Vec<Candidate> = candidates.iter().filter(counts).cloned().collect();
    let mut kept: Vec<(&Candidate, Vec<&Candidate>)> = Vec::new();
    for candidate in candidates
        .iter()
        .filter(|candidate| !candidate.binaries.is_empty())
    {
        match kept.iter_mut().find(|(first, _)| first.is_same(candidate)) {
            Some((_, merged)) => merged.push(candidate),
            None => kept.push((candidate, Vec::new())),
        }
    }
    let sight = Sight {
        workspace,
        files: &files.all,
        folder,
    };
    let mut shipped = Shipped::default();
    let mut taken = BTreeSet::new();
    for (candidate, merged) in &kept {
        let name = name(candidate, &mut taken);
        let file = &dockerfiles[&candidate.request.dockerfile];
        if let Some(service) = service(name, candidate, merged, file, &sight) {
            shipped.services.push(service);
        }
        for carried in &candidate.binaries {
            let pair = (carried.package.to_string(), carried.bin.to_string());
            shipped.binaries.insert(pair);
        }
    }
    depends_on(&kept, &mut shipped.services);
    let all: Vec<(&Candidate, &[&Candidate])> = kept
        .iter()
        .map(|(candidate, merged)| (*candidate, &merged[..]))
        .collect();
    shipped.shipping.registry = registry(&all, &mut shipped.services);
    shipped.shipping.notes = notes(&all);
    shipped.shipping.groups = grouped(&groups, &shipped.services);
    shipped.services.sort_by(|a, b| a.name.cmp(&b.name));
    images(&candidates, &mut shipped.shipping, &mut taken, &mut passed);
    if passed.len() > MOST_PASSED {
        let more = passed.len() - MOST_PASSED;
        passed.truncate(MOST_PASSED);
        passed.push(format!("and {more} more"));
    }
    shipped.shipping.passed = passed;
    shipped
}

fn of_kind(files: &Files, kind: Kind) -> impl Iterator<Item = &Text> {
    files.texts.iter().filter(move |text| text.kind == kind)
}

/// Returns the names of images in the values of charts.
fn repositories(files: &Files, passed: &mut Vec<String>) -> Vec<chart::Repository> {
    let mut all = Vec::new();
    for Text { file, text, .. } in of_kind(files, Kind::Chart) {
        let is_chart = |name: &str| files.all.contains(&file.with_file_name(name));
        if !["Chart.yaml", "Chart.yml"].into_iter().any(is_chart) {
            continue;
        }
        match chart::read(file, text) {
            Ok(found) => all.extend(found),
            Err(why) => passed.push(format!("{file}: {why}")),
        }
    }
    all
}

/// Groups of Bake, each with its place and targets.
type Groups = BTreeMap<String, (Utf8PathBuf, Vec<String>)>;

fn requests(
    files: &Files,
    groups: &mut Groups,
    passed: &mut Vec<String>,
) -> Vec<(Weight, Request)> {
    let mut all: Vec<(Weight, Request)> = Vec::new();
    for text in &files.texts {
        let file = &text.file;
        let found = match text.kind {
            Kind::Bake => bake::read(file, &text.text, &files.all).map(|asked| {
                passed.extend(asked.passed);
                for (name, targets) in asked.groups {
                    groups.entry(name).or_insert((file.clone(), targets));
                }
                asked.requests
            }),
            Kind::Compose => compose::read(file, &text.text, &files.all),
            Kind::Workflow => workflow::read(file, &text.text, &files.all),
            Kind::Script => Ok(workflow::of_script(
                Asker::Script,
                &Place::new(file, 1),
                &text.text,
                &files.all,
            )),
            Kind::Dockerfile | Kind::Document | Kind::Chart => continue,
        };
        match found {
            Ok(found) => all.extend(found.into_iter().map(|request| (text.weight, request))),
            Err(why) => passed.push(format!("{file}: {why}")),
        }
    }
    all
}

fn candidates(
    requests: Vec<(Weight, Request)>,
    dockerfiles: &BTreeMap<Utf8PathBuf, Dockerfile>,
    known: &Known<'_>,
    passed: &mut Vec<String>,
) -> Vec<Candidate> {
    let mut all = Vec::new();
    let mut asked: BTreeSet<Utf8PathBuf> = BTreeSet::new();
    for (weighs, request) in requests {
        let Some(file) = dockerfiles.get(&request.dockerfile) else {
            continue;
        };
        // Who gives an image the name of a registry wants it, wherever its Dockerfile is.
        let wanted = request.is_published() && request.asker != Asker::Compose;
        let weighs = if wanted {
            weighs
        } else {
            weighs.max(weight(&request.dockerfile))
        };
        let place = request.place.clone();
        let target = request.target.clone().unwrap_or_default();
        let full = request.asker != Asker::Compose && weighs == Weight::Full;
        let dockerfile = request.dockerfile.clone();
        match Candidate::new(request, weighs, file, known) {
            Some(candidate) => {
                if full {
                    asked.insert(dockerfile);
                }
                all.push(candidate);
            }
            None => passed.push(format!("{place}: {dockerfile} has no stage {target}")),
        }
    }
    for (path, file) in dockerfiles {
        // A file that is built by name is built as its callers say.
        if asked.contains(path) {
            continue;
        }
        for stage in file.leaves() {
            let name = file.stages[stage].name.clone();
            let request = Request {
                asker: Asker::Dockerfile,
                name: name.clone(),
                place: Place::new(path, file.stages[stage].line),
                context: Utf8PathBuf::new(),
                dockerfile: path.clone(),
                target: Some(name.unwrap_or_else(|| stage.to_string())),
                args: BTreeMap::new(),
                tags: Vec::new(),
                named_at: None,
                platforms: Vec::new(),
                compose: None,
            };
            all.extend(Candidate::new(request, weight(path), file, known));
        }
    }
    all
}

/// Returns the name of a service.
fn name(candidate: &Candidate, taken: &mut BTreeSet<String>) -> String {
    let request = &candidate.request;
    let bin = candidate.main().map_or("", |main| &*main.bin);
    let folder = request.dockerfile.parent().and_then(Utf8Path::file_name);
    let usual = match request.asker {
        Asker::Bake | Asker::Compose => request.name.as_deref(),
        Asker::Workflow | Asker::Script => request.image(),
        Asker::Dockerfile => None,
    };
    let others = [usual, Some(bin), request.name.as_deref(), folder];
    free_name(others.into_iter().flatten(), taken)
}

/// Adds what Compose files say of the order of services.
fn depends_on(kept: &[(&Candidate, Vec<&Candidate>)], services: &mut [ProposedService]) {
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
            service.keys.push(ProposedKey {
                name: "depends-on".to_owned(),
                value: toml::Value::from(Vec::from_iter(needed)).to_string(),
                place: Vec::from_iter(places).join(", "),
            });
        }
    }
}

/// Returns what the files say of all services together.
fn notes(all: &[(&Candidate, &[&Candidate])]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut platforms: BTreeMap<Vec<String>, Place> = BTreeMap::new();
    for of in all
        .iter()
        .flat_map(|(first, merged)| [*first].into_iter().chain(merged.iter().copied()))
    {
        if !of.request.platforms.is_empty() {
            let place = of.request.place.clone();
            platforms
                .entry(of.request.platforms.clone())
                .or_insert(place);
        }
    }
    for (platforms, place) in platforms {
        notes.push(format!(
            "platforms = {} # {place}",
            toml::Value::from(platforms)
        ));
    }
    let installed = all.iter().map(|(of, _)| {
        let names: BTreeSet<&str> = of
            .image
            .packages
            .iter()
            .map(|package| package.value.as_str())
            .collect();
        let line = of.image.packages.first().map_or(0, |package| package.line);
        (
            Place::new(&of.request.dockerfile, line),
            Vec::from_iter(names).join(", "),
        )
    });
    let installed: BTreeMap<Place, String> =
        installed.filter(|(_, names)| !names.is_empty()).collect();
    for (place, names) in installed {
        notes.push(format!("{place} installs in the image: {names}"));
    }
    notes
}

/// Returns the groups that have services only.
fn grouped(groups: &Groups, services: &[ProposedService]) -> Vec<ProposedKey> {
    let is_service = |target: &String| services.iter().any(|service| service.name == *target);
    let plain = |name: &str| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    let all = groups.iter().filter(|(name, (_, targets))| {
        let own = *name != "default" && plain(name) && !name.is_empty();
        own && !targets.is_empty() && targets.iter().all(is_service)
    });
    let key = |(name, (file, targets)): (&String, &(Utf8PathBuf, Vec<String>))| ProposedKey {
        name: name.clone(),
        value: toml::Value::from(targets.clone()).to_string(),
        place: file.to_string(),
    };
    all.map(key).collect()
}

/// Finds the images that are not of this workspace.
fn images(
    candidates: &[Candidate],
    shipping: &mut Shipping,
    taken: &mut BTreeSet<String>,
    passed: &mut Vec<String>,
) {
    let mut seen = BTreeSet::new();
    let with = |file: &Utf8PathBuf| {
        let binaries = |of: &&Candidate| of.request.dockerfile == *file && !of.binaries.is_empty();
        candidates.iter().find(binaries).is_some()
    };
    for candidate in candidates
        .iter()
        .filter(|candidate| candidate.weight == Weight::Full)
    {
        let request = &candidate.request;
        if !candidate.binaries.is_empty() || (candidate.rust && with(&request.dockerfile)) {
            continue;
        }
        if !seen.insert((
            request.dockerfile.clone(),
            candidate.stage,
            request.args.clone(),
        )) {
            continue;
        }
        if candidate.rust {
            let file = &request.dockerfile;
            passed.push(format!("{file}: no line names a binary of the workspace"));
            continue;
        }
        let folder = request.dockerfile.parent().unwrap_or(Utf8Path::new(""));
        let usual = match request.asker {
            Asker::Dockerfile => folder.file_name(),
            _ => request.name.as_deref().or(request.image()),
        };
        let Some(usual) = usual else { continue };
        if shipping.images.len() == MOST_IMAGES {
            passed.push("more Dockerfiles of other images".to_owned());
            return;
        }
        let context = match request.asker {
            Asker::Dockerfile => folder,
            _ => &request.context,
        };
        let context = if context.as_str().is_empty() {
            "."
        } else {
            context.as_str()
        };
        let mut keys = vec![("context", context.to_owned().into())];
        keys.push(("dockerfile", request.dockerfile.to_string().into()));
        let target = request
            .target
            .clone()
            .filter(|_| request.asker != Asker::Dockerfile);
        keys.extend(target.map(|target| ("target", target.into())));
        if !request.args.is_empty() {
            let args = request
                .args
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()));
            keys.push(("args", toml::Value::Table(args.collect())));
        }
        shipping.images.push(ProposedImage {
            name: free_name([last(usual)].into_iter(), taken),
            place: request.place.to_string(),
            keys: keys
                .into_iter()
                .map(|(key, value)| format!("{key} = {value}"))
                .collect(),
        });
    }
}
