//! The release: its scripts in `tools/release` are played with the program under test, and the results are installed from a
//! server on this machine.

mod archives;
mod install;
mod machine;
mod published;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::served::Served;
use crate::shop::stderr;

/// The place of the repository on the server.
const REPOSITORY: &str = "acme/bakehouse";

/// Every target of a release.
const TARGETS: [&str; 4] = [
    "aarch64-apple-darwin",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "x86_64-unknown-linux-musl",
];

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the target of this machine.
fn host() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "aarch64-unknown-linux-musl",
        _ => "x86_64-unknown-linux-musl",
    }
}

/// Runs a script of the repository.
fn script(name: &str, arguments: &[&str]) -> Output {
    Command::new(root().join("tools").join(name))
        .args(arguments)
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .output()
        .unwrap()
}

fn passed(name: &str, arguments: &[&str]) -> String {
    let output = script(name, arguments);
    assert!(output.status.success(), "{name}: {}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A release on a server.
struct Release {
    served: Served,
    /// The program that all archives have: without symbols, since those of a debug build take seconds to compress.
    program: PathBuf,
}

impl Release {
    /// Returns the place of a file of the release.
    fn path(&self, file: &str) -> PathBuf {
        self.served.path(&place(file))
    }

    /// Returns the address of the server's releases.
    fn releases(&self) -> String {
        self.served.url(&format!("{REPOSITORY}/releases/download"))
    }

    fn sums(&self) -> String {
        std::fs::read_to_string(self.path("SHA256SUMS")).unwrap()
    }

    /// Returns the checksum of a target's archive.
    fn sum(&self, target: &str) -> String {
        let sums = self.sums();
        let mut lines = sums.lines();
        let line = lines.find(|line| line.ends_with(&archive(target)));
        line.unwrap()[..64].to_owned()
    }

    /// Returns another server with the same release, which a test may spoil.
    fn copy(&self) -> Self {
        let served = Served::start();
        for entry in std::fs::read_dir(self.path("").as_path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            std::fs::copy(&path, served.path(&place(name))).unwrap();
        }
        let program = self.program.clone();
        Self { served, program }
    }
}

fn place(file: &str) -> String {
    format!("{REPOSITORY}/releases/download/v{VERSION}/{file}")
}

fn archive(target: &str) -> String {
    format!("bakehouse-{VERSION}-{target}.tar.gz")
}

/// Makes the release once for all tests.
fn release() -> &'static Release {
    static RELEASE: OnceLock<Release> = OnceLock::new();
    RELEASE.get_or_init(|| {
        let served = Served::start();
        let folder = served.path(&place(""));
        let program = served.path("bakehouse");
        let own = assert_cmd::cargo::cargo_bin("bakehouse");
        let stripped = Command::new("strip")
            .arg("-o")
            .args([&program, &own])
            .status();
        if !stripped.is_ok_and(|status| status.success()) {
            std::fs::copy(own, &program).unwrap();
        }
        let (program_text, folder) = (program.to_str().unwrap(), folder.to_str().unwrap());
        let other = served.path("other");
        std::fs::write(&other, "not for this machine\n").unwrap();
        for target in TARGETS {
            let is_host = target == host();
            let binary = if is_host { &program } else { &other };
            let binary = binary.to_str().unwrap();
            passed("release/archive", &[target, binary, folder, program_text]);
        }
        passed("release/finish", &[folder, &served.url(REPOSITORY)]);
        Release { served, program }
    })
}
