//! A finished process.

use std::fmt;
use std::process::Command;

/// The result of a process.
#[derive(Clone, Debug)]
pub struct Ran {
    pub command: String,
    /// The exit code; `None` if a signal ended the process.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Runs `command` to completion.
    ///
    /// # Panics
    /// If it cannot be started.
    #[track_caller]
    pub fn of(command: &mut Command) -> Self {
        let shown = format!("{command:?}");
        let output = match command.output() {
            Ok(output) => output,
            Err(error) => panic!("{shown} cannot be started: {error}"),
        };
        Self {
            command: shown,
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Returns itself if it succeeded.
    ///
    /// # Panics
    /// If it failed.
    #[must_use]
    #[track_caller]
    pub fn succeeded(self) -> Self {
        self.exited(0)
    }

    /// Returns itself if it exited with `code`.
    ///
    /// # Panics
    /// If it did not.
    #[must_use]
    #[track_caller]
    pub fn exited(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code of {self}");
        self
    }

    /// Returns its standard error without frames, and with single spaces for line breaks.
    pub fn said(&self) -> String {
        let frameless = self.stderr.replace(['│', '╭', '╰', '─', '·'], " ");
        frameless.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Expects that `text` is on standard output.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub fn prints(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "expected `{text}` of {self}");
        self
    }

    /// Checks that its standard error contains `text`.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.said().contains(text), "expected `{text}` of {self}");
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            command,
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "{command}\nexit code {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        )
    }
}
