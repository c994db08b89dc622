//! The keys of a service, from the image that a repository ships.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::candidate::Candidate;
use super::carried::{Carried, words};
use super::dockerfile::Dockerfile;
use super::image::{At, image, is_shell, last};
use super::place::{Place, normal};
use super::program::{BIN, Paths};
use crate::graph::Workspace;
use crate::plan::choice::{ProposedKey, ProposedService};

/// Most lines about what is not proposed for a service.
const MOST_NOTES: usize = 8;

/// The facts that keys are worked out from.
pub struct Sight<'a> {
    pub workspace: &'a Workspace,
    /// All files of the repository.
    pub files: &'a BTreeSet<Utf8PathBuf>,
    /// The folder of the workspace in the repository.
    pub folder: &'a Utf8Path,
}

/// A service in the making.
struct Making<'a> {
    candidate: &'a Candidate,
    service: ProposedService,
}

/// Returns the service of an image under a name.
pub fn service(
    name: String,
    candidate: &Candidate,
    merged: &[&Candidate],
    file: &Dockerfile,
    sight: &Sight<'_>,
) -> Option<ProposedService> {
    let main = candidate.main()?;
    let at = &candidate.request.dockerfile;
    let member = &sight.workspace.members[&main.package];
    let mut service = ProposedService::new(name, member, &main.bin);
    service.place = Some(Place::new(at, main.line).to_string());
    let mut making = Making { candidate, service };
    making.binaries(main);
    making.image_name();
    making.compiled(main, sight);
    making.content(merged, file, sight);
    making.rest(merged);
    Some(making.service)
}

impl Making<'_> {
    fn place(&self, line: usize) -> String {
        Place::new(&self.candidate.request.dockerfile, line).to_string()
    }

    fn key(&mut self, name: &str, value: impl Into<toml::Value>, place: String) {
        self.service.keys.push(ProposedKey {
            name: name.to_owned(),
            value: value.into().to_string(),
            place,
        });
    }

    fn note(&mut self, line: usize, text: &str) {
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
        let lines: BTreeSet<usize> = binaries.iter().map(|carried| carried.line).collect();
        let places: Vec<String> = lines.into_iter().map(|line| self.place(line)).collect();
        self.key("bins", bins, places.join(", "));
    }

    fn image_name(&mut self) {
        let request = &self.candidate.request;
        if let Some(image) = request.image().filter(|image| *image != self.service.name) {
            self.key("image", image, request.place_of_name().to_string());
        }
    }

    fn compiled(&mut self, main: &Carried, sight: &Sight<'_>) {
        let Some(call) = &main.call else { return };
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

    fn content(&mut self, merged: &[&Candidate], file: &Dockerfile, sight: &Sight<'_>) {
        let candidate = self.candidate;
        let image = &candidate.image;
        let run_place = |at: Option<usize>| match (&candidate.request.compose, at) {
            (Some(compose), _) if compose.command.is_some() || compose.entrypoint.is_some() => {
                candidate.request.place.to_string()
            }
            (_, line) => self.place(line.unwrap_or(image.base_line)),
        };
        let lines = [&image.entrypoint, &image.command].map(|at| at.as_ref().map(|at| at.line));
        let [entry, command] = [lines[0].or(lines[1]), lines[1].or(lines[0])].map(run_place);
        if let Some(words) = &candidate.run.entrypoint {
            self.key("entrypoint", words.clone(), entry);
            if words[0].contains('/') && !words[0].starts_with(BIN) && !is_shell(&words[0]) {
                let line = lines[0].or(lines[1]).unwrap_or(image.base_line);
                self.note(
                    line,
                    &format!("{} finds the binaries in {BIN} here", words[0]),
                );
            }
            let program = last(&words[0]).to_owned();
            let installed = image
                .packages
                .iter()
                .find(|package| package.value == program);
            if let Some(package) = installed {
                let place = self.place(package.line);
                self.key("packages", vec![program], place);
            }
        }
        if let Some(words) = &candidate.run.command {
            self.key("command", words.clone(), command);
        }
        let mut ports: BTreeMap<u16, String> = BTreeMap::new();
        let asked = [candidate].into_iter().chain(merged.iter().copied());
        let compose =
            asked.filter_map(|of| Some((of.request.compose.as_ref()?, &of.request.place)));
        if image.ports.is_empty() {
            let mut compose = compose.filter(|(compose, _)| !compose.ports.is_empty());
            if let Some((compose, place)) = compose.next() {
                ports.extend(compose.ports.iter().map(|port| (*port, place.to_string())));
            }
        }
        for At { line, value } in &image.ports {
            ports.insert(*value, self.place(*line));
        }
        if !ports.is_empty() {
            let places: BTreeSet<&str> = ports.values().map(String::as_str).collect();
            let places = Vec::from_iter(places).join(", ");
            let numbers = ports.keys().map(|port| i64::from(*port).into());
            let numbers: Vec<toml::Value> = numbers.collect();
            self.key("ports", numbers, places);
        }
        match image.numeric_user() {
            Some(Ok(At { line, value })) => {
                let place = self.place(line);
                self.key("user", value, place);
            }
            Some(Err(At { line, value })) => self.note(line, &value),
            None => {}
        }
        self.env();
        self.files(file, sight);
        self.health(ports.first_key_value().map(|(port, _)| *port));
    }

    fn env(&mut self) {
        let env = &self.candidate.image.env;
        let told = env.iter().filter(|(name, value)| {
            !value.value.is_empty()
                && !["PATH", "RUSTFLAGS", "LD_LIBRARY_PATH"].contains(&name.as_str())
        });
        let told: Vec<(&String, &At<String>)> = told.collect();
        if told.is_empty() {
            return;
        }
        let lines: BTreeSet<usize> = told.iter().map(|(_, value)| value.line).collect();
        let places: Vec<String> = lines.into_iter().map(|line| self.place(line)).collect();
        let table = told
            .into_iter()
            .map(|(name, value)| (name.clone(), value.value.clone().into()));
        self.key(
            "env",
            toml::Value::Table(table.collect()),
            places.join(", "),
        );
    }

    /// Finds files of the repository that the image has beside its binaries.
    fn files(&mut self, file: &Dockerfile, sight: &Sight<'_>) {
        let candidate = self.candidate;
        let mut table: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for At {
            line,
            value: copied,
        } in &candidate.image.copied
        {
            let from = copied
                .from
                .map(|stage| image(file, stage, &candidate.request.args));
            let to_folder = copied.to.ends_with('/') || copied.sources.len() > 1;
            for source in &copied.sources {
                let is_binary = |carried: &Carried| carried.line == *line;
                if candidate.binaries.iter().any(is_binary) || source.ends_with("/bin/*") {
                    continue;
                }
                let inside = match &from {
                    Some(from) => source
                        .strip_prefix(from.workdir.trim_end_matches('/'))
                        .map(|path| Utf8PathBuf::from(path.trim_start_matches('/'))),
                    None if copied.of_context => normal(
                        &candidate
                            .request
                            .context
                            .join(source.trim_start_matches('/')),
                    ),
                    None => None,
                };
                let inside = inside
                    .and_then(|path| normal(&path))
                    .filter(|path| !path.as_str().is_empty());
                let is_file = inside
                    .as_ref()
                    .is_some_and(|path| sight.files.contains(path));
                let is_folder = inside.as_ref().is_some_and(|path| {
                    let next = sight.files.range(path.clone()..).find(|file| *file != path);
                    next.is_some_and(|file| file.starts_with(path))
                });
                let own = inside.filter(|_| is_file || is_folder);
                let own = own
                    .and_then(|path| path.strip_prefix(sight.folder).ok().map(Utf8Path::to_owned));
                let Some(path) = own.filter(|path| !path.as_str().is_empty()) else {
                    let way = if source.contains(".so") {
                        ": see `libs`"
                    } else {
                        ""
                    };
                    let why = format!("COPY of {source} is not proposed{way}");
                    self.note(*line, &why);
                    continue;
                };
                let to = if to_folder && is_file {
                    format!(
                        "{}/{}",
                        copied.to.trim_end_matches('/'),
                        last(path.as_str())
                    )
                } else {
                    copied.to.trim_end_matches('/').to_owned()
                };
                if to.is_empty() {
                    self.note(
                        *line,
                        &format!(
                            "COPY of {source} is not proposed: it fills the root of the image"
                        ),
                    );
                    continue;
                }
                table.insert(path.to_string(), (to, *line));
            }
        }
        let rows = table.into_iter().map(|(path, (to, line))| ProposedKey {
            name: toml::Value::String(path).to_string(),
            value: toml::Value::String(to).to_string(),
            place: self.place(line),
        });
        let rows: Vec<ProposedKey> = rows.collect();
        self.service.files = rows;
    }

    fn health(&mut self, port: Option<u16>) {
        let candidate = self.candidate;
        let image = &candidate.image;
        let Some(At { line, value }) = &image.health else {
            return;
        };
        let place = self.place(*line);
        let paths = Paths {
            binaries: &candidate.binaries,
            links: &image.links,
            workdir: &image.workdir,
        };
        let run = paths.program(value);
        if run[0].starts_with(BIN) {
            self.key("healthcheck", run, place);
            return;
        }
        let requested = words(value).iter().find_map(|word| {
            let rest = word.split_once("://")?.1;
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let (_, number) = host.split_once(':').unwrap_or((host, "80"));
            let path = path.trim_end_matches(['"', '\'']);
            Some((number.parse::<u16>().ok()?, format!("/{path}")))
        });
        match requested.filter(|(number, _)| Some(*number) == port) {
            Some((_, path)) => self.key("health", path, place),
            None => {
                let program = words(value).into_iter().next().unwrap_or_default();
                let why = format!(
                    "HEALTHCHECK with {} is not proposed: see `healthcheck`, and `packages` for what it runs",
                    last(&program)
                );
                self.note(*line, &why);
            }
        }
    }

    fn rest(&mut self, merged: &[&Candidate]) {
        let candidate = self.candidate;
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
            let Some(name) = other.request.name.as_ref().filter(|_| !differs.is_empty()) else {
                continue;
            };
            let note = format!(
                "{}: {name} has {}: a variant of this",
                other.request.place,
                differs.join(" and ")
            );
            self.service.notes.push(note);
        }
        let base = format!(
            "{}: it runs on {} there",
            self.place(image.base_line),
            image.base
        );
        let notes = &mut self.service.notes;
        notes.insert(0, base);
        let mut told = BTreeSet::new();
        notes.retain(|note| told.insert(note.clone()));
        if notes.len() > MOST_NOTES {
            let more = notes.len() - MOST_NOTES;
            notes.truncate(MOST_NOTES);
            notes.push(format!("and {more} more lines like these"));
        }
    }
}
