//! The services of a run and the files that they are made of.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::commands::build::choose;
use crate::cli::session::Planned;
use crate::documents::compose::uses_packs;
use crate::names::TargetName;
use crate::plan::Plan;
use crate::problem::{Code, Problem, Problems};

/// The names of files that say how a workspace is built, wherever they lie in it.
const SETTINGS: [&str; 6] = [
    "Cargo.lock",
    "Cargo.toml",
    "bakehouse.toml",
    "config.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
];

/// The edits that begin the next round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitsFor {
    /// Those of what images and packs are made of.
    #[default]
    Sources,
    /// Those of generated files, too: one of them was edited by hand.
    Generated,
    /// Those of every file: no plan could be made, and any file may be the mistake.
    Everything,
}

/// The services that somebody asked for with those that they depend on. Paths are relative to the context.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The services and other images, sorted.
    pub services: Vec<TargetName>,
    /// The files and folders that their images are built from.
    pub reads: BTreeSet<Utf8PathBuf>,
    /// The folders of the packs that they mount.
    pub packs: BTreeSet<Utf8PathBuf>,
    /// The folder of the workspace.
    pub workspace: Utf8PathBuf,
    /// The folders and files that `generate` writes.
    pub generated: BTreeSet<Utf8PathBuf>,
    /// All files that the plan was made from.
    pub known: BTreeSet<Utf8PathBuf>,
    /// The edits that begin a round.
    pub waits_for: WaitsFor,
}

impl Scope {
    /// Returns the scope of `wanted`: names as `build` takes them; if there are none, everything that is baked by default.
    ///
    /// # Errors
    /// `service-unknown`, also for what is baked but does not run.
    pub fn of(planned: &Planned, wanted: &[String]) -> Result<Self, Problems> {
        let plan = &planned.plan;
        let chosen = choose(plan, wanted)?;
        all_run(plan, wanted)?;
        let images = chosen.services.iter().filter(|one| one.target.is_image());
        let names = with_needed(plan, images.map(|image| &image.name));
        let mut scope = Self {
            workspace: planned.workspace.folder.clone(),
            generated: generated(plan),
            known: known(planned),
            ..Self::default()
        };
        let mut images: BTreeSet<&TargetName> = names.clone();
        for service in &plan.services {
            if !names.contains(&service.name) {
                continue;
            }
            scope
                .reads
                .extend(service.reads.iter().map(|path| path.to_path_buf()));
            images.extend(plan.images_of_service(service));
            if uses_packs(plan, service) {
                let packs = plan.packs.iter();
                scope
                    .packs
                    .extend(packs.map(|pack| pack.path.to_path_buf()));
            }
        }
        for image in &plan.images {
            if images.contains(&image.config.name) {
                let config = &image.config;
                scope.reads.insert(config.context.to_path_buf());
                scope.reads.insert(config.dockerfile.to_path_buf());
            }
        }
        scope.services = names.into_iter().cloned().collect();
        Ok(scope)
    }

    /// Returns the targets of a bake.
    pub fn targets(&self) -> Vec<String> {
        let services = self.services.iter().map(ToString::to_string);
        let packs = (!self.packs.is_empty()).then(|| "packs".to_owned());
        services.chain(packs).collect()
    }

    /// Returns whether an edit of a file can change an image or a pack.
    pub fn concerns(&self, file: &Utf8Path) -> bool {
        let name = file.file_name().unwrap_or_default();
        let is_setting = SETTINGS.contains(&name) && file.starts_with(&self.workspace);
        let is_waited_for = match self.waits_for {
            WaitsFor::Sources => false,
            WaitsFor::Generated => is_below(file, &self.generated),
            WaitsFor::Everything => true,
        };
        is_waited_for || is_setting || self.is_of_packs(file) || is_below(file, &self.reads)
    }

    /// Returns whether something that images or packs are made of lies in a folder.
    pub fn is_above(&self, folder: &Utf8Path) -> bool {
        folder != "" && self.places().any(|place| place.starts_with(folder))
    }

    /// Returns the folders and files with edits that begin a round.
    pub fn places(&self) -> impl Iterator<Item = &Utf8Path> {
        let generated = self.generated.iter();
        let generated = generated.filter(|_| self.waits_for == WaitsFor::Generated);
        let everything = (self.waits_for == WaitsFor::Everything).then_some(Utf8Path::new(""));
        let places = self.reads.iter().chain(&self.packs).chain(generated);
        places.map(Utf8PathBuf::as_path).chain(everything)
    }

    /// Returns whether the plan may depend on a file, or on one in a folder, that is gone.
    pub fn knows(&self, path: &Utf8Path) -> bool {
        let name = path.file_name().unwrap_or_default();
        let mut known = self.known.range(path.to_owned()..);
        SETTINGS.contains(&name)
            || self.is_of_packs(path)
            || self.generated.contains(path)
            || is_below(path, &self.generated)
            || known.next().is_some_and(|file| file.starts_with(path))
    }

    /// Returns whether a file lies in a pack.
    pub fn is_of_packs(&self, file: &Utf8Path) -> bool {
        is_below(file, &self.packs)
    }
}

/// Checks that each of the names has something that runs.
fn all_run(plan: &Plan, wanted: &[String]) -> Result<(), Problems> {
    let mut problems = Vec::new();
    for name in wanted {
        let chosen = choose(plan, std::slice::from_ref(name))?;
        if chosen.services.iter().any(|one| one.target.is_image()) {
            continue;
        }
        let images = plan.baked.iter().filter(|one| one.target.is_image());
        let names: Vec<&str> = images.map(|image| image.name.as_str()).collect();
        let message = format!("`{name}` names no service that runs");
        let problem = Problem::new(Code::ServiceUnknown, message);
        problems.push(problem.hint(format!("there are {}", names.join(", "))));
    }
    Problems(problems).or(())
}

/// Returns the folder and the files that `generate` writes.
fn generated(plan: &Plan) -> BTreeSet<Utf8PathBuf> {
    let output = &plan.config.output;
    let places = [&output.folder, &output.bake].map(|place| place.to_path_buf());
    places.into()
}

fn known(planned: &Planned) -> BTreeSet<Utf8PathBuf> {
    let sources = &planned.sources;
    let images = sources.images.values();
    let files = sources.files.keys();
    let files = files.chain(images.flat_map(|context| context.files.keys()));
    let dockerfiles = planned.plan.images.iter();
    let dockerfiles = dockerfiles.map(|image| image.config.dockerfile.to_path_buf());
    files.map(Utf8Path::to_owned).chain(dockerfiles).collect()
}

/// Returns `names` and everything that Compose starts before them.
fn with_needed<'a>(
    plan: &'a Plan,
    names: impl Iterator<Item = &'a TargetName>,
) -> BTreeSet<&'a TargetName> {
    let mut all = BTreeSet::new();
    let mut open: Vec<&TargetName> = names.collect();
    while let Some(name) = open.pop() {
        if !all.insert(name) {
            continue;
        }
        let services = plan.services.iter();
        let services = services.map(|service| (&service.name, &service.compose));
        let images = plan.images.iter();
        let images = images.map(|image| (&image.config.name, &image.config.compose));
        let own = services.chain(images).filter(|(own, _)| *own == name);
        open.extend(own.flat_map(|(_, compose)| &compose.depends_on));
    }
    all
}

fn is_below(file: &Utf8Path, folders: &BTreeSet<Utf8PathBuf>) -> bool {
    folders.iter().any(|folder| file.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_begins_for_what_images_and_packs_are_made_of() {
        let scope = Scope {
            services: vec![TargetName::new("api")],
            reads: ["shop/api", "shop/assets/logo.svg"]
                .map(Utf8PathBuf::from)
                .into(),
            packs: [Utf8PathBuf::from("packs/core")].into(),
            workspace: "shop".into(),
            ..Scope::default()
        };
        let table = [
            ("shop/api/src/main.rs", true),
            ("shop/api", true),
            ("shop/api-client/src/lib.rs", false),
            ("shop/assets/logo.svg", true),
            ("shop/assets/other.svg", false),
            ("shop/Cargo.lock", true),
            ("shop/web/Cargo.toml", true),
            ("shop/.cargo/config.toml", true),
            ("Cargo.toml", false),
            ("packs/core/pack.yaml", true),
            ("packs/other/pack.yaml", false),
            ("shop/docker/Dockerfile", false),
        ];
        for (file, expected) in table {
            assert_eq!(scope.concerns(file.into()), expected, "{file}");
        }
        assert_eq!(scope.targets(), ["api", "packs"]);
    }
}
