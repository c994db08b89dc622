//! Starts bakes.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use bakehouse::engine::progress::Progress;
use camino::{Utf8Path, Utf8PathBuf};

use super::run::BakeRun;
use crate::engine::Turn;
use crate::ran::Ran;

/// A bake that has not started.
#[derive(Clone, Debug)]
pub struct Bake {
    dir: Utf8PathBuf,
    file: String,
    registry: String,
    targets: Vec<String>,
    variables: Vec<(String, String)>,
    overrides: Vec<String>,
}

impl Bake {
    /// Creates a bake of the Bake file in `dir`. The names of its images are below `registry`.
    pub fn new(dir: &Utf8Path, registry: &str) -> Self {
        Self {
            dir: dir.to_owned(),
            file: "docker-bake.hcl".to_owned(),
            registry: registry.to_owned(),
            targets: Vec::new(),
            variables: Vec::new(),
            overrides: Vec::new(),
        }
    }

    /// Sets the path of the Bake file, if it is not in the folder itself.
    #[must_use]
    pub fn file(mut self, path: &str) -> Self {
        path.clone_into(&mut self.file);
        self
    }

    /// Sets the targets. Without this call, the Bake file's default is baked.
    #[must_use]
    pub fn targets<'a>(mut self, targets: impl IntoIterator<Item = &'a str>) -> Self {
        self.targets.extend(targets.into_iter().map(str::to_owned));
        self
    }

    /// Sets a variable of the Bake file.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Overrides something in the Bake file, e.g. `*.cache-to=`.
    #[must_use]
    pub fn set(mut self, what: &str) -> Self {
        self.overrides.push(what.to_owned());
        self
    }

    /// Bakes, and expects success.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn run(&self, turn: &Turn) -> BakeRun {
        self.attempt(turn).succeeded()
    }

    /// Bakes.
    #[track_caller]
    pub fn attempt(&self, turn: &Turn) -> BakeRun {
        self.start(turn).wait()
    }

    /// Starts the bake.
    ///
    /// # Panics
    /// If docker cannot be started.
    #[track_caller]
    pub fn start(&self, _turn: &Turn) -> Baking {
        let mut command = Command::new("docker");
        command
            .current_dir(&self.dir)
            .args(["buildx", "bake", "--file", &self.file])
            .arg("--progress=rawjson")
            .args(self.overrides.iter().map(|what| format!("--set={what}")))
            .args(&self.targets)
            .env("REGISTRY", &self.registry)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Docker runs buildx as a child, which a kill must reach too.
            .process_group(0);
        let mut client = match command.spawn() {
            Ok(client) => client,
            Err(error) => panic!("{command:?} cannot be started: {error}"),
        };
        let messages = client.stderr.take().expect("its messages are piped");
        Baking {
            client,
            messages: BufReader::new(messages),
            progress: Progress::default(),
            since: Instant::now(),
        }
    }
}

/// A bake that is running.
#[derive(Debug)]
pub struct Baking {
    client: Child,
    messages: BufReader<std::process::ChildStderr>,
    progress: Progress,
    since: Instant,
}

impl Baking {
    /// Waits until a step of `stage` has printed `text`.
    ///
    /// # Panics
    /// If the bake ends without it.
    #[track_caller]
    pub fn wait_for(&mut self, stage: &str, text: &str) {
        while !self.progress.has_said(stage, text) {
            assert!(self.read(), "the bake ended before {stage} said `{text}`");
        }
    }

    /// Kills the client with SIGKILL, as a user's second Ctrl-C or a CI timeout does.
    pub fn kill(mut self) {
        let group = format!("-{}", self.client.id());
        let _ = Ran::of(Command::new("kill").args(["-KILL", "--", &group])).succeeded();
        let _ = self.client.wait();
    }

    /// Waits for the end of the bake.
    ///
    /// # Panics
    /// If the client cannot be waited for.
    pub fn wait(mut self) -> BakeRun {
        while self.read() {}
        let status = self.client.wait().expect("the client can be waited for");
        BakeRun::new(self.progress, status.success(), self.since.elapsed())
    }

    fn read(&mut self) -> bool {
        let mut line = Vec::new();
        let read = self.messages.read_until(b'\n', &mut line).unwrap_or(0);
        self.progress.add(&String::from_utf8_lossy(&line));
        read > 0
    }
}
