//! A process that is observed while it runs.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::ran::Ran;

/// A process in a group of its own. Its standard output is dropped.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    messages: BufReader<ChildStderr>,
    stderr: String,
    /// The length of what was waited for already.
    seen: usize,
}

/// The processes that a signal is sent to.
#[derive(Clone, Copy, Debug)]
pub enum Reach {
    /// Only the process itself, as `kill` does.
    Process,
    /// The process and everything that it started, as Ctrl-C on a terminal does.
    Group,
}

impl Running {
    /// Starts `command`.
    ///
    /// # Panics
    /// If it cannot be started.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let shown = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{shown} cannot be started: {error}"));
        let messages = child.stderr.take().expect("its messages are piped");
        Self {
            command: shown,
            child,
            messages: BufReader::new(messages),
            stderr: String::new(),
            seen: 0,
        }
    }

    /// Waits until it has printed `text` to standard error after what was waited for so before.
    ///
    /// # Panics
    /// If it ends without doing so.
    #[track_caller]
    pub fn wait_for_new(&mut self, text: &str) {
        loop {
            if let Some(at) = self.stderr[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            self.read_line(text);
        }
    }

    /// Waits until it has printed `text` to standard error.
    ///
    /// # Panics
    /// If it ends without doing so.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        while !self.stderr.contains(text) {
            self.read_line(text);
        }
    }

    #[track_caller]
    fn read_line(&mut self, wanted: &str) {
        let mut line = Vec::new();
        let read = self.messages.read_until(b'\n', &mut line).unwrap_or(0);
        self.stderr.push_str(&String::from_utf8_lossy(&line));
        assert!(
            read > 0,
            "{} ended without `{wanted}`\n{}",
            self.command,
            self.stderr
        );
    }

    /// Waits until it has printed `text` to standard error, and returns whether it did before it ended.
    pub fn waits_for(&mut self, text: &str) -> bool {
        while !self.stderr.contains(text) {
            let mut line = Vec::new();
            if self.messages.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
                return false;
            }
            self.stderr.push_str(&String::from_utf8_lossy(&line));
        }
        true
    }

    /// Sends a signal, e.g. `INT`.
    ///
    /// # Panics
    /// If there is no process to send it to.
    #[track_caller]
    pub fn signal(&self, signal: &str, reach: Reach) {
        let id = match reach {
            Reach::Process => self.child.id().to_string(),
            Reach::Group => format!("-{}", self.child.id()),
        };
        let _ = Ran::of(Command::new("kill").args(["-s", signal, "--", &id])).succeeded();
    }

    /// Waits until it and all other writers to its standard error have ended.
    ///
    /// # Panics
    /// If it cannot be waited for.
    pub fn wait(mut self) -> Ran {
        let mut rest = Vec::new();
        let _ = self.messages.read_to_end(&mut rest);
        self.stderr.push_str(&String::from_utf8_lossy(&rest));
        let status = self.child.wait().expect("a child can be waited for");
        Ran {
            command: std::mem::take(&mut self.command),
            code: status.code(),
            stdout: String::new(),
            stderr: std::mem::take(&mut self.stderr),
        }
    }
}

impl Drop for Running {
    /// Ends what a failed test leaves behind.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let group = format!("-{}", self.child.id());
            let _ = Command::new("kill")
                .args(["-s", "INT", "--", &group])
                .status();
            let _ = self.child.wait();
        }
    }
}
