//! Parts of a workspace that a benchmark changes. They are picked from the plan, so that any workspace has scenarios.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::TargetKind;

use crate::context_path::ContextPath;
use crate::graph::cargo::metadata;
use crate::names::PackageName;
use crate::plan::Plan;
use crate::problem::{Code, Problem};

/// A binary that is baked, and the file that edits of the binary change.
#[derive(Clone, Debug)]
pub struct Part {
    /// Targets of the Bake file that contain the binary: a service, all variants of a service, or a pack binary.
    pub targets: Vec<String>,
    /// The name of the binary among all parts.
    pub name: String,
    pub package: String,
    pub bin: String,
    /// The root source file of the package's library, or of the binary if there is no library.
    pub file: Utf8PathBuf,
    /// Packages that the binary's build compiles.
    pub closure: BTreeSet<String>,
    /// The image of the first target, with its tag; `None` for a pack binary.
    pub image: Option<String>,
    /// The folder that receives a pack binary.
    pub pack_folder: Option<ContextPath>,
}

impl Part {
    fn is(&self, package: &str, bin: &str) -> bool {
        self.package == package && self.bin == bin
    }
}

/// A library and its root source file.
#[derive(Clone, Debug)]
pub struct Library {
    pub package: String,
    pub file: Utf8PathBuf,
    /// Number of binaries with this library in their closure.
    pub users: usize,
}

/// Material for the scenarios of a workspace.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Every binary, services first.
    pub parts: Vec<Part>,
    /// Number of services among `parts`.
    pub services: usize,
    /// The internal library that most binaries use.
    pub common: Option<Library>,
    /// The manifest of a pack.
    pub pack_file: Option<Utf8PathBuf>,
    /// Package → every source file that Cargo expects, including build scripts.
    pub targets: BTreeMap<String, Vec<Utf8PathBuf>>,
    /// Member → the root source files of what a binary holds of it: its library, or else its binaries that are baked.
    pub roots: BTreeMap<String, BTreeSet<Utf8PathBuf>>,
    /// Member → its folder.
    pub folders: BTreeMap<String, Utf8PathBuf>,
}

impl Subject {
    /// Picks the material from the workspace in `root`.
    ///
    /// # Errors
    /// `cargo-failed`; `nothing-to-bake` if the plan has no service.
    pub fn of(root: &Utf8Path, plan: &Plan) -> Result<Self, Problem> {
        let metadata = metadata(Some(&root.join("Cargo.toml")))?;
        let mut targets = BTreeMap::new();
        let mut folders = BTreeMap::new();
        let mut libraries = BTreeMap::new();
        let mut roots: BTreeMap<String, BTreeSet<Utf8PathBuf>> = BTreeMap::new();
        let mut binaries = BTreeMap::new();
        for package in metadata.workspace_packages() {
            let inside = |path: &Utf8Path| path.strip_prefix(root).unwrap_or(path).to_owned();
            let name = package.name.to_string();
            for target in &package.targets {
                let file = inside(&target.src_path);
                match target.kind.first() {
                    Some(TargetKind::Bin) => {
                        binaries.insert((name.clone(), target.name.clone()), file);
                    }
                    Some(
                        TargetKind::CustomBuild
                        | TargetKind::Example
                        | TargetKind::Test
                        | TargetKind::Bench,
                    ) => {}
                    kind => {
                        if kind != Some(&TargetKind::ProcMacro) {
                            roots.entry(name.clone()).or_default().insert(file.clone());
                        }
                        libraries.insert(name.clone(), file);
                    }
                }
            }
            let files = package
                .targets
                .iter()
                .map(|target| inside(&target.src_path));
            targets.insert(name.clone(), files.collect());
            let folder = package.manifest_path.parent().unwrap_or(root);
            folders.insert(name, inside(folder));
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut add = |target: &str,
                       package: &str,
                       bin: &str,
                       closure: &BTreeSet<PackageName>,
                       image: Option<String>,
                       pack_folder: Option<&ContextPath>| {
            if let Some(part) = parts.iter_mut().find(|part| part.is(package, bin)) {
                part.targets.push(target.to_owned());
                return;
            }
            let own = || binaries.get(&(package.to_owned(), bin.to_owned()));
            if let Some(file) = libraries.get(package).or_else(own) {
                let mut name = target.to_owned();
                // An image may have several binaries.
                while parts.iter().any(|part| part.name == name) {
                    name = format!("{name}-{bin}");
                }
                parts.push(Part {
                    name,
                    targets: vec![target.to_owned()],
                    package: package.to_owned(),
                    bin: bin.to_owned(),
                    file: file.clone(),
                    closure: closure.iter().map(Into::into).collect(),
                    image,
                    pack_folder: pack_folder.cloned(),
                });
            }
        };
        for service in &plan.services {
            for binary in &service.binaries {
                let selection = plan.selection_of(&binary.stage);
                let closure = selection.and_then(|one| one.closures.get(&binary.package));
                add(
                    &service.name,
                    &binary.package,
                    &binary.bin,
                    closure.unwrap_or(&service.closure),
                    service
                        .target
                        .names(&plan.config.bake.usual_tag)
                        .into_iter()
                        .next(),
                    None,
                );
            }
        }
        for binary in plan.pack_binaries() {
            add(
                &binary.target,
                &binary.package,
                &binary.bin,
                &binary.closure,
                None,
                Some(&binary.folder),
            );
        }
        let service = |part: &&Part| plan.services.iter().any(|s| s.name == part.targets[0]);
        let services = parts.iter().filter(service).count();
        if services == 0 {
            return Err(
                Problem::new(Code::NothingToBake, "there is no service to measure").hint(
                    "a service is a binary of a member; `bakehouse plan` shows what was found",
                ),
            );
        }
        for part in &parts {
            roots
                .entry(part.package.clone())
                .or_default()
                .insert(part.file.clone());
        }
        Ok(Self {
            roots,
            common: common(&parts, &libraries),
            pack_file: pack_file(root, plan),
            parts,
            services,
            targets,
            folders,
        })
    }

    /// Returns the binary `bin` of `package`.
    pub fn part(&self, package: &str, bin: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.is(package, bin))
    }

    /// Returns all targets of the Bake file.
    pub fn all(&self) -> Vec<String> {
        targets(self.parts.iter())
    }

    /// Returns the parts that are services.
    pub fn service_parts(&self) -> &[Part] {
        &self.parts[..self.services]
    }
}

/// Returns the targets of some parts, each once.
pub fn targets<'a>(parts: impl Iterator<Item = &'a Part>) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    for target in parts.flat_map(|part| &part.targets) {
        if !targets.contains(target) {
            targets.push(target.clone());
        }
    }
    targets
}

fn common(parts: &[Part], libraries: &BTreeMap<String, Utf8PathBuf>) -> Option<Library> {
    let own: BTreeSet<&str> = parts.iter().map(|part| part.package.as_str()).collect();
    let internal = libraries
        .iter()
        .filter(|(package, _)| !own.contains(package.as_str()))
        .map(|(package, file)| Library {
            package: package.clone(),
            file: file.clone(),
            users: parts
                .iter()
                .filter(|part| part.closure.contains(package))
                .count(),
        });
    internal
        .filter(|library| library.users > 0)
        .max_by_key(|library| (library.users, std::cmp::Reverse(library.package.clone())))
}

fn pack_file(root: &Utf8Path, plan: &Plan) -> Option<Utf8PathBuf> {
    let pack = plan.packs.first()?;
    ["pack.yaml", "pack.yml"]
        .map(|name| Utf8PathBuf::from(pack.path.join(name)))
        .into_iter()
        .find(|path| root.join(path).is_file())
}
