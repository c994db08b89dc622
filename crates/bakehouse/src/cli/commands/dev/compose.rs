//! The containers, as Docker Compose runs them from the generated file.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use camino::Utf8PathBuf;

use crate::cli::session::Planned;
use crate::documents::compose::INIT;
use crate::engine::Engine;
use crate::names::TargetName;
use crate::plan::Plan;
use crate::problem::{Code, Problem};

/// The seconds that a container has for its end before the new one takes its place.
const GRACE: &str = "2";

/// Docker Compose for the file of a workspace, and the process that prints logs.
pub struct Compose {
    engine: Engine,
    file: Utf8PathBuf,
    /// The default of `REGISTRY`.
    usual_registry: String,
    logs: Option<Child>,
}

impl Compose {
    /// Finds Docker Compose.
    ///
    /// # Errors
    /// `engine-missing`; `compose-failed` if the workspace has no compose file.
    pub fn find(planned: &Planned) -> Result<Self, Problem> {
        if !planned.plan.config.compose {
            let problem = Problem::new(
                Code::ComposeFailed,
                "there is no compose file that says how the services run",
            );
            return Err(problem.hint("leave `compose = false` out of [output] in bakehouse.toml"));
        }
        let found = Self {
            engine: Engine::find()?,
            file: planned.root.join(planned.plan.output("compose.yaml")),
            usual_registry: planned.plan.config.registry().to_owned(),
            logs: None,
        };
        found.run(&["version"]).map_err(|said| {
            Problem::new(
                Code::EngineMissing,
                format!("docker has no Compose: {said}"),
            )
            .hint("install the docker-compose plugin")
        })?;
        Ok(found)
    }

    /// Starts services, in place of their containers of older images, and waits until all are well.
    ///
    /// # Errors
    /// `compose-failed`.
    pub fn up(&self, plan: &Plan, services: &[TargetName]) -> Result<(), Problem> {
        let mut arguments = vec!["up", "--detach", "--no-build", "--wait", "--timeout", GRACE];
        arguments.extend(services.iter().map(TargetName::as_str));
        self.run(&arguments).map_err(|said| {
            let names: Vec<&str> = services.iter().map(TargetName::as_str).collect();
            let names = names.join(", ");
            let file = plan.output("compose.yaml");
            Problem::new(
                Code::ComposeFailed,
                format!("{names} did not start: {said}"),
            )
            .hint(format!(
                "see what it printed: `docker compose -f {file} logs`"
            ))
        })
    }

    /// Removes the project's containers that were made from the generated file alone, for services that are not `kept`.
    /// Containers of another compose file that is laid over it are the user's.
    pub fn remove_others(&self, kept: &BTreeSet<String>) {
        let removed = self.others(kept).and_then(|others| match &others[..] {
            [] => Ok(()),
            others => {
                let others: Vec<&str> = others.iter().map(String::as_str).collect();
                let stop = [&["stop", "--time", GRACE], &others[..]].concat();
                let remove = [&["rm"], &others[..]].concat();
                let stopped = self.engine.output(&stop);
                stopped.and_then(|_| self.engine.output(&remove)).map(drop)
            }
        });
        if let Err(said) = removed {
            tracing::warn!("containers of services that are no more may still run: {said}");
        }
    }

    /// Returns the identifiers of those containers.
    fn others(&self, kept: &BTreeSet<String>) -> Result<Vec<String>, String> {
        const LABEL: &str = "com.docker.compose";
        let listed = self.output(&["ps", "--all", "--no-trunc", "--quiet", "--orphans=true"])?;
        let ids: Vec<&str> = listed.lines().collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let format = format!(
            r#"{{{{.Id}}}} {{{{index .Config.Labels "{LABEL}.service"}}}} {{{{index .Config.Labels "{LABEL}.project.config_files"}}}}"#
        );
        let arguments = [
            &["inspect", "--type", "container", "--format", &format],
            &ids[..],
        ];
        let labels = self.engine.output(&arguments.concat())?;
        let others = labels.lines().filter_map(|line| {
            let (id, rest) = line.split_once(' ')?;
            let (service, files) = rest.split_once(' ')?;
            let is_kept = service == INIT || kept.contains(service);
            (files == self.file.as_str() && !is_kept).then(|| id.to_owned())
        });
        Ok(others.collect())
    }

    /// Copies the packs into their volume again. Services that use them restart after it.
    ///
    /// # Errors
    /// `compose-failed`.
    pub fn copy_packs(&self) -> Result<(), Problem> {
        self.run(&["restart", INIT]).map_err(|said| {
            let message = format!("the packs were not copied: {said}");
            Problem::new(Code::ComposeFailed, message)
        })
    }

    /// Prints the logs of services from a time on, in place of those that were printed before.
    pub fn follow_logs(&mut self, services: &[TargetName], since: SystemTime) {
        self.end_logs();
        let since = jiff::Timestamp::try_from(since).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let mut command = self.command();
        command
            .args(["logs", "--follow", "--since", &since.to_string()])
            .args(services.iter().map(TargetName::as_str))
            .stdin(Stdio::null())
            // It has an empty line there when it ends.
            .stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => self.logs = Some(child),
            Err(error) => tracing::warn!("logs cannot be shown: {error}"),
        }
    }

    /// Stops the containers of services, which keep their volumes.
    pub fn stop(&mut self, services: &[TargetName]) {
        self.end_logs();
        if services.is_empty() {
            return;
        }
        let mut arguments = vec!["stop", "--timeout", GRACE];
        arguments.extend(services.iter().map(TargetName::as_str));
        // A service may have left the file since it was started.
        let all = ["stop", "--timeout", GRACE];
        if let Err(said) = self.run(&arguments).or_else(|_| self.run(&all)) {
            tracing::warn!("containers may still run: {said}");
        }
    }

    fn end_logs(&mut self) {
        if let Some(mut logs) = self.logs.take() {
            // It may have ended by itself.
            let _ = logs.kill();
            let _ = logs.wait();
        }
    }

    fn run(&self, arguments: &[&str]) -> Result<(), String> {
        self.output(arguments).map(drop)
    }

    fn output(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        let output = command.output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let mut lines = said.lines().filter(|line| !line.trim().is_empty());
        let last = lines.next_back().unwrap_or("it said nothing");
        Err(last.trim().to_owned())
    }

    fn command(&self) -> Command {
        let mut command = self.engine.command();
        command
            .args(["compose", "--progress", "quiet", "--file"])
            .arg(&self.file);
        // Bake takes several of each.
        for name in ["REGISTRY", "TAG"] {
            if let Ok(value) = std::env::var(name) {
                let mut parts = value.split(',').filter(|part| !part.is_empty());
                command.env(name, parts.next().unwrap_or_default());
                // An image's own registries stay then, but Compose cannot compare.
                if name == "REGISTRY" && value == self.usual_registry {
                    command.env_remove(name);
                }
            }
        }
        command
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        self.end_logs();
    }
}
