use std::{
    pin::pin,
    process::ExitStatus,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    task::JoinHandle,
    time::timeout,
};

use crate::{Command, Error};

/// The limits of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The maximum duration of the child.
    pub timeout: Duration,
    /// The time between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// The number of bytes that are kept of each output. The rest is read and dropped.
    pub output_bytes: usize,
}

/// The way in which a run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// The child exited with this code.
    Exited(i32),
    /// The child was killed by a signal from elsewhere.
    Killed,
    /// This crate killed the child because it exceeded its time limit.
    TimedOut,
}

/// A finished run.
#[derive(Debug, PartialEq)]
pub struct Captured {
    /// The way in which it ended.
    pub end: End,
    /// Standard output, with invalid UTF-8 replaced. Ends with a note if it was truncated.
    pub stdout: String,
    /// Standard error, in the same form.
    pub stderr: String,
    /// Whether standard output was truncated.
    pub stdout_cut: bool,
}

/// Runs `command` to completion with `input` on standard input. Dropping the future kills the child.
///
/// # Errors
/// If the child cannot be started or waited for. A child that fails is not an error.
pub async fn run(command: &Command, input: Vec<u8>, limits: Limits) -> Result<Captured, Error> {
    let (mut child, group) = command.spawn()?;
    let stdout = Collector::start(child.stdout.take(), limits.output_bytes);
    let stderr = Collector::start(child.stderr.take(), limits.output_bytes);
    let stdin = child.stdin.take();
    let writer = tokio::spawn(async move {
        if let Some(mut stdin) = stdin {
            // A child may exit or close its input without reading it, which is not an error.
            let _ = stdin.write_all(&input).await;
        }
    });

    let status = {
        let mut exit = pin!(child.wait());
        match timeout(limits.timeout, &mut exit).await {
            Ok(status) => Some(status),
            Err(_) => {
                group.terminate();
                if timeout(limits.grace, &mut exit).await.is_err() {
                    group.kill();
                    exit.await.map_err(|error| command.lost(error))?;
                }
                None
            }
        }
    };
    group.kill();
    writer.abort();
    let end = match status {
        None => End::TimedOut,
        Some(status) => {
            let status: ExitStatus = status.map_err(|error| command.lost(error))?;
            status.code().map_or(End::Killed, End::Exited)
        }
    };
    let (stdout, stdout_cut) = stdout.finish().await;
    let (stderr, _) = stderr.finish().await;
    Ok(Captured {
        end,
        stdout,
        stderr,
        stdout_cut,
    })
}

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    dropped: usize,
}

struct Collector {
    kept: Arc<Mutex<Kept>>,
    task: JoinHandle<()>,
}

impl Collector {
    fn start(pipe: Option<impl AsyncRead + Unpin + Send + 'static>, limit: usize) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let shared = Arc::clone(&kept);
        let task = tokio::spawn(async move {
            let Some(mut pipe) = pipe else { return };
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
                let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let room = (limit - kept.bytes.len()).min(count);
                kept.bytes.extend_from_slice(&buffer[..room]);
                kept.dropped += count - room;
            }
        });
        Self { kept, task }
    }

    /// Returns the output so far. There is a time limit, because a process that left the group may hold the pipe open
    /// forever.
    async fn finish(mut self) -> (String, bool) {
        if timeout(Duration::from_secs(1), &mut self.task)
            .await
            .is_err()
        {
            self.task.abort();
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from_utf8_lossy(&kept.bytes).into_owned();
        if kept.dropped > 0 {
            text += &format!("\n[{} more bytes dropped]\n", kept.dropped);
        }
        (text, kept.dropped > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const LIMITS: Limits = Limits {
        timeout: Duration::from_secs(20),
        grace: Duration::from_millis(200),
        output_bytes: 1000,
    };

    fn sh(script: &str) -> Command {
        Command::new("sh").arg("-c").arg(script)
    }

    #[tokio::test]
    async fn input_output_and_code() {
        let captured = run(&sh("cat; echo oops >&2; exit 3"), b"hi".into(), LIMITS)
            .await
            .unwrap();
        assert_eq!(captured.end, End::Exited(3));
        assert_eq!(captured.stdout, "hi");
        assert_eq!(captured.stderr, "oops\n");
    }

    #[tokio::test]
    async fn unread_input_is_no_error() {
        let captured = run(&sh("exit 0"), vec![b'x'; 1 << 20], LIMITS).await;
        assert_eq!(captured.unwrap().end, End::Exited(0));
    }

    #[tokio::test]
    async fn long_output_is_cut_and_the_child_still_ends() {
        let command = sh("head -c 500000 /dev/zero | tr '\\0' x; echo end >&2");
        let captured = run(&command, Vec::new(), LIMITS).await.unwrap();
        assert_eq!(captured.end, End::Exited(0));
        assert!(captured.stdout_cut);
        assert_eq!(captured.stdout.matches('x').count(), 1000);
        assert!(captured.stdout.contains("[499000 more bytes dropped]"));
        assert_eq!(captured.stderr, "end\n");
    }

    #[tokio::test]
    async fn a_deaf_child_and_its_children_are_killed_in_time() {
        let dir = tempfile::TempDir::new().unwrap();
        let mark = dir.path().join("survived");
        let script = format!(
            "trap '' TERM; (sleep 1; touch {}) & echo on; sleep 30; sleep 30",
            mark.display()
        );
        let limits = Limits {
            timeout: Duration::from_millis(200),
            ..LIMITS
        };
        let start = Instant::now();
        let captured = run(&sh(&script), Vec::new(), limits).await.unwrap();
        assert_eq!(captured.end, End::TimedOut);
        assert_eq!(captured.stdout, "on\n");
        assert!(start.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(1200)).await;
        assert!(!mark.exists(), "a grandchild survived");
    }

    #[tokio::test]
    async fn dropping_the_run_kills_the_child() {
        let dir = tempfile::TempDir::new().unwrap();
        let mark = dir.path().join("survived");
        let command = sh(&format!("sleep 1; touch {}", mark.display()));
        let run = run(&command, Vec::new(), LIMITS);
        assert!(timeout(Duration::from_millis(200), run).await.is_err());
        tokio::time::sleep(Duration::from_millis(1200)).await;
        assert!(!mark.exists(), "the child survived");
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let error = run(&Command::new("/no/such"), Vec::new(), LIMITS).await;
        assert!(error.unwrap_err().to_string().contains("/no/such"));
    }

    #[tokio::test]
    async fn the_services_own_variables_stay_out() {
        // Cargo sets this variable for every test.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let command = sh("env").env("GIVEN", "1");
        let captured = run(&command, Vec::new(), LIMITS).await.unwrap();
        assert!(captured.stdout.contains("GIVEN=1"));
        assert!(!captured.stdout.contains("CARGO_MANIFEST_DIR"));
    }
}
