//! The keys of a service about the content of its image, and what it runs.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use super::base::{self, BaseKind};
use super::candidate::Candidate;
use super::carried::words;
use super::image::{At, is_shell};
use super::keys::{Making, Sight};
use super::path::last;
use super::place::Line;
use super::program::{BIN, Paths};
use super::user::User;

impl Making<'_> {
    /// Adds what an image has beside its binaries, and runs.
    pub(super) fn content(&mut self, merged: &[&Candidate], sight: &Sight<'_>) {
        let candidate = self.candidate;
        let image = &candidate.image;
        let run_place = |at: Option<Line>| match (&candidate.request.compose, at) {
            (Some(compose), _) if compose.command.is_some() || compose.entrypoint.is_some() => {
                candidate.request.place.to_string()
            }
            (_, line) => self.place(line.unwrap_or(image.base_line)),
        };
        let lines = [&image.entrypoint, &image.command].map(|at| at.as_ref().map(|at| at.line));
        let [entry, command] = [lines[0].or(lines[1]), lines[1].or(lines[0])].map(run_place);
        if let Some(words) = &candidate.run.entrypoint {
            self.key("entrypoint", words.clone(), entry);
        }
        if let Some([word, ..]) = candidate.run.program() {
            let paths = self.paths();
            if word.contains('/') && !paths.is_binary(word) && !is_shell(word) {
                let line = lines[0].or(lines[1]).unwrap_or(image.base_line);
                self.note(line, &format!("{word} finds the binaries in {BIN} here"));
            }
        } else if image.entrypoint.is_none() && candidate.run.command.is_none() {
            self.note(image.base_line, "it has no program of its own there");
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
        match image.user() {
            User::Numbers(At { line, value }) => {
                let place = self.place(line);
                self.key("user", value, place);
            }
            User::Named(At { line, value }) => self.note(line, &value),
            User::Root(_) | User::Unknown => {}
        }
        self.env();
        self.labels();
        self.workdir();
        self.files(sight);
        self.relative_paths();
        self.health(ports.first_key_value().map(|(port, _)| *port));
    }

    fn env(&mut self) {
        let candidate = self.candidate;
        let env = &candidate.image.env;
        let told = env.iter().filter(|(name, value)| {
            !value.value.is_empty()
                && !["PATH", "RUSTFLAGS", "LD_LIBRARY_PATH"].contains(&name.as_str())
        });
        let told: Vec<(&String, &At<String>)> = told.collect();
        self.table("env", &told);
    }

    /// Adds a table with these rows, if there are any.
    fn table(&mut self, name: &str, rows: &[(&String, &At<String>)]) {
        if rows.is_empty() {
            return;
        }
        let places = self.places(rows.iter().map(|(_, value)| value.line));
        let table = rows
            .iter()
            .map(|(name, value)| ((*name).clone(), value.value.clone().into()));
        self.key(name, toml::Value::Table(table.collect()), places);
    }

    fn paths(&self) -> Paths<'_> {
        Paths::of(&self.candidate.image, &self.candidate.binaries)
    }

    /// Adds the labels of the Dockerfile.
    fn labels(&mut self) {
        let candidate = self.candidate;
        let labels = &candidate.image.labels;
        let (told, silent): (Vec<_>, Vec<_>) = labels
            .iter()
            .partition(|(_, value)| !value.value.is_empty());
        if let Some((_, first)) = silent.first() {
            let names: Vec<&str> = silent.iter().map(|(name, _)| name.as_str()).collect();
            let names = names.join(", ");
            self.note(
                first.line,
                &format!("LABEL of {names} is not proposed: a build says its value"),
            );
        }
        self.table("labels", &told);
    }

    /// Adds the working folder, unless it is one of the system's: here it belongs to the user.
    fn workdir(&mut self) {
        let candidate = self.candidate;
        let image = &candidate.image;
        for At { line, value } in &image.volumes {
            let way = match *value == image.workdir {
                true => ": `state = \"volume\"` keeps it between containers",
                false => "",
            };
            self.note(*line, &format!("VOLUME {value} is not proposed{way}"));
        }
        // A stage that compiles works where the sources are.
        let Some(line) = image.workdir_line.filter(|_| image.calls.is_empty()) else {
            return;
        };
        let folder = &image.workdir;
        let system = [
            "/bin",
            "/etc",
            "/lib",
            "/root",
            "/sbin",
            "/tmp",
            "/usr",
            "/var/lib/app",
        ];
        let is_system = Utf8Path::new(folder)
            .ancestors()
            .any(|part| system.contains(&part.as_str()));
        if folder.contains('$') || (is_system && !folder.starts_with("/usr/src")) {
            let why = format!("WORKDIR {folder} is not proposed: it would belong to the user");
            self.note(line, &why);
        } else if folder != "/" {
            let place = self.place(line);
            self.key("workdir", folder.clone(), place);
        }
    }

    /// Keeps the root as the working folder where the program names files by paths that begin there.
    fn relative_paths(&mut self) {
        let candidate = self.candidate;
        let image = &candidate.image;
        if image.workdir_line.is_some() || image.workdir != "/" || !image.calls.is_empty() {
            return;
        }
        let run = &candidate.run;
        let words = run.entrypoint.iter().chain(&run.command).flatten();
        let words = words.filter(|word| !word.starts_with(['/', '-']));
        let words: Vec<String> = words.map(|word| format!("/{word}")).collect();
        let row = self.service.files.iter().find(|row| {
            let shipped = row.text().to_owned();
            words
                .iter()
                .any(|word| Utf8Path::new(word).starts_with(&shipped))
        });
        if let Some(place) = row.map(|row| row.place.clone()) {
            self.key("workdir", "/", place);
        }
    }

    fn health(&mut self, port: Option<u16>) {
        let candidate = self.candidate;
        let image = &candidate.image;
        if let Some(line) = image.no_health {
            self.note(
                line,
                "HEALTHCHECK NONE is not proposed: no key removes a check that the base may have",
            );
        }
        let Some(At { line, value }) = &image.health else {
            return;
        };
        let place = self.place(*line);
        let run = self.paths().program(value);
        let program = words(value, &image.environment())
            .into_iter()
            .next()
            .unwrap_or_default();
        let installed = image
            .packages
            .iter()
            .any(|package| package.value == *last(&program));
        let shipped = self
            .service
            .files
            .iter()
            .any(|row| Utf8Path::new(&program).starts_with(row.text()));
        if self.paths().is_binary(&run[0]) || installed || shipped {
            let check = self.timed(run);
            self.key("healthcheck", check, place);
            return;
        }
        let requested = words(value, &image.environment()).iter().find_map(|word| {
            let rest = word.split_once("://")?.1;
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let (_, number) = host.split_once(':').unwrap_or((host, "80"));
            let path = path.trim_end_matches(['"', '\'']);
            Some((number.parse::<u16>().ok()?, format!("/{path}")))
        });
        // Compose's request needs bash.
        let has_bash = matches!(base::kind(&image.base), BaseKind::Debian | BaseKind::Other);
        match requested.filter(|(number, _)| Some(*number) == port && has_bash) {
            Some((_, path)) => {
                self.key("health", path, place);
                let why = format!(
                    "Compose asks instead of HEALTHCHECK with {}: see `healthcheck`, and `packages` for what it runs",
                    last(&program)
                );
                self.note(*line, &why);
            }
            None => {
                let why = format!(
                    "HEALTHCHECK with {} is not proposed: see `healthcheck`, and `packages` for what it runs",
                    last(&program)
                );
                self.note(*line, &why);
            }
        }
    }

    /// Returns a health check with its times.
    fn timed(&self, command: Vec<String>) -> toml::Value {
        let times = &self.candidate.image.health_times;
        if times.is_empty() {
            return command.into();
        }
        let mut table = toml::Table::from_iter([("command".to_owned(), command.into())]);
        for (name, value) in times {
            let value = match value.parse::<i64>() {
                Ok(number) if name == "retries" => number.into(),
                _ => value.clone().into(),
            };
            table.insert(name.clone(), value);
        }
        toml::Value::Table(table)
    }
}
