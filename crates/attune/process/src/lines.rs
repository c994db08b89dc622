use std::{process::ExitStatus, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, ChildStdin},
    sync::mpsc,
    time::timeout,
};

use crate::{Command, Error, group::Group};

/// The source of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A line of output, without its line end.
#[derive(Debug, Eq, PartialEq)]
pub struct Line {
    /// The source of the line.
    pub stream: Stream,
    /// The text, with invalid UTF-8 replaced, truncated at the limit.
    pub text: String,
    /// Whether it was truncated.
    pub cut: bool,
}

/// A running child whose output arrives line by line. Its standard input stays open until it is stopped. Dropping
/// this value kills the child.
#[derive(Debug)]
pub struct LineProcess {
    command: Command,
    child: Child,
    group: Group,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<Line>,
}

impl LineProcess {
    /// Starts `command`. Lines longer than `line_bytes` are truncated.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &Command, line_bytes: usize) -> Result<Self, Error> {
        let (mut child, group) = command.spawn()?;
        // A full channel makes the child wait instead of filling memory.
        let (sender, lines) = mpsc::channel(64);
        if let Some(out) = child.stdout.take() {
            tokio::spawn(read(out, Stream::Out, line_bytes, sender.clone()));
        }
        if let Some(err) = child.stderr.take() {
            tokio::spawn(read(err, Stream::Err, line_bytes, sender));
        }
        Ok(Self {
            command: command.clone(),
            stdin: child.stdin.take(),
            child,
            group,
            lines,
        })
    }

    /// Returns the next line of either output, or `None` once both are closed. The future can be dropped without losing
    /// a line.
    pub async fn next(&mut self) -> Option<Line> {
        self.lines.recv().await
    }

    /// Closes the child's input, asks it to end, and kills it after `grace`.
    ///
    /// # Errors
    /// If the child cannot be waited for.
    pub async fn stop(mut self, grace: Duration) -> Result<ExitStatus, Error> {
        drop(self.stdin.take());
        self.group.terminate();
        // Unread lines must not keep the child from ending.
        self.lines.close();
        if let Ok(status) = timeout(grace, self.child.wait()).await {
            return status.map_err(|error| self.command.lost(error));
        }
        self.group.kill();
        let status = self.child.wait().await;
        status.map_err(|error| self.command.lost(error))
    }
}

async fn read(
    pipe: impl AsyncRead + Unpin,
    stream: Stream,
    limit: usize,
    lines: mpsc::Sender<Line>,
) {
    let mut reader = BufReader::new(pipe);
    let mut line = Vec::new();
    let mut cut = false;
    loop {
        let Ok(chunk) = reader.fill_buf().await else {
            return;
        };
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = part.len().min(limit - line.len());
        line.extend_from_slice(&part[..room]);
        cut |= room < part.len();
        let at_end = chunk.is_empty();
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() || (at_end && !line.is_empty()) {
            let text = String::from_utf8_lossy(&line).into_owned();
            if lines.send(Line { stream, text, cut }).await.is_err() {
                return;
            }
            line.clear();
            cut = false;
        }
        if at_end {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str) -> LineProcess {
        LineProcess::start(&Command::new("sh").arg("-c").arg(script), 10).unwrap()
    }

    fn out(text: &str, cut: bool) -> Option<Line> {
        Some(Line {
            stream: Stream::Out,
            text: text.into(),
            cut,
        })
    }

    #[tokio::test]
    async fn lines_arrive_and_long_ones_are_cut() {
        let mut process = start("echo one; echo; echo 0123456789abc; printf last");
        assert_eq!(process.next().await, out("one", false));
        assert_eq!(process.next().await, out("", false));
        assert_eq!(process.next().await, out("0123456789", true));
        assert_eq!(process.next().await, out("last", false));
        assert_eq!(process.next().await, None);
        let status = process.stop(Duration::from_secs(5)).await.unwrap();
        assert!(status.success());
    }

    #[tokio::test]
    async fn lines_arrive_while_the_child_runs() {
        let mut process = start("echo now; exec sleep 30");
        assert_eq!(process.next().await, out("now", false));
        let status = process.stop(Duration::from_secs(5)).await.unwrap();
        assert_eq!(status.code(), None, "ended by a signal");
    }

    #[tokio::test]
    async fn closing_the_input_is_a_reason_to_end() {
        let process = start("trap '' TERM; cat; exit 4");
        tokio::time::sleep(Duration::from_millis(200)).await;
        let status = process.stop(Duration::from_secs(5)).await.unwrap();
        assert_eq!(status.code(), Some(4));
    }

    #[tokio::test]
    async fn an_endless_writer_can_be_stopped() {
        let mut process = start("trap '' TERM; while :; do echo x; done");
        assert!(process.next().await.is_some());
        process.stop(Duration::from_millis(200)).await.unwrap();
    }
}
