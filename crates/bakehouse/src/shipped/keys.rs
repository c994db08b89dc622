//! The keys of a service, from the image that a repository ships.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::candidate::Candidate;
use super::cargo_call::CargoCall;
use super::carried::Carried;
use super::image::At;
use super::path::last;
use super::place::Line;
use super::request::Asker;
use crate::graph::member::EdgeKind;
use crate::graph::{Member, Workspace};
use crate::plan::choice::{ProposedKey, ProposedService};

/// Most lines about what is not proposed for a service.
const MOST_NOTES: usize = 12;

/// The facts that keys are worked out from.
pub struct Sight<'a> {
    pub workspace: &'a Workspace,
    /// The repository.
    pub root: &'a Utf8Path,
    /// All files of the repository.
    pub files: &'a BTreeSet<Utf8PathBuf>,
    /// The folder of the workspace in the repository.
    pub folder: &'a Utf8Path,
}

/// A service in the making.
pub(super) struct Making<'a> {
    pub(super) candidate: &'a Candidate,
    pub(super) service: ProposedService,
}

/// Returns the service of an image under a name.
pub fn service(
    name: String,
    candidate: &Candidate,
    merged: &[&Candidate],
    sight: &Sight<'_>,
) -> Option<ProposedService> {
    let main = candidate.main()?;
    let member = &sight.workspace.members[&main.package];
    let mut service = ProposedService::new(name, member, &main.bin);
    service.place = Some(candidate.place(main.line).to_string());
    service.place_of_target = Some(candidate.request.place.to_string());
    let mut making = Making { candidate, service };
    making.binaries(main);
    making.image_name();
    making.compiled(main, sight);
    making.content(merged, sight);
    making.rest(merged);
    Some(making.service)
}

/// The order of keys in a service.
const ORDER: [&str; 26] = [
    "bins",
    "image",
    "registries",
    "tag",
    "platforms",
    "default",
    "output",
    "profile",
    "features",
    "default-features",
    "rustflags",
    "static",
    "runtime",
    "packages",
    "entrypoint",
    "command",
    "ports",
    "user",
    "workdir",
    "env",
    "labels",
    "healthcheck",
    "health",
    "stop-signal",
    "depends-on",
    "variants",
];

/// Brings the keys of a service in order, and shortens its remarks.
pub fn finish(service: &mut ProposedService) {
    service.keys.sort_by_key(|key| {
        let name = key.name.split('.').next().unwrap_or_default();
        let rank = ORDER.iter().position(|own| *own == name);
        rank.unwrap_or(ORDER.len())
    });
    let notes = &mut service.notes;
    let mut told = BTreeSet::new();
    notes.retain(|note| told.insert(note.clone()));
    if notes.len() > MOST_NOTES {
        let more = notes.len() - MOST_NOTES;
        notes.truncate(MOST_NOTES);
        notes.push(format!("and {more} more lines like these"));
    }
}

impl Making<'_> {
    pub(super) fn place(&self, line: Line) -> String {
        self.candidate.place(line).to_string()
    }

    pub(super) fn places(&self, lines: impl IntoIterator<Item = Line>) -> String {
        let lines: BTreeSet<Line> = lines.into_iter().collect();
        let places: Vec<String> = lines.into_iter().map(|line| self.place(line)).collect();
        places.join(", ")
    }

    pub(super) fn key(&mut self, name: &str, value: impl Into<toml::Value>, place: String) {
        let key = ProposedKey::new(name, value, place);
        self.service.keys.push(key);
    }

    pub(super) fn note(&mut self, line: Line, text: &str) {
        let note = format!("{}: {text}", self.place(line));
        self.service.notes.push(note);
    }

    fn binaries(&mut self, main: &Carried) {
        let binaries = &self.candidate.binaries;
        if binaries.len() < 2 {
            return;
        }
        self.service.bin = None;
        let others = binaries.iter().map(|carried| carried.package.clone());
        self.service.others = others.filter(|package| *package != main.package).collect();
        let bins: Vec<toml::Value> = binaries
            .iter()
            .map(|carried| {
                if carried.package == main.package {
                    return carried.bin.to_string().into();
                }
                let of = [
                    ("package", carried.package.to_string()),
                    ("bin", carried.bin.to_string()),
                ];
                let of = of.map(|(key, value)| (key.to_owned(), value.into()));
                toml::Value::Table(of.into_iter().collect())
            })
            .collect();
        let places = self.places(binaries.iter().map(|carried| carried.line));
        self.key("bins", bins, places);
    }

    fn image_name(&mut self) {
        let request = &self.candidate.request;
        if let Some(image) = request.image().filter(|image| *image != self.service.name) {
            self.key("image", image, request.place_of_name().to_string());
        }
    }

    fn compiled(&mut self, main: &Carried, sight: &Sight<'_>) {
        let Some(call) = &main.call else {
            if main.by_script {
                let why =
                    "no line there calls Cargo for it: a script says its profile and features";
                self.note(main.line, why);
            }
            return;
        };
        let place = self.place(call.line);
        match &call.profile {
            Some(profile) if profile == "release" => {}
            Some(profile) => self.key("profile", profile.clone(), place.clone()),
            None => {
                let why = match &call.missing[..] {
                    [] => "a script chooses the profile and what else Cargo is told".to_owned(),
                    missing => format!("nothing says what ${} is", missing.join(", $")),
                };
                self.note(call.line, &why);
            }
        }
        if call.profile.is_some() {
            if !call.missing.is_empty() {
                let missing = call.missing.join(", $");
                self.note(call.line, &format!("nothing says what ${missing} is"));
            } else if call.dynamic {
                let why = "a script says a part of what Cargo is told";
                self.note(call.line, why);
            }
        }
        let mut beside: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (setting, way) in &call.beside {
            beside.entry(way).or_default().insert(setting);
        }
        for (way, settings) in beside {
            let settings = Vec::from_iter(settings).join(", ");
            self.note(call.line, &format!("not proposed: {settings}: {way}"));
        }
        for line in &main.rivals {
            let why = "Cargo compiles it there as well, with other settings: see variants";
            self.note(*line, why);
        }
        let member = &sight.workspace.members[&main.package];
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for feature in &call.features {
            let plain = feature.strip_prefix(&format!("{}/", main.package));
            let plain = plain.unwrap_or(feature);
            if member.features.contains_key(plain) {
                own.push(plain.to_owned());
            } else if of_others(call, main, feature, sight.workspace) {
                // Cargo enables it there alone.
            } else if of_dependency(member, feature) {
                own.push(feature.clone());
            } else {
                others.push(feature.as_str());
            }
        }
        if !own.is_empty() {
            self.key("features", own, place.clone());
        }
        if !others.is_empty() {
            let why = format!(
                "`{}` declares no feature {}, which Cargo gets there: declare one that enables it",
                main.package,
                others.join(", ")
            );
            self.note(call.line, &why);
        }
        if call.no_default_features {
            self.key("default-features", false, place.clone());
        }
        if call.all_features {
            self.note(
                call.line,
                "--all-features is not proposed: list them as `features`",
            );
        }
        if let Some(flags) = call
            .rustflags
            .as_deref()
            .filter(|flags| !flags.trim().is_empty())
        {
            let flags: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
            self.key("rustflags", flags, place);
        }
    }

    fn rest(&mut self, merged: &[&Candidate]) {
        let candidate = self.candidate;
        let request = &candidate.request;
        if request.target_untold {
            let stage = &candidate.file.stages[candidate.stage];
            let name = stage.name.as_deref().unwrap_or("the last stage");
            let note = format!(
                "{}: a run of it says the target, and here it is {name}",
                request.place
            );
            self.service.notes.push(note);
        }
        if let (Asker::Bake, Some(name)) = (request.asker, &request.name)
            && *name != self.service.name
            && request.overlay().is_none()
        {
            let note = format!("{}: the target is {name} there", request.place);
            self.service.notes.push(note);
        }
        let image = &candidate.image;
        if let Some(At { line, value }) = &image.stop_signal {
            let place = self.place(*line);
            self.key("stop-signal", value.clone(), place);
        }
        for of in [candidate].into_iter().chain(merged.iter().copied()) {
            if let Some(compose) = of.request.compose.as_ref().filter(|of| !of.left.is_empty()) {
                let note = format!(
                    "{}: {} of Compose are not proposed",
                    of.request.place,
                    compose.left.join(", ")
                );
                self.service.notes.push(note);
            }
        }
        for At { line, value } in &image.untold {
            self.note(*line, value);
        }
        self.scripts();
        for carried in &candidate.binaries {
            let name = last(&carried.path);
            if *name != *carried.bin && !carried.path.is_empty() {
                let why = format!("`{}` is named {name} there", carried.bin);
                self.note(carried.line, &why);
            }
        }
        let own = candidate.settings();
        for other in merged {
            let settings = other.settings();
            let differs = settings
                .iter()
                .filter(|(key, value)| own.get(*key) != Some(value) && !value.is_empty());
            let differs: Vec<String> = differs
                .map(|(key, value)| format!("{key} {value}"))
                .collect();
            let file = &other.request.dockerfile;
            let of_file = (*file != request.dockerfile).then_some(file.as_str());
            let name = other.request.name.as_deref().or(of_file);
            let Some(name) = name.filter(|_| !differs.is_empty()) else {
                continue;
            };
            let note = format!(
                "{}: {name} has {}: a variant of this",
                other.request.place,
                differs.join(" and ")
            );
            self.service.notes.push(note);
        }
    }
}

impl Making<'_> {
    /// Says which commands of the image's own stages are not proposed. A stage that compiles runs them for that.
    fn scripts(&mut self) {
        let candidate = self.candidate;
        let image = &candidate.image;
        if !image.calls.is_empty() {
            return;
        }
        let mut lines: BTreeMap<Line, Vec<&str>> = BTreeMap::new();
        for At { line, value } in &image.scripts {
            lines.entry(*line).or_default().push(value);
        }
        for (line, scripts) in lines {
            let script = shortened(&scripts.join("; "));
            let why = format!("`{script}` is not proposed: an image of your own can be `runtime`");
            self.note(line, &why);
        }
        for At { line, value } in &image.moved {
            let (from, to) = value;
            let mut binaries = candidate.binaries.iter();
            if !binaries.any(|carried| *carried.bin == *last(from)) {
                let why = format!("{to} is not proposed, which a script copies: see `files`");
                self.note(*line, &why);
            }
        }
        for At { line, value } in &image.folders {
            let folder = Utf8Path::new(value);
            let is_there = |path: &str| Utf8Path::new(path).starts_with(folder);
            let copies = image
                .copied
                .iter()
                .any(|At { value, .. }| is_there(&value.to));
            if !copies && !is_there(&image.workdir) {
                let why = format!("the folder {folder} is not proposed: see `state` and `workdir`");
                self.note(*line, &why);
            }
        }
        for At { line, value } in &image.copied {
            if !value.beside.is_empty() {
                let beside = value.beside.join(", ");
                self.note(*line, &format!("{beside} is not proposed"));
            }
            let is_binary = |carried: &Carried| carried.line == *line;
            if let Some(owner) = &value.owner
                && !candidate.binaries.iter().any(is_binary)
            {
                self.note(
                    *line,
                    &format!("--chown={owner} is not proposed: files are root's here"),
                );
            }
        }
    }
}

/// Returns the beginning of a script.
fn shortened(script: &str) -> String {
    const LONGEST: usize = 60;
    match script.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", script[..end].trim_end()),
        None => script.to_owned(),
    }
}

/// Returns whether a feature is one of a direct dependency: `serde/rc`.
fn of_dependency(member: &Member, feature: &str) -> bool {
    let key = feature.split_once('/').map(|(key, _)| key);
    let mut needed = member.requirements.iter();
    needed.any(|needed| Some(needed.key.as_str()) == key && needed.kind != EdgeKind::Dev)
}

/// Returns whether another package that a call names declares a feature.
fn of_others(call: &CargoCall, main: &Carried, feature: &str, workspace: &Workspace) -> bool {
    let plain = feature.rsplit('/').next().unwrap_or(feature);
    let mut members = workspace.own_members().filter(|member| {
        let named = call.packages.iter().any(|package| *package == *member.name);
        let mut binaries = member.binaries.iter();
        member.name != main.package
            && (named || binaries.any(|binary| call.bins.iter().any(|bin| *bin == *binary.name)))
    });
    members.any(|member| member.features.contains_key(plain))
}
