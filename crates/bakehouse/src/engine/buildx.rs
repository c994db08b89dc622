//! `docker buildx bake`.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use camino::Utf8Path;
use semver::Version;

use super::failed_steps::FailedSteps;
use super::failure::Cause;
use super::records::Baked;
use super::temporary::temporary_file;
use super::transcript::Transcript;
use crate::documents::bake::override_file;
use crate::problem::{Code, Problem};

/// The oldest buildx whose Bake reads the generated file, which refers to other targets' attributes and describes
/// variables.
pub const OLDEST_BUILDX: Version = Version::new(0, 19, 0);
/// The oldest engine whose own frontend reads the generated Dockerfile: `COPY --chmod` with letters.
pub const OLDEST_ENGINE: Version = Version::new(28, 0, 0);

/// The Docker Engine that `docker` talks to.
#[derive(Clone, Debug)]
pub struct Engine {
    docker: PathBuf,
}

impl Engine {
    /// Finds `docker`. It checks for a running engine only when something has to be built.
    ///
    /// # Errors
    /// `engine-missing`.
    pub fn find() -> Result<Self, Problem> {
        let docker = which::which("docker").map_err(|_| {
            Problem::new(Code::EngineMissing, "there is no `docker` on PATH")
                .hint(format!("install Docker Engine {OLDEST_ENGINE} or newer with buildx {OLDEST_BUILDX} or newer"))
        })?;
        Ok(Self { docker })
    }

    /// Returns the engine's version.
    ///
    /// # Errors
    /// `engine-missing`, `engine-too-old`.
    pub fn version(&self) -> Result<Version, Problem> {
        let said = self
            .output(&["version", "--format", "{{.Server.Version}}"])
            .map_err(|said| {
                Problem::new(
                    Code::EngineMissing,
                    format!("no Docker Engine answers: {said}"),
                )
                .hint("start the engine, or point DOCKER_HOST or `docker context` at one")
            })?;
        version("Docker Engine", &said, &OLDEST_ENGINE)
    }

    /// Returns the version of buildx.
    ///
    /// # Errors
    /// `engine-missing`, `engine-too-old`.
    pub fn buildx(&self) -> Result<Version, Problem> {
        let said = self.output(&["buildx", "version"]).map_err(|said| {
            Problem::new(Code::EngineMissing, format!("docker has no buildx: {said}")).hint(
                format!("install the docker-buildx plugin, {OLDEST_BUILDX} or newer"),
            )
        })?;
        let words = said.split(' ').nth(1);
        version("docker buildx", words.unwrap_or(&said), &OLDEST_BUILDX)
    }

    /// Runs `docker buildx bake`. If BuildKit fails because a registry has lost layers of a cache, it bakes once more
    /// without reading the cache.
    ///
    /// # Errors
    /// `bake-failed`; `engine-missing`, `engine-too-old`.
    pub fn bake(&self, bake: &Bake<'_>) -> Result<Baked, Problem> {
        self.version()?;
        let baked = Baked::new()?;
        let laid_over = (!bake.laid_over.is_empty())
            .then(|| temporary_file("bakehouse-hashes-", ".hcl", bake.laid_over))
            .transpose()?;
        let run = |further: &[&str]| {
            let mut command = Command::new(&self.docker);
            command
                .current_dir(bake.root)
                .args(["buildx", "bake", "--file", bake.file.as_str()]);
            let further_file = override_file(bake.file);
            if bake.root.join(&further_file).is_file() {
                command.args(["--file", further_file.as_str()]);
            }
            if let Some(file) = &laid_over {
                command.arg("--file").arg(file.path());
            }
            command
                .arg("--metadata-file")
                .arg(baked.path())
                // Buildx would put the provenance of each target into the metadata file, where nobody reads it.
                .env("BUILDX_METADATA_PROVENANCE", "disabled");
            match bake.shown {
                Shown::All => {}
                Shown::Json(_) => _ = command.args(["--progress", "rawjson"]),
                Shown::Failures => _ = command.args(["--progress", "plain"]),
            }
            command
                .args(bake.arguments)
                .args(further)
                .args(bake.targets)
                .envs(bake.variables.iter().map(|(key, value)| (key, value)));
            run_and_listen(&mut command, bake.shown).map_err(|error| {
                Problem::new(Code::BakeFailed, format!("docker cannot be run: {error}"))
                    .caused_by(error)
            })
        };
        let (mut status, mut transcript) = run(&[])?;
        if !status.success()
            && Cause::of(&transcript.end()) == Some(Cause::LayerUnreadable)
            && has_cache()
        {
            tracing::warn!("the registry cache cannot be read: baking without it");
            (status, transcript) = run(&["--set", "*.cache-from="])?;
        }
        if !transcript.too_large().is_empty() {
            let caches = Vec::from_iter(transcript.too_large().iter().map(String::as_str));
            tracing::warn!("{}: {TOO_LARGE}", caches.join(", "));
        }
        if status.success() {
            return Ok(baked);
        }
        let failed = format!("docker buildx bake {} failed", bake.targets.join(" "));
        let gone = || self.version().err().map(|_| Cause::EngineGone);
        let Some(cause) = Cause::of(&transcript.end()).or_else(gone) else {
            // The version is only a possible reason for the failure, and asking for it takes a quarter of a second.
            self.buildx()?;
            let mut hint =
                "its own message is above; the builder keeps what was built before the failure"
                    .to_owned();
            if has_cache() {
                hint += ". `-- --set '*.cache-from='` bakes without reading the registry cache";
            }
            return Err(Problem::new(Code::BakeFailed, format!("{failed} ({status})")).hint(hint));
        };
        let (what, remedy) = cause.explain();
        Err(Problem::new(Code::BakeFailed, format!("{failed}: {what}")).hint(remedy))
    }

    /// Returns the command `docker`, without arguments.
    pub fn command(&self) -> Command {
        Command::new(&self.docker)
    }

    /// Runs docker and returns its standard output.
    ///
    /// # Errors
    /// Its standard error.
    pub fn output(&self, arguments: &[&str]) -> Result<String, String> {
        let (out, _) = self.outputs(arguments)?;
        Ok(out)
    }

    /// Runs docker and returns its standard output and standard error.
    ///
    /// # Errors
    /// Its standard error.
    pub(super) fn outputs(&self, arguments: &[&str]) -> Result<(String, String), String> {
        run(&self.docker, arguments)
    }
}

/// The warning about a cache that BuildKit does not read. Otherwise only a slow build would show it.
const TOO_LARGE: &str = "this registry cache was not used, because BuildKit reads no description of more than 1 MiB. \
    The builder that wrote it remembers too many builds; `docker buildx prune` there makes it forget them, or let a \
    fresh builder write it";

/// Returns whether the Bake file reads a registry cache.
pub fn has_cache() -> bool {
    is_set("CACHE_REF")
}

/// Returns whether the environment sets a variable of the Bake file that is empty by default.
pub fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Receiver of buildx's output, piece by piece, instead of standard error.
pub type Listener<'a> = &'a dyn Fn(&[u8]);

/// The part of a bake's progress that is shown, and its form.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// All of it, straight to the terminal.
    All,
    /// All of it, as JSON for the listener.
    Json(Listener<'a>),
    /// The steps that fail.
    Failures,
}

/// Targets and options of a bake.
#[derive(Clone, Copy)]
pub struct Bake<'a> {
    pub root: &'a Utf8Path,
    /// The Bake file, relative to the root.
    pub file: &'a Utf8Path,
    /// The text of a second Bake file, a temporary one; empty for none.
    pub laid_over: &'a str,
    pub targets: &'a [String],
    pub variables: &'a [(String, String)],
    pub arguments: &'a [OsString],
    pub shown: Shown<'a>,
}

/// Runs `command` and records its standard error, unless that is a terminal: buildx draws progress only on a terminal
/// of its own.
fn run_and_listen(command: &mut Command, shown: Shown<'_>) -> io::Result<(ExitStatus, Transcript)> {
    let terminal = io::stderr().is_terminal() && matches!(shown, Shown::All);
    if !terminal {
        command.stderr(Stdio::piped());
    }
    let mut child = command.spawn()?;
    let mut transcript = Transcript::default();
    let mut failed = FailedSteps::default();
    if let Some(mut messages) = child.stderr.take() {
        let mut chunk = [0; 8 * 1024];
        loop {
            let length = match messages.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            match shown {
                Shown::Json(listener) => listener(&chunk[..length]),
                // The bake has to finish even if nobody reads standard error any more.
                Shown::All => _ = io::stderr().write_all(&chunk[..length]),
                Shown::Failures => failed.add(&chunk[..length]),
            }
            transcript.add(&chunk[..length]);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        _ = io::stderr().write_all(failed.text().as_bytes());
    }
    Ok((status, transcript))
}

fn run(docker: &Path, arguments: &[&str]) -> Result<(String, String), String> {
    let output = Command::new(docker)
        .args(arguments)
        .output()
        .map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let said = text(&output.stderr);
    if output.status.success() {
        Ok((text(&output.stdout), said))
    } else {
        Err(said)
    }
}

fn version(what: &str, said: &str, oldest: &Version) -> Result<Version, Problem> {
    // Distributions append their own suffixes: `28.5.2+dfsg3`, `v0.29.1`, `23.0.0-rc.1`. A two-part `24.0` exists, too.
    let numbers = said.trim_start_matches('v');
    let numbers = numbers
        .split(['+', '-', '~', ' '])
        .next()
        .unwrap_or_default();
    let padded = match numbers.matches('.').count() {
        0 => format!("{numbers}.0.0"),
        1 => format!("{numbers}.0"),
        _ => numbers.to_owned(),
    };
    let Ok(version) = Version::parse(&padded) else {
        return Err(Problem::new(
            Code::EngineTooOld,
            format!("the version of {what} cannot be read: `{said}`"),
        )
        .hint(format!("bakehouse needs {what} {oldest} or newer")));
    };
    if version < *oldest {
        return Err(
            Problem::new(Code::EngineTooOld, format!("{what} {version} is too old"))
                .hint(format!("install {what} {oldest} or newer")),
        );
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_distributions_are_read_and_old_ones_refused() {
        let read = |said| version("docker buildx", said, &OLDEST_BUILDX);
        assert_eq!(read("v0.29.1+ds1-2").unwrap(), Version::new(0, 29, 1));
        assert_eq!(read("0.19").unwrap(), Version::new(0, 19, 0));
        assert_eq!(read("v0.10.4").unwrap_err().code, Code::EngineTooOld);
        assert_eq!(read("unknown").unwrap_err().code, Code::EngineTooOld);
    }
}
