//! Sandboxes: each contender has its own copy of the workspace, and its own names for images, mounts and caches.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use camino::Utf8PathBuf;

use super::contenders::Contender;
use super::results::{Outcome, Run, Timed};
use super::subject::{Part, Subject};
use crate::engine::Engine;
use crate::engine::progress::{Progress, Step, compiling};
use crate::plan::build::COMPILED;
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
    /// A docker context other than the user's.
    pub context: Option<&'a str>,
}

/// Number of attempts at a bake. Builds that race for a mount fail by chance.
const ATTEMPTS: usize = 4;

impl Sandbox {
    /// Bakes until a bake succeeds or too many have failed.
    pub fn bake(&self, order: Order<'_>) -> Attempted {
        let mut failures = Vec::new();
        let mut seconds = 0.0;
        loop {
            let mut attempt = if self.contender == Contender::Host {
                self.cargo_build(order)
            } else {
                self.docker_bake(order)
            };
            seconds += attempt.seconds;
            let error = attempt.error.take();
            let succeeded = error.is_none();
            failures.extend(error);
            if succeeded || failures.len() == ATTEMPTS {
                return Attempted {
                    attempt,
                    seconds,
                    failures,
                    succeeded,
                };
            }
        }
    }

    /// Runs `bakehouse build`.
    pub fn build(&self, subject: &Subject) -> Attempted {
        let program = std::env::current_exe().unwrap_or_else(|_| "bakehouse".into());
        let mut command = Command::new(program);
        command
            .args(["build", "--manifest-path"])
            .arg(self.dir.join("Cargo.toml"))
            .env("REGISTRY", &self.registry);
        let attempt = self.run(command, subject);
        let failures: Vec<String> = attempt.error.iter().cloned().collect();
        Attempted {
            seconds: attempt.seconds,
            succeeded: failures.is_empty(),
            failures,
            attempt,
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
            command.args(["--context", context]);
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
        let targets = match order.parts {
            None => order.subject.all(),
            Some(parts) => {
                let parts = parts
                    .iter()
                    .flat_map(|index| &order.subject.parts[*index].targets);
                parts.cloned().collect()
            }
        };
        if let Some(Cache { reference, branch }) = order.cache {
            if self.contender.is_generated() && order.parts.is_none() {
                command.arg(COMPILED);
            }
            command
                .env("CACHE_REF", format!("{reference}/{}", self.contender.key()))
                .env("CACHE_BRANCH", branch);
        }
        command.args(targets);
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

    /// Returns the name of a service's image.
    pub fn image(&self, service: &str) -> String {
        format!("{}/{service}:latest", self.registry)
    }

    /// Returns the binary of a part, from its image or from the folder that it was put into.
    pub fn binary(&self, part: &Part) -> Option<Vec<u8>> {
        if self.contender == Contender::Host {
            let folder = self.host.join("target").join(&self.profile_folder);
            return fs_err::read(folder.join(&part.bin)).ok();
        }
        if let Some(folder) = &part.pack_folder {
            return fs_err::read(self.dir.join(folder).join(&part.bin)).ok();
        }
        let image = self.image(&part.targets[0]);
        let created = docker(&["create", &image, "x"]).ok()?;
        let container = created.trim();
        let path = format!("{container}:/usr/local/bin/{}", part.bin);
        let mut copy = Command::new("docker");
        copy.args(["cp", &path, "-"]).stdin(Stdio::null());
        let copied = copy.output();
        let _ = docker(&["rm", container]);
        copied
            .ok()
            .map(|output| output.stdout)
            .filter(|bytes| !bytes.is_empty())
    }
}

/// Returns the end of the output of a failed step, or of the command itself.
fn reason(steps: &[Step], lines: &str) -> String {
    let failed = steps.iter().find(|step| step.error.is_some());
    let said = failed.map_or(lines, |step| step.log.as_str());
    let errors: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let from = errors
        .iter()
        .position(|line| line.starts_with("error"))
        .unwrap_or(errors.len().saturating_sub(3));
    let mut text = errors.get(from..).unwrap_or_default().join(" · ");
    if let Some((end, _)) = text.char_indices().nth(300) {
        text.truncate(end);
    }
    text
}

/// A command that ran once.
#[derive(Debug)]
pub struct Attempt {
    seconds: f64,
    error: Option<String>,
    compiled_own: usize,
    compiled_third_party: usize,
    context_bytes: u64,
    fetched_bytes: u64,
    slowest: Vec<Timed>,
}

impl Attempt {
    fn new(
        seconds: f64,
        error: Option<String>,
        progress: &Progress,
        lines: &str,
        subject: &Subject,
    ) -> Self {
        let steps = progress.steps();
        let executed = || steps.iter().filter(|step| step.executed);
        let own = |name: &String| {
            let package = name.split(' ').next().unwrap_or_default();
            subject.folders.contains_key(package)
        };
        let compiled: Vec<String> = executed()
            .filter(|step| step.is_run())
            .flat_map(Step::compiled)
            .chain(lines.lines().filter_map(compiling))
            .collect();
        let mut timed: Vec<Timed> = executed()
            .map(|step| {
                let instruction: String = step.instruction.chars().take(48).collect();
                Timed {
                    step: format!("{} {instruction}", step.stage).trim().to_owned(),
                    seconds: step.took.as_secs_f64(),
                }
            })
            .collect();
        timed.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        timed.truncate(12);
        let compiled_own = compiled.iter().filter(|name| own(name)).count();
        Self {
            seconds,
            error,
            compiled_own,
            compiled_third_party: compiled.len() - compiled_own,
            context_bytes: progress.context_bytes(),
            fetched_bytes: progress.fetched_bytes(),
            slowest: timed,
        }
    }
}

/// A bake, tried until it succeeded or failed too often.
#[derive(Debug)]
pub struct Attempted {
    attempt: Attempt,
    pub seconds: f64,
    pub failures: Vec<String>,
    pub succeeded: bool,
}

impl Attempted {
    /// Returns the bake as a run with this outcome.
    pub fn run(self, outcome: Outcome) -> Run {
        let Attempt {
            compiled_own,
            compiled_third_party,
            context_bytes,
            fetched_bytes,
            slowest,
            ..
        } = self.attempt;
        Run {
            seconds: self.seconds,
            outcome: if self.succeeded {
                outcome
            } else {
                Outcome::Failed
            },
            failures: self.failures,
            compiled_own,
            compiled_third_party,
            context_bytes,
            fetched_bytes,
            slowest,
        }
    }

    /// Returns the bake if it succeeded. It is used for preparations, which have to succeed.
    ///
    /// # Errors
    /// `bake-failed`.
    pub fn must(self, contender: Contender) -> Result<Self, Problem> {
        if self.succeeded {
            return Ok(self);
        }
        Err(Problem::new(
            Code::BakeFailed,
            format!(
                "{} failed {} times: {}",
                contender.title(),
                self.failures.len(),
                self.failures.last().map_or("", String::as_str)
            ),
        )
        .hint("bake it by hand to see its whole output; `--way` can leave a way out"))
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
