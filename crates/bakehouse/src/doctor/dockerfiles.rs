//! Lint of other Dockerfiles of the workspace, for two mistakes with Cargo and cache mounts.

use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use parse_dockerfile::{Command, Instruction, RunInstruction};

use super::{Check, Verdict};
use crate::pages::page;
use crate::shipped::kinds::is_dockerfile;

/// A cache mount with a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// The line of the `--mount`, counted from 1.
    pub line: usize,
    pub fault: Fault,
    /// The folder where the cache is mounted.
    pub target: String,
}

/// The mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Concurrent builds share parts of Cargo's home without the lock that guards them.
    Race,
    /// Compiled workspace code outlives the sources that it was compiled from.
    Stale,
}

impl Fault {
    fn why(self) -> &'static str {
        match self {
            Self::Race => {
                "concurrent builds write to it, but Cargo's lock file is outside it, in each build's own layer: an archive is unpacked twice, and the build fails"
            }
            Self::Stale => {
                "it outlives the copied sources, and COPY keeps their old times: Cargo takes files compiled from newer sources for fresh, and an old binary ships"
            }
        }
    }

    fn remedy(self) -> String {
        match self {
            Self::Race => "mount the whole of CARGO_HOME, or add sharing=locked".to_owned(),
            Self::Stale => {
                format!(
                    "let `bakehouse generate` write the stages; a Dockerfile written by hand must not compile a workspace crate into a mount: see {}",
                    page("migration")
                )
            }
        }
    }
}

/// Returns one check for each mistake, or one for all Dockerfiles. Files generated into `folder` are skipped.
pub fn checks(root: &Utf8Path, folder: &Utf8Path) -> Vec<Check> {
    let needed = "no Dockerfile with a cache mount that goes wrong with Cargo";
    let mut checks = Vec::new();
    let mut looked_at = 0;
    for file in dockerfiles(root, folder) {
        let Ok(text) = fs_err::read_to_string(root.join(&file)) else {
            continue;
        };
        looked_at += 1;
        match lint(&text) {
            Ok(lints) => checks.extend(lints.into_iter().map(
                |Lint {
                     line,
                     fault,
                     target,
                 }| {
                    let found =
                        format!("{file}:{line} mounts a cache on {target}: {}", fault.why());
                    Check::new(
                        "dockerfiles",
                        Verdict::Warning,
                        found,
                        needed,
                        fault.remedy(),
                    )
                },
            )),
            Err(error) => {
                let found = format!("{file} cannot be read as a Dockerfile: {error}");
                checks.push(Check::unknown("dockerfiles", found, needed));
            }
        }
    }
    if checks.is_empty() {
        let found = match looked_at {
            0 => "none but the generated one".to_owned(),
            count => format!("{count} checked, besides the generated one"),
        };
        checks.push(Check::good("dockerfiles", found, needed));
    }
    checks
}

/// Returns the paths of Dockerfiles, sorted. Files that git ignores are left out.
fn dockerfiles(root: &Utf8Path, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let generated = folder.join("Dockerfile");
    let mut files: Vec<Utf8PathBuf> = ignore::WalkBuilder::new(root)
        .require_git(false)
        .build()
        .filter_map(|entry| {
            let entry = entry
                .ok()
                .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))?;
            let path = Utf8PathBuf::from_path_buf(entry.into_path()).ok()?;
            let path = path.strip_prefix(root).ok()?.to_owned();
            (is_dockerfile(path.file_name()?) && path != generated).then_some(path)
        })
        .collect();
    files.sort();
    files
}

/// Returns the mistakes in `text`, in their order.
///
/// # Errors
/// A text that is not a Dockerfile.
pub fn lint(text: &str) -> Result<Vec<Lint>, parse_dockerfile::Error> {
    let dockerfile = parse_dockerfile::parse(text)?;
    let mut targets: Vec<String> = Vec::new();
    let mut lints = Vec::new();
    for instruction in &dockerfile.instructions {
        match instruction {
            Instruction::Env(env) => targets.extend(target_folder(&env.arguments.value)),
            Instruction::Arg(argument) => targets.extend(target_folder(&argument.arguments.value)),
            Instruction::Run(run) => of_run(text, run, &targets, &mut lints),
            _ => {}
        }
    }
    Ok(lints)
}

/// Returns the value that is assigned to `CARGO_TARGET_DIR`.
fn target_folder(assignments: &str) -> Option<String> {
    let (_, value) = assignments.split_once("CARGO_TARGET_DIR")?;
    let value = value.trim_start_matches(['=', ' ']);
    let value = value.split_whitespace().next()?.trim_matches(['"', '\'']);
    Some(value.trim_end_matches('/').to_owned())
}

fn of_run(text: &str, run: &RunInstruction<'_>, targets: &[String], lints: &mut Vec<Lint>) {
    let script = script(run);
    for option in run
        .options
        .iter()
        .filter(|option| option.name.value == "mount")
    {
        let Some(cache) = option
            .value
            .as_ref()
            .and_then(|value| Cache::read(&value.value))
        else {
            continue;
        };
        let fault = if cache.is_part_of_cargo_home() && cache.sharing == "shared" {
            Fault::Race
        } else if cache.holds_compiled(targets)
            && compiles_workspace(&script)
            && !is_guarded(&script)
        {
            Fault::Stale
        } else {
            continue;
        };
        lints.push(Lint {
            line: line(text, option.span()),
            fault,
            target: cache.target.to_owned(),
        });
    }
}

fn script(run: &RunInstruction<'_>) -> String {
    let mut script = match &run.arguments {
        Command::Shell(shell) => shell.value.to_owned(),
        Command::Exec(words) => {
            let words = words.value.iter().map(|word| &*word.value);
            words.collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    };
    for document in &run.here_docs {
        script.push('\n');
        script.push_str(&document.value);
    }
    script
}

fn line(text: &str, span: Range<usize>) -> usize {
    text.get(..span.start)
        .map_or(1, |before| before.matches('\n').count() + 1)
}

/// A cache mount.
struct Cache<'a> {
    target: &'a str,
    sharing: &'a str,
}

impl<'a> Cache<'a> {
    fn read(options: &'a str) -> Option<Self> {
        let options = options.split(',').map(|option| option.trim_matches('"'));
        let options = options.filter_map(|option| option.split_once('='));
        let mut cache = Self {
            target: "",
            sharing: "shared",
        };
        let mut is_cache = false;
        for (key, value) in options {
            match key {
                "type" => is_cache = value == "cache",
                "target" | "dst" | "destination" => cache.target = value.trim_end_matches('/'),
                "sharing" => cache.sharing = value,
                _ => {}
            }
        }
        (is_cache && !cache.target.is_empty()).then_some(cache)
    }

    /// Returns whether the mount is `registry`, `git` or a folder inside them, below a folder that has the name of
    /// Cargo's home.
    fn is_part_of_cargo_home(&self) -> bool {
        let parts: Vec<&str> = self.target.split('/').collect();
        parts.windows(2).any(|pair| {
            let home = pair[0].trim_matches(['$', '{', '}']).to_ascii_lowercase();
            let is_home = matches!(
                home.as_str(),
                ".cargo" | "cargo" | "cargo_home" | "cargo-home"
            );
            is_home && matches!(pair[1], "registry" | "git")
        })
    }

    fn holds_compiled(&self, targets: &[String]) -> bool {
        let last = self.target.rsplit('/').next().unwrap_or_default();
        let named = self.target.contains("CARGO_TARGET_DIR");
        last == "target" || named || targets.iter().any(|target| target == self.target)
    }
}

/// Returns whether Cargo compiles the workspace in this script. `cargo chef cook` and `cargo fetch` do not.
fn compiles_workspace(script: &str) -> bool {
    let words: Vec<&str> = script
        .split(|c: char| c.is_whitespace() || ";&|()".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(3)
        .chain([&words[words.len().saturating_sub(2)..]])
        .any(|words| {
            let [cargo, rest @ ..] = words else {
                return false;
            };
            if *cargo != "cargo" && !cargo.ends_with("/cargo") {
                return false;
            }
            let command = rest.iter().find(|word| !word.starts_with(['+', '-']));
            command.is_some_and(|command| {
                matches!(
                    *command,
                    "build"
                        | "b"
                        | "install"
                        | "run"
                        | "r"
                        | "rustc"
                        | "auditable"
                        | "zigbuild"
                        | "leptos"
                )
            })
        })
}

/// Returns whether the script first gives all sources new times, or makes Cargo compare their content. From Cargo 1.100 on,
/// `-Zchecksum-freshness` alone does not do the latter: it allows the setting `build.fingerprint`, and older ones ignore
/// that setting.
fn is_guarded(script: &str) -> bool {
    let touched = script.contains("find ") && script.contains("touch");
    let settings = script.to_ascii_lowercase();
    let compared = ["checksum-freshness", "fingerprint", "content"]
        .iter()
        .all(|word| settings.contains(word));
    touched || script.contains("cargo clean") || compared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_that_go_wrong_are_found_with_their_line_and_others_are_not() {
        let build = "cargo build --release";
        let race = |line| Some((line, Fault::Race));
        let stale = |line| Some((line, Fault::Stale));
        let table = [
            (
                "--mount=type=cache,target=/usr/local/cargo/registry",
                build,
                race(2),
            ),
            ("--mount=type=cache,dst=/root/.cargo/git/db", build, race(2)),
            (
                "--mount=type=cache,target=$CARGO_HOME/registry/",
                build,
                race(2),
            ),
            (
                "--mount=type=cache,target=${CARGO_HOME}/git",
                "cargo fetch",
                race(2),
            ),
            (
                "--mount=type=cache,sharing=locked,target=/usr/local/cargo/registry",
                build,
                None,
            ),
            ("--mount=type=cache,target=/usr/local/cargo", build, None),
            ("--mount=type=cache,target=/var/lib/registry", build, None),
            (
                "--mount=type=bind,source=registry,target=/usr/local/cargo/registry",
                build,
                None,
            ),
            ("--mount=type=cache,target=/app/target", build, stale(2)),
            (
                "--mount=type=cache,target=target",
                "cargo +nightly build",
                stale(2),
            ),
            (
                "--mount=type=cache,target=/app/target,sharing=locked",
                "cargo install --path .",
                stale(2),
            ),
            (
                "--mount=type=cache,target=/app/target",
                "touch src/main.rs && cargo build",
                stale(2),
            ),
            (
                "--mount=type=cache,target=/app/target",
                "find . -name '*.rs' -exec touch {} + && cargo build",
                None,
            ),
            (
                "--mount=type=cache,target=/app/target",
                "cargo build -Zchecksum-freshness",
                stale(2),
            ),
            (
                "--mount=type=cache,target=/app/target",
                "CARGO_BUILD_FINGERPRINT=content cargo build -Zchecksum-freshness",
                None,
            ),
            (
                "--mount=type=cache,target=/app/target",
                "cargo chef cook --release",
                None,
            ),
            (
                "--mount=type=cache,target=/app/target",
                "ls /app/target",
                None,
            ),
            ("--mount=type=cache,target=/cache", build, None),
            (
                "--network=none \\\n  --mount=type=cache,id=t,target=/app/target",
                build,
                stale(3),
            ),
            (
                "--mount=type=cache,target=/app/target",
                "<<EOF\nset -e\ncargo build\nEOF",
                stale(2),
            ),
            (
                "--mount=type=cache,target=/app/target",
                r#"["cargo", "build"]"#,
                stale(2),
            ),
        ];
        for (mount, command, expected) in table {
            let text = format!("FROM rust\nRUN {mount} {command}\n");
            let found: Vec<_> = lint(&text)
                .unwrap()
                .into_iter()
                .map(|lint| (lint.line, lint.fault))
                .collect();
            assert_eq!(found, Vec::from_iter(expected), "{text}");
        }
    }

    #[test]
    fn a_target_folder_of_another_name_is_known() {
        let text = "FROM rust\nENV CARGO_TARGET_DIR=/out\nRUN --mount=type=cache,target=/out cargo build\n";
        let lints = lint(text).unwrap();
        assert_eq!(lints.len(), 1);
        assert_eq!((lints[0].line, lints[0].target.as_str()), (3, "/out"));
    }
}
