//! A Compose project that is removed at the end of the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use serde_json::Value;

use crate::ran::Ran;
use crate::unique::unique;
use crate::workspace::Workspace;

/// The time that a container may take to start on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The services of a workspace's compose file, with a project name and ports of their own.
#[derive(Debug)]
pub struct Compose {
    dir: Utf8PathBuf,
    registry: String,
    project: String,
    files: Vec<&'static str>,
}

/// A response over HTTP.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Compose {
    /// Creates a project with the images of `workspace`. Nothing runs yet.
    pub fn new(workspace: &Workspace) -> Self {
        Self {
            dir: workspace.dir().to_owned(),
            registry: workspace.images.namespace().to_owned(),
            project: format!("e2e-{}", unique()),
            files: vec!["docker/compose.yaml"],
        }
    }

    /// Adds another compose file, which overrides the ones before.
    #[must_use]
    pub fn file(mut self, path: &'static str) -> Self {
        self.files.push(path);
        self
    }

    /// Returns the command `docker compose` with `arguments`.
    pub fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new("docker");
        command
            .current_dir(&self.dir)
            .args(["compose", "--progress", "plain"])
            .args(self.files.iter().flat_map(|file| ["--file", file]))
            .args(arguments);
        self.join(&mut command);
        command
    }

    /// Lets another program that calls Compose work on the same project.
    pub fn join(&self, command: &mut Command) {
        command
            .env("COMPOSE_PROJECT_NAME", &self.project)
            .env("REGISTRY", &self.registry)
            // Port 0 selects a free port.
            .env("PORT_API_8080", "0")
            .env("PORT_EXECUTOR_8081", "0")
            .env("PORT_NOTIFIER_8082", "0");
    }

    /// Runs `docker compose`, expects success, and returns its output.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let ran = Ran::of(&mut self.command(arguments)).succeeded();
        ran.stdout.trim().to_owned()
    }

    /// Returns the engine's name of the project's volume `name`.
    pub fn volume(&self, name: &str) -> String {
        format!("{}_{name}", self.project)
    }

    /// Returns the id of the container of `service`, running or not.
    #[track_caller]
    pub fn container(&self, service: &str) -> String {
        self.run(["ps", "--all", "--quiet", service])
    }

    /// Sends a request to `service` once.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn ask(
        &self,
        service: &str,
        request: &str,
        body: Option<&Value>,
    ) -> std::io::Result<Answer> {
        let mut stream = self.connect(service)?;
        let body = body.map_or_else(String::new, Value::to_string);
        write!(
            stream,
            "{request} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok(Answer {
            status: status.unwrap_or_default(),
            body: body.to_owned(),
        })
    }

    fn connect(&self, service: &str) -> std::io::Result<TcpStream> {
        let port = match service {
            "api" => "8080",
            "executor" => "8081",
            _ => "8082",
        };
        let ran = Ran::of(&mut self.command(["port", service, port]));
        let stream = TcpStream::connect(ran.stdout.trim())?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Repeats a request to `service` until `wanted` returns a value for the JSON of a successful response.
    ///
    /// # Panics
    /// If that does not happen within a minute.
    #[track_caller]
    pub fn wait_for<T>(
        &self,
        service: &str,
        path: &str,
        wanted: impl Fn(&Value) -> Option<T>,
    ) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask(service, &format!("GET {path}"), None);
            if let Ok(Answer { status: 200, body }) = &answer
                && let Ok(value) = serde_json::from_str::<Value>(body)
                && let Some(found) = wanted(&value)
            {
                return found;
            }
            assert!(
                Instant::now() < end,
                "{path} of {service} does not give the expected answer: {answer:?}\n{}",
                Ran::of(&mut self.command(["logs", "--no-color"]))
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Executes `action`, and returns the execution after its end.
    ///
    /// # Panics
    /// If the api refuses, or the execution takes longer than a minute.
    #[track_caller]
    pub fn execute(&self, action: &str, parameters: &Value) -> Value {
        let body = serde_json::json!({ "action": action, "parameters": parameters });
        let answer = self.ask("api", "POST /executions", Some(&body));
        let answer = answer.expect("the api answers");
        assert_eq!(answer.status, 201, "{answer:?}");
        let queued: Value = serde_json::from_str(&answer.body).expect("an execution is JSON");
        let path = format!(
            "/executions/{}",
            queued["id"].as_str().expect("it has an id")
        );
        self.wait_for("api", &path, |execution| {
            let ended = execution["finished_ms"].is_number();
            ended.then(|| execution.clone())
        })
    }

    /// Returns the first event of `kind` in the notifier's stream that `wanted` accepts.
    ///
    /// # Panics
    /// If the stream ends or stays silent.
    #[track_caller]
    pub fn event(&self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut stream = self.connect("notifier").expect("the notifier answers");
        write!(
            stream,
            "GET /events/stream HTTP/1.0\r\nHost: localhost\r\n\r\n"
        )
        .expect("the notifier listens");
        let end = Instant::now() + PATIENCE;
        for line in BufReader::new(stream).lines() {
            let line = line.expect("the notifier streams");
            let event = line
                .strip_prefix("data:")
                .map(serde_json::from_str::<Value>);
            if let Some(Ok(event)) = event
                && event["kind"] == kind
                && wanted(&event)
            {
                return event;
            }
            assert!(Instant::now() < end, "no such event of {kind}");
        }
        panic!("the stream ended without an event of {kind}");
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        let _ = self
            .command(["down", "--volumes", "--remove-orphans", "--timeout", "1"])
            .output();
    }
}
