//! Runs `git` without interference from a hook's environment or the user's settings.

use std::process::{Command, Output};

use camino::Utf8Path;

use crate::problem::{Code, Problem};

/// Variables that git sets for its hooks, or that make it use another folder than the one it runs in.
const VARIABLES: [&str; 9] = [
    "GIT_COMMON_DIR",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
];

/// Settings under which git changes nothing in the repository and runs none of the user's programs.
const SETTINGS: [&str; 5] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "submodule.recurse=false",
];

/// Returns the command `git`, to be run in `folder`.
pub fn git(folder: &Utf8Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder);
    for variable in VARIABLES {
        command.env_remove(variable);
    }
    command
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C");
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command
}

/// Runs git to completion, whether it succeeds or not.
pub fn run(command: &mut Command) -> Result<Output, Problem> {
    command.output().map_err(missing)
}

pub fn missing(error: std::io::Error) -> Problem {
    Problem::new(Code::GitFailed, format!("git cannot be run: {error}"))
        .hint("install git, or put it on PATH")
        .caused_by(error)
}

/// Returns git's standard output, or an error if git fails.
pub fn printed(command: &mut Command) -> Result<Vec<u8>, Problem> {
    let output = run(command)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(failed(&said(&output)))
}

/// Returns the problem for a message of git's.
pub fn failed(said: &str) -> Problem {
    Problem::new(Code::GitFailed, format!("git failed: {said}"))
        .hint("fix what git names, then run it again")
}

/// Returns git's error message.
pub fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.trim();
    text.strip_prefix("fatal: ").unwrap_or(text).to_owned()
}

/// Returns the entries of a list in which each entry ends with a zero byte.
pub fn entries(list: &[u8]) -> impl Iterator<Item = String> + '_ {
    list.split(|byte| *byte == 0)
        .filter(|entry| !entry.is_empty())
        .map(|entry| String::from_utf8_lossy(entry).into_owned())
}
