//! The services of a repository, from its own Dockerfiles, Bake files, Compose files and workflows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::bake::Around;
use super::bake_file::BakeFile;
use super::bases::bases;
use super::candidate::Candidate;
use super::carried::Known;
use super::chart;
use super::ci::Ci;
use super::compose;
use super::dockerfile::Dockerfile;
use super::families::{Groups, apart, fold, grouped};
use super::joined::joined;
use super::keys::{Sight, finish, service};
use super::kinds::{Kind, Weight, weight};
use super::overlay;
use super::path::last;
use super::place::Place;
use super::registry::registry;
use super::request::{Asker, Request};
use super::targets::{Kept, targets};
use super::together::{depends_on, files_of_images, given, under_none, users};
use super::walk::{Files, Text};
use super::workflow;
use crate::graph::Workspace;
use crate::plan::choice::{ProposedImage, ProposedService, Shipping};
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

/// Reads what the files of the repository `root` say. `folder` is that of the workspace in it.
pub fn gather(files: &Files, root: &Utf8Path, folder: &Utf8Path, workspace: &Workspace) -> Shipped {
    let known = Known::new(workspace);
    let mut passed = files.passed.clone();
    let mut dockerfiles: BTreeMap<Utf8PathBuf, Dockerfile> = BTreeMap::new();
    for text in of_kind(files, Kind::Dockerfile) {
        match Dockerfile::read(&text.file, &text.text) {
            Ok(dockerfile) => {
                dockerfiles.insert(text.file.clone(), dockerfile);
            }
            Err(why) => passed.push(format!("{}: {why}", text.file)),
        }
    }
    let mut groups = BTreeMap::new();
    let requests = requests(files, workspace, &mut groups, &mut passed);
    let mut candidates = candidates(requests, &dockerfiles, &known, &mut passed);
    chart::name(&mut candidates, &repositories(files, &mut passed));
    candidates.sort_by_key(|candidate| {
        let request = &candidate.request;
        let place = &request.place;
        (
            candidate.weight,
            // A file that takes a binary from elsewhere says less of it.
            candidate.main().is_none_or(|main| main.call.is_none()),
            request.asker,
            request.asker != Asker::Bake && !request.is_published(),
            request.overlay().is_some(),
            // `Dockerfile.kafka` is another form of what `Dockerfile` makes.
            request.dockerfile.file_name() != Some("Dockerfile"),
            place.file.components().count(),
            place.file.clone(),
            // A target comes before those whose names continue its own.
            request.bake.as_ref().map(|bake| bake.continues),
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
    let mut kept: Vec<Kept<'_>> = Vec::new();
    for candidate in candidates.iter().filter(|candidate| is_service(candidate)) {
        let same = |(first, _): &Kept<'_>| first.is_same(candidate);
        let compiled = |kept: &Kept<'_>| same(kept) && kept.0.settings() == candidate.settings();
        let found = kept.iter().position(compiled);
        match found.or_else(|| kept.iter().position(same)) {
            Some(at) => kept[at].1.push(candidate),
            None => kept.push((candidate, Vec::new())),
        }
    }
    let sight = Sight {
        workspace,
        root,
        files: &files.all,
        folder,
    };
    let mut shipped = Shipped::default();
    let shipping = &mut shipped.shipping;
    let (mut services, mut taken) = (Vec::new(), BTreeSet::new());
    for (candidate, merged) in &kept {
        let name = name(candidate, &mut taken);
        services.extend(service(name, candidate, merged, &sight));
        for carried in &candidate.binaries {
            let pair = (carried.package.to_string(), carried.bin.to_string());
            shipped.binaries.insert(pair);
        }
    }
    depends_on(&kept, &mut services);
    files_of_images(&mut services, shipping, &mut taken);
    let all: Vec<(&Candidate, &[&Candidate])> = kept
        .iter()
        .map(|(candidate, merged)| (*candidate, &merged[..]))
        .collect();
    shipping.registry = registry(&all, &mut services);
    let firsts: Vec<&Candidate> = kept.iter().map(|(first, _)| *first).collect();
    shipping.bases = bases(&firsts, &mut services, workspace);
    targets(&kept, &mut services, shipping);
    users(&firsts, &mut services, shipping);
    shipping.given = given(&firsts);
    if shipping.registry.is_some() {
        under_none(&kept, &mut services);
    }
    apart(&kept, &mut services);
    let names = fold(&kept, &mut services, shipping);
    grouped(&groups, &names, shipping);
    services.iter_mut().for_each(finish);
    services.sort_by(|a, b| a.name.cmp(&b.name));
    images(&candidates, shipping, &mut taken, &mut passed);
    shipped.services = services;
    let mut told = BTreeSet::new();
    passed.retain(|line| told.insert(line.clone()));
    if passed.len() > MOST_PASSED {
        let more = passed.len() - MOST_PASSED;
        passed.truncate(MOST_PASSED);
        passed.push(format!("and {more} more"));
    }
    shipped.shipping.passed = passed;
    shipped
}

/// Returns whether an image runs a binary of the workspace.
fn is_service(candidate: &Candidate) -> bool {
    !candidate.binaries.is_empty() && !candidate.is_foreign()
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

fn requests(
    files: &Files,
    workspace: &Workspace,
    groups: &mut Groups,
    passed: &mut Vec<String>,
) -> Vec<(Weight, Request)> {
    let mut all: Vec<(Weight, Request)> = Vec::new();
    let registry = crate::plan::proposal::registry(workspace);
    let repository = registry
        .as_deref()
        .and_then(|name| name.strip_prefix("ghcr.io/"));
    let mut ci = Ci::default();
    for text in &files.texts {
        ci.read(text, repository);
    }
    let (mut bakes, mut weights) = (Vec::new(), Vec::new());
    for text in &files.texts {
        let file = &text.file;
        let found = match text.kind {
            Kind::Bake => match BakeFile::read(file, &text.text) {
                Ok(bake) => {
                    bakes.push(bake);
                    weights.push(text.weight);
                    continue;
                }
                Err(why) => Err(why),
            },
            Kind::Compose => {
                compose::read(file, &text.text, &files.all).map(|(requests, remarks)| {
                    passed.extend(remarks);
                    requests
                })
            }
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
    let around = Around {
        files: &files.all,
        named: ci.named.clone(),
        given: ci.given.clone(),
    };
    for (index, asked) in overlay::ask(&bakes, &around) {
        passed.extend(asked.passed);
        for (name, group) in asked.groups {
            groups.entry(name).or_insert(group);
        }
        let requests = &asked.requests;
        let over: BTreeSet<String> = requests
            .iter()
            .filter(|request| request.overlay().is_some())
            .filter_map(|request| request.place.file.file_name().map(str::to_owned))
            .collect();
        all.extend(asked.requests.into_iter().map(|mut request| {
            ci.name(&mut request, &over);
            ci.complete(&mut request);
            (weights[index], request)
        }));
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
        if !dockerfiles.contains_key(&request.dockerfile) {
            continue;
        }
        // An image with the name of a registry is wanted, wherever its Dockerfile is.
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
        let file = joined(&request, dockerfiles);
        match file.and_then(|file| Candidate::new(request, weighs, file, known)) {
            Some(candidate) => {
                if full {
                    asked.insert(dockerfile);
                    // The Dockerfiles that an image takes files from are built with it.
                    let origins = candidate.file.origins.iter();
                    asked.extend(origins.map(|origin| origin.path.clone()));
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
            let place = file.place(file.stages[stage].line);
            let request = Request {
                name: name.clone(),
                target: Some(name.unwrap_or_else(|| stage.to_string())),
                ..Request::new(Asker::Dockerfile, place, path.clone())
            };
            let file = file.clone();
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
    let long = request
        .overlay()
        .map(|word| format!("{}-{word}", usual.unwrap_or(bin)));
    let others = [
        long.as_deref(),
        usual,
        Some(bin),
        request.name.as_deref(),
        folder,
    ];
    free_name(others.into_iter().flatten(), taken)
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
        let mut candidates = candidates.iter();
        candidates.any(|of| of.request.dockerfile == *file && is_service(of))
    };
    for candidate in candidates
        .iter()
        .filter(|candidate| candidate.weight == Weight::Full)
    {
        let request = &candidate.request;
        let foreign = !candidate.binaries.is_empty() && candidate.is_foreign();
        if is_service(candidate) || (candidate.rust && !foreign && with(&request.dockerfile)) {
            continue;
        }
        if !seen.insert((
            request.dockerfile.clone(),
            candidate.stage,
            request.args.clone(),
        )) {
            continue;
        }
        if candidate.rust && !foreign {
            let file = &request.dockerfile;
            passed.push(format!("{file}: no line names a binary of the workspace"));
            continue;
        }
        let folder = request.dockerfile.parent().unwrap_or(Utf8Path::new(""));
        let usual = match request.asker {
            Asker::Dockerfile if foreign => request.name.as_deref().or(folder.file_name()),
            Asker::Dockerfile => folder.file_name(),
            _ => request.name.as_deref().or(request.image()),
        };
        let Some(usual) = usual else { continue };
        let place = request.place.to_string();
        let mut known = shipping.images.iter();
        if known.any(|image| image.proposed && image.place == place) {
            continue;
        }
        let others = shipping.images.iter().filter(|image| !image.proposed);
        if others.count() == MOST_IMAGES {
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
            .filter(|_| request.asker != Asker::Dockerfile || foreign);
        keys.extend(target.map(|target| ("target", target.into())));
        if !request.args.is_empty() {
            let args = request
                .args
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()));
            keys.push(("args", toml::Value::Table(args.collect())));
        }
        let name = free_name([last(usual)].into_iter(), taken);
        let mut keys: Vec<String> = keys
            .into_iter()
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        keys.extend(request.names_of_image(&name));
        shipping.images.push(ProposedImage {
            name,
            place,
            proposed: false,
            keys,
        });
    }
}
