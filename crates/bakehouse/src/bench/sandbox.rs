//! Sandboxes: each contender has its own copy of the workspace, and its own names for images, mounts and caches.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use camino::Utf8PathBuf;

use super::attempt::{Attempt, Attempted, reason};
use super::contenders::{Contender, STORE, STORE_MODE, Stored};
use super::subject::{self, Part, Subject};
use super::upkeep::remove;
use crate::engine::Engine;
use crate::engine::progress::Progress;
use crate::problem::{Code, Problem};

/// A contender and its sandbox.
#[derive(Debug)]
pub struct Sandbox {
    pub contender: Contender,
    /// Its copy of the workspace.
    pub dir: Utf8PathBuf,
    /// Its builder base.
    pub base: Option<String>,
    /// Registry and namespace of its images.
    pub registry: String,
    /// The folder for the host's `target` and `CARGO_HOME`.
    pub host: Utf8PathBuf,
    /// Cargo profile, and its folder.
    pub profile: String,
    pub profile_folder: String,
}

/// The registry cache of a bake. Each branch reads main's and writes its own.
#[derive(Clone, Copy, Debug)]
pub struct Cache<'a> {
    pub reference: &'a str,
    pub branch: &'a str,
}

/// A bake to measure.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    pub subject: &'a Subject,
    /// Indices of the subject's parts; all targets when `None`.
    pub parts: Option<&'a [usize]>,
    pub cache: Option<Cache<'a>>,
    /// The store of the contender's compiler wrapper.
    pub stored: Option<Stored<'a>>,
    /// A docker context other than the user's.
    pub context: Option<&'a str>,
    /// Whether images that the engine already has are built again.
    pub force: bool,
    /// Number of attempts. Builds that race for a mount fail by chance.
    pub attempts: usize,
}

/// Number of attempts at a bake of a scenario.
pub const ATTEMPTS: usize = 4;

impl Sandbox {
    /// Bakes until a bake succeeds or too many have failed. With a registry cache, generated files are built by
    /// `bakehouse build`, as generated workflows do it.
    pub fn bake(&self, order: Order<'_>) -> Attempted {
        let mut failures = Vec::new();
        let mut seconds = 0.0;
        loop {
            let mut attempt = if self.contender == Contender::Host {
                self.cargo_build(order)
            } else if self.contender.is_generated() && order.cache.is_some() {
                self.bakehouse_build(order)
            } else {
                self.docker_bake(order)
            };
            seconds += attempt.seconds;
            let error = attempt.error.take();
            let succeeded = error.is_none();
            failures.extend(error);
            if succeeded || failures.len() >= order.attempts {
                return Attempted {
                    attempt,
                    seconds,
                    failures,
                    succeeded,
                };
            }
        }
    }

    /// Runs `bakehouse build` once.
    pub fn build(&self, order: Order<'_>) -> Attempted {
        let attempt = self.bakehouse_build(order);
        let failures: Vec<String> = attempt.error.iter().cloned().collect();
        Attempted {
            seconds: attempt.seconds,
            succeeded: failures.is_empty(),
            failures,
            attempt,
        }
    }

    fn bakehouse_build(&self, order: Order<'_>) -> Attempt {
        let program = std::env::current_exe().unwrap_or_else(|_| "bakehouse".into());
        let mut command = Command::new(program);
        command
            .current_dir(&self.dir)
            .args(["build", "--manifest-path"])
            .arg(self.dir.join("Cargo.toml"))
            // Buildx reads it, so that its reports can be counted without a change of what is asked for.
            .env("BUILDKIT_PROGRESS", "rawjson")
            .env("REGISTRY", &self.registry);
        if order.force {
            command.arg("--force");
        }
        if order.parts.is_some() {
            command.args(targets(order));
        }
        if let Some(context) = order.context {
            command
                .env_remove("DOCKER_HOST")
                .env_remove("BUILDX_BUILDER")
                .env("DOCKER_CONTEXT", context);
        }
        self.reach_cache(&mut command, order);
        self.run(command, order.subject)
    }

    fn reach_cache(&self, command: &mut Command, order: Order<'_>) {
        if let Some(Cache { reference, branch }) = order.cache {
            command
                .env("CACHE_REF", format!("{reference}/{}", self.contender.key()))
                .env("CACHE_BRANCH", branch);
        } else {
            command.env_remove("CACHE_REF");
        }
    }

    fn cargo_build(&self, order: Order<'_>) -> Attempt {
        let mut command = Command::new("cargo");
        command
            .current_dir(&self.dir)
            .args(["build", "--locked"])
            .env("CARGO_HOME", self.host.join("cargo"))
            .env("CARGO_TARGET_DIR", self.host.join("target"))
            .env_remove("RUSTC_WRAPPER");
        for part in &order.subject.parts {
            command.args(["--package", &part.package]);
        }
        let all: Vec<usize> = (0..order.subject.parts.len()).collect();
        for index in order.parts.unwrap_or(&all) {
            command.args(["--bin", &order.subject.parts[*index].bin]);
        }
        command.args(["--profile", &self.profile]);
        self.run(command, order.subject)
    }

    fn docker_bake(&self, order: Order<'_>) -> Attempt {
        let mut command = Command::new("docker");
        if let Some(context) = order.context {
            command
                .args(["--context", context])
                .env_remove("BUILDX_BUILDER");
        }
        command
            .current_dir(&self.dir)
            .args([
                "buildx",
                "bake",
                "--progress=rawjson",
                "--file",
                self.contender.bake_file(),
            ])
            .env("REGISTRY", &self.registry);
        if let Some(stored) = order.stored {
            let mode = if stored.writes { "rw" } else { "ro" };
            command
                .args(["--allow", "network.host"])
                .env(STORE, stored.address)
                .env(STORE_MODE, mode);
        } else {
            command.env_remove(STORE).env(STORE_MODE, "rw");
        }
        self.reach_cache(&mut command, order);
        command.args(targets(order));
        self.run(command, order.subject)
    }

    /// Runs `command` and parses its standard error: BuildKit's JSON, or Cargo's lines.
    fn run(&self, mut command: Command, subject: &Subject) -> Attempt {
        let since = Instant::now();
        let mut progress = Progress::default();
        let mut lines = String::new();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let ended = child.and_then(|mut child| {
            if let Some(messages) = child.stderr.take() {
                let mut reader = BufReader::new(messages);
                let mut line = Vec::new();
                while reader.read_until(b'\n', &mut line)? > 0 {
                    let text = String::from_utf8_lossy(&line);
                    progress.add(&text);
                    if !text.starts_with('{') {
                        lines.push_str(&text);
                    }
                    line.clear();
                }
            }
            child.wait()
        });
        let seconds = since.elapsed().as_secs_f64();
        let error = match &ended {
            Ok(status) if status.success() => None,
            Ok(_) => Some(reason(&progress.steps(), &lines)),
            Err(error) => Some(error.to_string()),
        };
        Attempt::new(seconds, error, &progress, &lines, subject)
    }

    /// Returns the full name of an image.
    pub fn image(&self, image: &str) -> String {
        format!("{}/{image}", self.registry)
    }

    /// Removes the pack binaries of earlier builds: a bare runner's checkout has none.
    pub fn remove_pack_binaries(&self, subject: &Subject) {
        for part in &subject.parts {
            if let Some(folder) = &part.pack_folder {
                let _ = fs_err::remove_file(self.dir.join(folder).join(&part.bin));
            }
        }
    }

    /// Removes its images and its base from the user's engine.
    pub fn remove_images(&self) {
        if self.contender != Contender::Host {
            let _ = remove(&[], &format!("{}/*", self.registry));
        }
        if let Some(base) = &self.base {
            let _ = docker(&["image", "rm", "--force", base]);
        }
    }

    /// Returns the binary of a part, from its image or from the folder that it was put into.
    /// `context` is the docker context of the engine that has the image, if it is not the user's.
    pub fn binary(&self, part: &Part, context: Option<&str>) -> Option<Vec<u8>> {
        if self.contender == Contender::Host {
            let folder = self.host.join("target").join(&self.profile_folder);
            return fs_err::read(folder.join(&part.bin)).ok();
        }
        if let Some(folder) = &part.pack_folder {
            return fs_err::read(self.dir.join(folder).join(&part.bin)).ok();
        }
        let image = self.image(part.image.as_ref()?);
        let of_context = |arguments: &[&'static str]| -> Vec<&str> {
            let chosen = context.iter().flat_map(|context| ["--context", *context]);
            chosen.chain(arguments.iter().copied()).collect()
        };
        let created = docker(&[&of_context(&["create"])[..], &[&image, "x"]].concat()).ok()?;
        let container = created.trim();
        let path = format!("{container}:/usr/local/bin/{}", part.bin);
        let mut copy = Command::new("docker");
        copy.args(of_context(&["cp"])).args([&path, "-"]);
        let copied = copy.stdin(Stdio::null()).output();
        let _ = docker(&[&of_context(&["rm"])[..], &[container]].concat());
        copied
            .ok()
            .map(|output| output.stdout)
            .filter(|bytes| !bytes.is_empty())
    }
}

/// Returns the targets of a bake.
fn targets(order: Order<'_>) -> Vec<String> {
    match order.parts {
        None => order.subject.all(),
        Some(parts) => {
            let parts = parts.iter().map(|index| &order.subject.parts[*index]);
            subject::targets(parts)
        }
    }
}

/// Runs docker for the benchmark itself.
///
/// # Errors
/// `bake-failed` with docker's message.
pub fn docker(arguments: &[&str]) -> Result<String, Problem> {
    Engine::find()?.output(arguments).map_err(|said| {
        Problem::new(Code::BakeFailed, format!("docker {} failed: {said}", arguments.join(" ")))
            .hint("run it by hand; `bakehouse bench` needs an engine that builds, and for the bare runner a registry and a second engine")
    })
}
