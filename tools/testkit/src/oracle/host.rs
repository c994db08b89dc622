//! Cargo on the host.

use std::collections::BTreeMap;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::ran::Ran;
use crate::shapes::{Laid, Service};
use crate::workspace::repository;

/// Output of services, by name.
pub type Printed = BTreeMap<String, String>;

/// Cargo, with a home that all shapes share and a target folder of its own.
#[derive(Debug)]
pub struct Host {
    home: Utf8PathBuf,
    target: tempfile::TempDir,
}

impl Host {
    /// Creates the folders.
    ///
    /// # Panics
    /// If that fails.
    #[expect(
        clippy::new_without_default,
        reason = "each one has a folder of its own"
    )]
    pub fn new() -> Self {
        let build = std::env::var("CARGO_TARGET_DIR")
            .map_or_else(|_| repository().join("target"), Utf8PathBuf::from);
        let home = build.join("oracle/cargo-home");
        fs_err::create_dir_all(&home).expect("a folder can be made");
        Self {
            home,
            target: tempfile::tempdir().expect("a folder can be made"),
        }
    }

    /// Makes `command` use Cargo as a user does, without the variables set by the Cargo that runs the tests.
    pub fn set<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for (name, _) in std::env::vars() {
            if name.starts_with("CARGO") || name == "RUSTUP_TOOLCHAIN" || name == "RUSTFLAGS" {
                command.env_remove(name);
            }
        }
        command
            .env("CARGO_HOME", &self.home)
            .env("CARGO_TARGET_DIR", self.target.path())
            .env("BAKEHOUSE_CACHE", self.home.with_file_name("remembered"))
    }

    pub fn cargo(&self, dir: &Utf8Path, arguments: &[&str]) -> Ran {
        let mut cargo = Command::new("cargo");
        Ran::of(self.set(cargo.current_dir(dir).args(arguments)))
    }

    /// Returns the output of each service, or the error.
    pub fn prints(&self, laid: &Laid) -> Result<Printed, String> {
        // A build script that queries Cargo offline sees the crates of all members, but a build downloads only its own.
        let _ = self.cargo(&laid.dir, &["fetch", "--quiet", "--locked"]);
        let services = laid.services.iter();
        let printed = services.map(|service| {
            let ran = self.run(&laid.dir, service);
            match ran.code {
                Some(0) => Ok((service.name.clone(), ran.stdout)),
                _ => Err(ran.to_string()),
            }
        });
        printed.collect()
    }

    fn run(&self, dir: &Utf8Path, service: &Service) -> Ran {
        let Service {
            name,
            package,
            features,
        } = service;
        let features = features.join(",");
        let mut arguments = vec!["run", "--quiet", "--locked", "--release"];
        arguments.extend(["-p", package, "--bin", name]);
        if !features.is_empty() {
            arguments.extend(["--features", &features]);
        }
        self.cargo(dir, &arguments)
    }

    /// Deletes all build output.
    ///
    /// # Panics
    /// If that fails.
    pub fn forget(&self) {
        for entry in fs_err::read_dir(self.target.path()).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            let gone = if path.is_dir() {
                fs_err::remove_dir_all(path)
            } else {
                fs_err::remove_file(path)
            };
            gone.expect("it can be removed");
        }
    }
}
