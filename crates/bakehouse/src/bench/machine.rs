//! The machine and the workspace of a benchmark, for its report.

use std::collections::BTreeMap;
use std::process::Command;

use camino::Utf8Path;
use serde::Deserialize;

use super::base;
use super::results::{Machine, WorkspaceFacts};
use super::sandbox::docker;
use super::subject::Subject;
use crate::plan::Plan;

/// Returns the machine and the versions of the programs in use.
pub fn machine() -> Machine {
    let read = |path: &str| fs_err::read_to_string(path).unwrap_or_default();
    let field = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
    };
    let kib: u64 = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|value| value.split(' ').next()?.parse().ok())
        .unwrap_or_default();
    let engine = docker(&["version", "--format", "{{.Server.Version}}"]).unwrap_or_default();
    let versions = BTreeMap::from([
        ("bakehouse".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("rustc".to_owned(), version_of("rustc", &["--version"])),
        ("Docker Engine".to_owned(), engine.trim().to_owned()),
        (
            "buildx".to_owned(),
            version_of("docker", &["buildx", "version"]),
        ),
        ("cargo-chef".to_owned(), base::CHEF.to_owned()),
        ("sccache".to_owned(), base::SCCACHE.to_owned()),
        ("kache".to_owned(), base::KACHE.to_owned()),
    ]);
    Machine {
        cpu: field(&read("/proc/cpuinfo"), "model name")
            .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        memory: kib.div_ceil(1024 * 1024),
        started: jiff::Timestamp::now()
            .strftime("%Y-%m-%d %H:%M UTC")
            .to_string(),
        versions,
    }
}

/// Returns the version that `program` prints.
fn version_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| "-".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// Returns the size of the workspace.
pub fn workspace(root: &Utf8Path, plan: &Plan, subject: &Subject) -> WorkspaceFacts {
    let lock = fs_err::read_to_string(root.join("Cargo.lock")).unwrap_or_default();
    WorkspaceFacts {
        name: plan.config.name.clone(),
        members: subject.folders.len(),
        services: subject.services,
        images: plan.services.len(),
        pack_binaries: plan.pack_binaries().count(),
        third_party: lock
            .lines()
            .filter(|line| line.starts_with("source = "))
            .count(),
    }
}

/// Copies the user's registries and mirrors to another `CARGO_HOME`.
pub fn copy_cargo_config(home: &Utf8Path) {
    let own = std::env::var("CARGO_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")))
        .unwrap_or_default();
    for name in ["config.toml", "config", "credentials.toml"] {
        let from = Utf8Path::new(&own).join(name);
        if from.is_file() {
            let _ = fs_err::copy(from, home.join(name));
        }
    }
}

/// Returns the bytes of all layers in the caches `repository:tag`, each layer counted once.
pub fn cache_bytes(repository: &str, tags: &[String]) -> u64 {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(default)]
        layers: Vec<Layer>,
        #[serde(default)]
        manifests: Vec<Layer>,
    }
    #[derive(Deserialize)]
    struct Layer {
        digest: String,
        size: u64,
    }
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    for tag in tags {
        let reference = format!("{repository}:{tag}");
        let raw =
            docker(&["buildx", "imagetools", "inspect", "--raw", &reference]).unwrap_or_default();
        if let Ok(manifest) = serde_json::from_str::<Manifest>(&raw) {
            let layers = manifest.layers.into_iter().chain(manifest.manifests);
            sizes.extend(layers.map(|layer| (layer.digest, layer.size)));
        }
    }
    sizes.values().sum()
}
