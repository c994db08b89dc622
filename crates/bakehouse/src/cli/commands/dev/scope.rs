//! The services of a run and the files that they are made of.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::commands::build::choose;
use crate::cli::session::Planned;
use crate::documents::compose::uses_packs;
use crate::names::TargetName;
use crate::plan::Plan;
use crate::problem::Problems;

/// The names of files that say how a workspace is built, wherever they lie in it.
const SETTINGS: [&str; 6] = [
    "Cargo.lock",
    "Cargo.toml",
    "bakehouse.toml",
    "config.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
];

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
}

impl Scope {
    /// Returns the scope of `wanted`: names as `build` takes them; if there are none, everything that is baked by default.
    ///
    /// # Errors
    /// `service-unknown`.
    pub fn of(planned: &Planned, wanted: &[String]) -> Result<Self, Problems> {
        let plan = &planned.plan;
        let chosen = choose(plan, wanted)?;
        let images = chosen.services.iter().filter(|one| one.target.is_image());
        let names = with_needed(plan, images.map(|image| &image.name));
        let mut scope = Self {
            workspace: planned.workspace.folder.clone(),
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
        is_setting || self.is_of_packs(file) || is_below(file, &self.reads)
    }

    /// Returns whether a file lies in a pack.
    pub fn is_of_packs(&self, file: &Utf8Path) -> bool {
        is_below(file, &self.packs)
    }
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
