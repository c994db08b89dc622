//! A second, empty engine, like that of a fresh CI runner.

use std::process::Command;

use crate::disk::Disk;
use crate::engine;
use crate::ran::Ran;
use crate::workspace::repository;

/// An engine that `tools/engine fresh` starts. It is stopped at the end of the test.
#[derive(Debug)]
pub struct Runner {
    name: String,
    host: String,
    /// The disk with its data, if that is not in the usual place.
    disk: Option<Disk>,
}

impl Runner {
    /// Starts an engine, and copies `bases` to it from the first engine, since every runner can pull base images.
    ///
    /// # Panics
    /// If it does not start.
    #[track_caller]
    pub fn start(name: &str, bases: &[&str]) -> Self {
        Self::with(name, None, bases)
    }

    /// Starts an engine with all its data on `disk`.
    ///
    /// # Panics
    /// If it does not start.
    #[track_caller]
    pub fn start_on(disk: Disk, name: &str, bases: &[&str]) -> Self {
        Self::with(name, Some(disk), bases)
    }

    #[track_caller]
    fn with(name: &str, disk: Option<Disk>, bases: &[&str]) -> Self {
        let mut runner = Self {
            name: name.to_owned(),
            host: String::new(),
            disk,
        };
        runner.host = runner.up();
        for base in bases {
            let copy = format!(
                "docker save {base} | DOCKER_HOST={} docker load",
                runner.host
            );
            let _ = Ran::of(Command::new("bash").args(["-o", "pipefail", "-c", &copy])).succeeded();
        }
        runner
    }

    /// Starts the engine again after a crash, with the same data.
    ///
    /// # Panics
    /// If it does not start.
    #[track_caller]
    pub fn restart(&self) {
        assert_eq!(self.up(), self.host);
    }

    /// Starts the engine, and returns its `DOCKER_HOST`.
    #[track_caller]
    fn up(&self) -> String {
        let said = Ran::of(self.script().args(["fresh", &self.name])).succeeded();
        let host = said.stdout.trim().trim_start_matches("DOCKER_HOST=");
        host.to_owned()
    }

    /// Kills its daemons with SIGKILL. Processes in its containers continue, as they do when a daemon crashes.
    ///
    /// # Panics
    /// If they do not run, or its data is not on a disk of its own.
    #[track_caller]
    pub fn crash(&self) {
        for daemon in ["dockerd", "containerd", "registry", "registry-host"] {
            let file = format!("pids/fresh-{}-{daemon}", self.name);
            let noted = fs_err::read_to_string(self.disk().path().join(file));
            let noted = noted.expect("a pid is noted");
            let pid = noted.lines().next().unwrap_or_default();
            let _ = Ran::of(Command::new("kill").args(["-s", "KILL", pid])).succeeded();
        }
    }

    /// Lets the engine reach a server of this machine, by its address on 127.0.0.1.
    ///
    /// # Panics
    /// If that fails.
    #[track_caller]
    pub fn reach(&self, address: &str) {
        let port = address.rsplit(':').next().unwrap_or_default();
        let _ = Ran::of(self.script().args(["fresh-reach", &self.name, port])).succeeded();
    }

    /// Returns the disk with its data.
    ///
    /// # Panics
    /// If the engine was not started on one.
    pub fn disk(&self) -> &Disk {
        self.disk.as_ref().expect("it was started on a disk")
    }

    fn script(&self) -> Command {
        let mut command = Command::new(repository().join("tools/engine"));
        if let Some(disk) = &self.disk {
            command.env("BAKEHOUSE_STATE", disk.path());
        }
        command
    }

    /// Runs docker on it, expects success, and returns the output.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn docker<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let ran = Ran::of(
            Command::new("docker")
                .args(arguments)
                .env("DOCKER_HOST", &self.host),
        );
        ran.succeeded().stdout.trim().to_owned()
    }

    /// Builds an image there from a Dockerfile without other files.
    ///
    /// # Panics
    /// If that fails.
    #[track_caller]
    pub fn image(&self, name: &str, dockerfile: &str) {
        let folder = engine::folder_of(dockerfile);
        let path = folder.path().to_str().expect("its name is UTF-8");
        self.docker(["buildx", "build", "--quiet", "--tag", name, path]);
    }

    /// Returns its `DOCKER_HOST`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the output of a new container of `image` there.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn prints(&self, image: &str) -> String {
        self.docker(["run", "--rm", "--network", "none", image])
    }

    /// Empties its builder, including cache mounts.
    ///
    /// # Panics
    /// If the builder refuses.
    #[track_caller]
    pub fn forget(&self) {
        self.docker(["buildx", "prune", "--all", "--force"]);
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = Ran::of(self.script().args(["fresh-stop", &self.name]));
    }
}

/// Returns the address of the registry, which is the same on the first engine and on each runner.
pub fn registry() -> String {
    let port = std::env::var("BAKEHOUSE_REGISTRY_PORT").unwrap_or_else(|_| "5000".to_owned());
    format!("127.0.0.1:{port}")
}
