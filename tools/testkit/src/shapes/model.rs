//! A shape expanded into packages.

use std::collections::{BTreeMap, BTreeSet};

use super::edits::Edit;
use super::package::{Dependency, Package, join};
use super::parts;
use super::shape::{Part, Seat, Shape, Source, Where};
use super::stand_ins::Crate;

/// The names of services and libraries, in order.
const SERVICES: [&str; 3] = ["front", "back", "tool"];
const LIBRARIES: [&str; 3] = ["alpha", "beta", "gamma"];

/// Everything in the repository, and everything that is served for it. Texts have the placeholders [`GIT`] and [`HTTP`]
/// for addresses.
#[derive(Clone, Debug)]
pub struct Model {
    pub shape: Shape,
    /// The folder of the workspace, relative to the repository.
    pub workspace: String,
    pub members: Vec<Package>,
    /// Packages of the repository that are not members.
    pub others: Vec<Package>,
    /// Further files, by their path in the repository.
    pub files: BTreeMap<String, String>,
    /// Folders that the root manifest excludes, relative to the repository.
    pub excluded: BTreeSet<String>,
    /// Patches by table, such as `crates-io`.
    pub patches: BTreeMap<String, Vec<Dependency>>,
    /// Lines of `[profile.release]`.
    pub profile: String,
    /// Paths in the workspace that `bakehouse.toml` declares as inputs, by package.
    pub inputs: BTreeMap<String, BTreeSet<String>>,
    /// Features that `bakehouse.toml` requests, by service.
    pub features: BTreeMap<String, Vec<String>>,
    pub repositories: Vec<Repository>,
    /// Crates that replace those of crates.io, if the source is another one.
    pub crates: Vec<Crate>,
    /// Crates of a second registry.
    pub shop: Vec<Crate>,
    /// Lines of Cargo's configuration that are added once there is a lock.
    pub late: String,
    /// Possible edits besides changed values.
    pub edits: Vec<Edit>,
}

/// A git repository that is served.
#[derive(Clone, Debug)]
pub struct Repository {
    pub name: String,
    pub files: BTreeMap<String, String>,
    /// A folder in it, and the repository that is its submodule there.
    pub submodule: Option<(String, String)>,
}

/// Placeholder for the address of git repositories.
pub const GIT: &str = "@GIT@";
/// Placeholder for the address of registries.
pub const HTTP: &str = "@HTTP@";

/// Returns the placeholder for the commit of a repository.
pub fn commit_of(repository: &str) -> String {
    format!("@COMMIT:{repository}@")
}

impl Model {
    pub fn new(shape: &Shape) -> Self {
        let mut model = Self {
            shape: shape.clone(),
            workspace: if shape.nested { "rust" } else { "" }.to_owned(),
            members: Vec::new(),
            others: Vec::new(),
            files: BTreeMap::new(),
            excluded: BTreeSet::new(),
            patches: BTreeMap::new(),
            profile: String::new(),
            inputs: BTreeMap::new(),
            features: BTreeMap::new(),
            repositories: Vec::new(),
            crates: Vec::new(),
            shop: Vec::new(),
            late: String::new(),
            edits: Vec::new(),
        };
        model.people();
        let (readme, text) = (model.path("README.md"), "# Oracle _A_\n".to_owned());
        model.files.insert(readme, text);
        // Other parts depend on the places of targets.
        let parts = shape.parts.iter().enumerate();
        let (targets, others): (Vec<_>, Vec<_>) =
            parts.partition(|(_, part)| matches!(part, Part::Target { .. }));
        for (number, part) in targets.into_iter().chain(others) {
            parts::apply(&mut model, number, *part);
        }
        parts::source(&mut model);
        model
    }

    /// Converts a path in the workspace to one in the repository.
    pub fn path(&self, inside: &str) -> String {
        join(&self.workspace, inside)
    }

    /// Returns the folder of the member `name`.
    pub fn folder(&self, name: &str) -> String {
        self.path(&if self.shape.star {
            name.to_owned()
        } else {
            format!("crates/{name}")
        })
    }

    /// Returns a new library of the workspace.
    pub fn member(&self, name: &str) -> Package {
        let folder = self.folder(name);
        let mut package = Package::library(name, &folder, self.shape.edition);
        package.inherits = self.shape.inherits;
        package
    }

    /// Returns the package that a part is about: one of the first members, so that packages added by parts do not
    /// change the choice.
    pub fn seat(&mut self, seat: Seat) -> &mut Package {
        let count = self.first();
        &mut self.members[seat.0 % count]
    }

    /// Returns such a package that has a library.
    pub fn library(&mut self, seat: Seat) -> Option<&mut Package> {
        let count = self.first();
        let mut libraries: Vec<&mut Package> = self.members[..count]
            .iter_mut()
            .filter(|package| package.library)
            .collect();
        let at = (!libraries.is_empty()).then(|| seat.0 % libraries.len())?;
        Some(libraries.swap_remove(at))
    }

    /// Returns such a package that has a binary.
    pub fn service(&mut self, seat: Seat) -> &mut Package {
        let count = self.first();
        let mut services: Vec<&mut Package> = self.members[..count]
            .iter_mut()
            .filter(|package| !package.binaries.is_empty())
            .collect();
        let at = seat.0 % services.len();
        services.swap_remove(at)
    }

    fn first(&self) -> usize {
        self.shape.services + self.shape.libraries + usize::from(self.shape.root)
    }

    pub fn named(&mut self, name: &str) -> &mut Package {
        let found = self.members.iter_mut().find(|package| package.name == name);
        found.expect("a member of that name")
    }

    /// Returns the path of the configuration that Cargo reads in the workspace's folder.
    pub fn config(&self) -> String {
        let plain = self.shape.parts.iter().any(|part| {
            matches!(
                part,
                Part::Config {
                    at: Where::Plain | Where::Both,
                    ..
                }
            )
        });
        self.path(if plain {
            ".cargo/config"
        } else {
            ".cargo/config.toml"
        })
    }

    /// Appends to a file.
    pub fn add(&mut self, path: &str, text: &str) {
        self.files
            .entry(path.to_owned())
            .or_default()
            .push_str(text);
    }

    /// Returns whether crates come from crates.io itself.
    pub fn asks_registry(&self) -> bool {
        self.shape.source == Source::Registry
    }

    /// Adds the services and libraries, with their dependencies on one another.
    fn people(&mut self) {
        let shape = self.shape.clone();
        let names = LIBRARIES.iter().take(shape.libraries);
        let mut services: Vec<Package> = SERVICES
            .iter()
            .take(shape.services)
            .map(|name| Package::service(name, &self.folder(name), shape.edition))
            .collect();
        if shape.root {
            let mut root = Package::service("whole", &self.workspace, shape.edition);
            root.library = shape.edges & 1 == 1;
            services.insert(0, root);
        }
        let mut libraries: Vec<Package> = names.map(|name| self.member(name)).collect();
        let mut used = BTreeSet::new();
        let bit = |at: usize| shape.edges >> (at % 16) & 1 == 1;
        for (at, library) in libraries.iter_mut().enumerate() {
            for (to, name) in LIBRARIES.iter().enumerate().take(shape.libraries) {
                if to > at && bit(at + to) {
                    let folder = self.folder(name);
                    library.dependencies.push(Dependency::on(name, &folder));
                    used.insert(to);
                }
            }
        }
        let count = services.len();
        for (at, service) in services.iter_mut().enumerate() {
            service.inherits = shape.inherits;
            for (to, name) in LIBRARIES.iter().enumerate().take(shape.libraries) {
                // The last service uses the libraries that no other one does.
                let last = at + 1 == count && !used.contains(&to);
                if bit(4 + at * 3 + to) || last {
                    let folder = self.folder(name);
                    service.dependencies.push(Dependency::on(name, &folder));
                    used.insert(to);
                }
            }
        }
        self.members = services;
        self.members.append(&mut libraries);
    }
}
