//! A second, empty engine: what a fresh CI runner is.

use std::process::Command;

use crate::ran::Ran;
use crate::workspace::repository;

/// An engine of its own, made by `tools/engine fresh`. It ends with the test.
#[derive(Debug)]
pub struct Runner {
    name: String,
    host: String,
}

impl Runner {
    /// Starts it, and gives it `bases` from the first engine: a base is a pull away on any runner.
    ///
    /// # Panics
    /// When it does not start.
    #[track_caller]
    pub fn start(name: &str, bases: &[&str]) -> Self {
        let said = Ran::of(Command::new(script()).args(["fresh", name]))
            .succeeded()
            .stdout;
        let host = said.trim().trim_start_matches("DOCKER_HOST=").to_owned();
        let runner = Self {
            name: name.to_owned(),
            host,
        };
        for base in bases {
            let copy = format!(
                "docker save {base} | DOCKER_HOST={} docker load",
                runner.host
            );
            let _ = Ran::of(Command::new("bash").args(["-o", "pipefail", "-c", &copy])).succeeded();
        }
        runner
    }

    /// Its `DOCKER_HOST`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Makes its builder empty again, cache mounts too.
    ///
    /// # Panics
    /// When the builder refuses.
    #[track_caller]
    pub fn forget(&self) {
        let prune = ["buildx", "prune", "--all", "--force"];
        let _ = Ran::of(
            Command::new("docker")
                .args(prune)
                .env("DOCKER_HOST", &self.host),
        )
        .succeeded();
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = Ran::of(Command::new(script()).args(["fresh-stop", &self.name]));
    }
}

/// The registry that the first engine and each runner reach under the same name.
pub fn registry() -> String {
    let port = std::env::var("BAKEHOUSE_REGISTRY_PORT").unwrap_or_else(|_| "5000".to_owned());
    format!("127.0.0.1:{port}")
}

fn script() -> camino::Utf8PathBuf {
    repository().join("tools/engine")
}
