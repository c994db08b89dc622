//! Reads a workspace: `cargo metadata --no-deps`, the manifests, the lock and the toolchain file.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{DependencyKind, Metadata, TargetKind};

use super::member::{Binary, Edge, EdgeKind, Library};
use super::{Lock, Member, Sources};
use crate::problem::{Code, Problem};

/// A Cargo workspace, read once.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Absolute path of the folder that holds the workspace manifest.
    pub root: Utf8PathBuf,
    /// The parsed root `Cargo.toml`.
    pub manifest: toml::Table,
    pub members: BTreeMap<String, Member>,
    pub lock: Lock,
    /// `toolchain.channel` of `rust-toolchain.toml`, or the one line of `rust-toolchain`.
    pub channel: Option<String>,
    /// Cargo's configuration file in the workspace, relative to the root.
    pub cargo_config: Option<Utf8PathBuf>,
}

impl Workspace {
    /// Reads what images are built from at and below `paths`. The members' own manifests are not: the skeleton
    /// stands for them.
    ///
    /// # Errors
    /// `input-missing`, `file-unreadable`.
    pub fn sources(&self, paths: &[Utf8PathBuf]) -> Result<Sources, Problem> {
        let mut sources = Sources::read(&self.root, paths)?;
        for member in self.members.values() {
            sources.0.remove(&member.path("Cargo.toml"));
        }
        Ok(sources)
    }

    /// Reads the workspace that `manifest_path` belongs to; the current folder's when `None`.
    ///
    /// # Errors
    /// `manifest-missing`, `cargo-missing`, `cargo-failed`, `lock-missing`, `lock-invalid`, `path-outside`.
    pub fn read(manifest_path: Option<&Utf8Path>) -> Result<Self, Problem> {
        let metadata = metadata(manifest_path)?;
        let root = metadata.workspace_root.clone();
        let manifest = read_toml(&root.join("Cargo.toml"))?;
        let lock_path = root.join("Cargo.lock");
        let lock = match fs_err::read_to_string(&lock_path) {
            Ok(text) => Lock::parse(&text)?,
            Err(_) => {
                return Err(Problem::new(Code::LockMissing, format!("{lock_path} cannot be read"))
                    .hint("run `cargo generate-lockfile` and commit it: images are built from locked versions"));
            }
        };
        let names: BTreeSet<&str> = metadata
            .workspace_packages()
            .iter()
            .map(|p| p.name.as_str())
            .collect();
        let mut members = BTreeMap::new();
        for package in metadata.workspace_packages() {
            let member = member(package, &root, &names)?;
            members.insert(member.name.clone(), member);
        }
        let cargo_config = [".cargo/config.toml", ".cargo/config"]
            .into_iter()
            .map(Utf8PathBuf::from)
            .find(|path| root.join(path).is_file());
        Ok(Self {
            manifest,
            members,
            lock,
            channel: channel(&root)?,
            cargo_config,
            root,
        })
    }
}

/// What `cargo metadata --no-deps` says of the workspace that `manifest_path` belongs to.
///
/// # Errors
/// `manifest-missing`, `cargo-missing`, `cargo-failed`.
pub fn metadata(manifest_path: Option<&Utf8Path>) -> Result<Metadata, Problem> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--offline",
    ]);
    if let Some(path) = manifest_path {
        if !path.is_file() {
            return Err(Problem::new(
                Code::ManifestMissing,
                format!("there is no manifest at {path}"),
            )
            .hint("give the path of a Cargo.toml to --manifest-path"));
        }
        command.arg("--manifest-path").arg(path);
    }
    let output = command.output().map_err(|error| {
        Problem::new(Code::CargoMissing, format!("cargo cannot be run: {error}"))
            .hint("install Rust")
    })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said = stderr.trim().trim_start_matches("error: ");
        return Err(if said.starts_with("could not find `Cargo.toml`") {
            Problem::new(Code::ManifestMissing, said.to_owned()).hint(
                "run bakehouse inside a Cargo workspace, or name its manifest with --manifest-path",
            )
        } else {
            Problem::new(Code::CargoFailed, format!("cargo metadata failed: {said}"))
                .hint("`cargo metadata --no-deps` in this folder shows the same; mend the manifest it names")
        });
    }
    String::from_utf8(output.stdout)
        .map_err(|error| error.to_string())
        .and_then(|text| {
            cargo_metadata::MetadataCommand::parse(text).map_err(|error| error.to_string())
        })
        .map_err(|error| {
            Problem::new(
                Code::CargoFailed,
                format!("cargo metadata's answer cannot be read: {error}"),
            )
        })
}

fn member(
    package: &cargo_metadata::Package,
    root: &Utf8Path,
    names: &BTreeSet<&str>,
) -> Result<Member, Problem> {
    let outside = |path: &Utf8Path| {
        Problem::new(Code::PathOutside, format!("{path} of package `{}` lies outside the workspace folder {root}", package.name))
            .hint("the Docker context is the workspace folder: move the package into it, or the workspace manifest up")
    };
    let relative = |path: &Utf8Path| {
        path.strip_prefix(root)
            .map(Utf8Path::to_owned)
            .map_err(|_| outside(path))
    };
    let folder = package.manifest_path.parent().unwrap_or(root);
    let dir = relative(folder)?;

    let mut library = None;
    let mut binaries = Vec::new();
    let mut build_script = false;
    let mut roots = BTreeSet::new();
    for target in &package.targets {
        let compiled = match target.kind.first() {
            Some(TargetKind::Bin) => {
                binaries.push(Binary {
                    name: target.name.clone(),
                    required_features: target.required_features.clone(),
                });
                true
            }
            Some(TargetKind::CustomBuild) => {
                build_script = true;
                true
            }
            Some(TargetKind::Example | TargetKind::Test | TargetKind::Bench) => false,
            _ => {
                let proc_macro = target.kind.contains(&TargetKind::ProcMacro);
                library = Some(Library {
                    name: target.name.clone(),
                    proc_macro,
                });
                true
            }
        };
        if compiled {
            roots.insert(relative(&target.src_path)?);
        }
    }
    binaries.sort_by(|a, b| a.name.cmp(&b.name));

    Ok(Member {
        name: package.name.to_string(),
        version: package.version.to_string(),
        edition: package.edition.to_string(),
        manifest: read_toml(&package.manifest_path)?,
        library,
        binaries,
        build_script,
        edges: edges(package, root, names)?,
        dependencies: package
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != DependencyKind::Development)
            .map(|dependency| dependency.name.clone())
            .collect(),
        features: package.features.clone(),
        sources: sources(&dir, &roots),
        dir,
    })
}

/// A package's folder, and the roots of targets that lie outside it. Of a root package only what is beside
/// its targets: its folder is the whole workspace.
fn sources(dir: &Utf8Path, roots: &BTreeSet<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
    let mut sources = BTreeSet::new();
    if !dir.as_str().is_empty() {
        sources.insert(dir.to_owned());
    }
    for path in roots {
        if dir.as_str().is_empty() || !path.starts_with(dir) {
            let parent = path.parent().filter(|parent| !parent.as_str().is_empty());
            sources.insert(parent.unwrap_or(path).to_owned());
        }
    }
    sources.into_iter().collect()
}

fn edges(
    package: &cargo_metadata::Package,
    root: &Utf8Path,
    names: &BTreeSet<&str>,
) -> Result<Vec<Edge>, Problem> {
    let mut edges = BTreeSet::new();
    for dependency in &package.dependencies {
        let Some(path) = &dependency.path else {
            continue;
        };
        if !names.contains(dependency.name.as_str()) {
            return Err(Problem::new(
                Code::PathOutside,
                format!("`{}` depends on `{}` at {path}, which is not a member of the workspace {root}", package.name, dependency.name),
            )
            .hint("add it to `workspace.members`: the images are built from members and locked registry or git crates"));
        }
        edges.insert(Edge {
            to: dependency.name.clone(),
            kind: match dependency.kind {
                DependencyKind::Development => EdgeKind::Dev,
                DependencyKind::Build => EdgeKind::Build,
                _ => EdgeKind::Normal,
            },
            optional: dependency.optional,
        });
    }
    Ok(edges.into_iter().collect())
}

fn channel(root: &Utf8Path) -> Result<Option<String>, Problem> {
    let path = root.join("rust-toolchain.toml");
    if path.is_file() {
        let table = read_toml(&path)?;
        let channel = table
            .get("toolchain")
            .and_then(|toolchain| toolchain.get("channel"));
        return Ok(channel.and_then(toml::Value::as_str).map(str::to_owned));
    }
    let legacy = fs_err::read_to_string(root.join("rust-toolchain")).ok();
    Ok(legacy
        .map(|text| text.trim().to_owned())
        .filter(|line| !line.contains('\n') && !line.is_empty()))
}

fn read_toml(path: &Utf8Path) -> Result<toml::Table, Problem> {
    let text = fs_err::read_to_string(path).map_err(|error| {
        Problem::new(Code::FileUnreadable, error.to_string())
            .hint("check that the file exists and can be read")
    })?;
    text.parse().map_err(|error: toml::de::Error| {
        Problem::new(
            Code::ManifestInvalid,
            format!("{path} is not valid TOML: {}", error.message()),
        )
        .hint("mend the file at the place shown by `cargo metadata --no-deps`")
    })
}
