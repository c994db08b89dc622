use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    process::Stdio,
};

use thiserror::Error;
use tokio::process::Child;

use crate::group::Group;

/// Variables that a child inherits: those that programs need to find things, and none of the service's own settings.
const INHERITED: [&str; 7] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER"];

/// A program to run. Its environment starts with only PATH, HOME, LANG, LC_ALL, TZ, TMPDIR and USER.
#[derive(Clone, Debug)]
pub struct Command {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
}

/// The reasons why a child could not be run.
#[derive(Debug, Error)]
pub enum Error {
    /// It did not start.
    #[error("{} cannot be started", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It started, but its end could not be observed.
    #[error("{} cannot be waited for", program.display())]
    Wait {
        /// The program.
        program: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl Command {
    /// Creates a command for `program`, a path or a name on PATH.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let inherit = |key: &&str| Some((OsString::from(key), std::env::var_os(key)?));
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: INHERITED.iter().filter_map(inherit).collect(),
            directory: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((key.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn dir(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.into());
        self
    }

    pub(crate) fn spawn(&self) -> Result<(Child, Group), Error> {
        let mut command = tokio::process::Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        let child = command.spawn().map_err(|source| Error::Start {
            program: self.program.clone(),
            source,
        })?;
        let group = Group::led_by(&child);
        Ok((child, group))
    }

    pub(crate) fn lost(&self, source: io::Error) -> Error {
        Error::Wait {
            program: self.program.clone(),
            source,
        }
    }
}
