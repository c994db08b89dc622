//! Free places for generated files when the usual ones are taken.

use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};

use crate::documents::header::{Owner, owner};
use crate::graph::Workspace;
use crate::plan::config::{BAKE_FILE, FOLDER, SKELETON};
use crate::plan::proposal::ProposedOutput;

/// Proposes other places for generated files of `workspace` whose usual places are taken.
pub fn elsewhere(workspace: &Workspace) -> ProposedOutput {
    let home = workspace.home();
    let beside = |name: &str| Utf8Path::new(FOLDER).join(name);
    let inside = [
        beside("Dockerfile"),
        beside("Dockerfile.dockerignore"),
        beside("compose.yaml"),
        beside(SKELETON).join("deps/Cargo.toml"),
    ];
    let taken = inside.iter().any(|path| is_taken(&home.join(path)));
    let folder = taken.then(|| free(workspace, &home)).flatten();
    let bake = [BAKE_FILE, "docker-bake.json"]
        .iter()
        .any(|name| is_taken(&home.join(name)));
    let bake_folder = folder.as_deref().unwrap_or(Utf8Path::new(FOLDER));
    let bake = bake.then(|| bake_folder.join(BAKE_FILE));
    ProposedOutput {
        bake: bake.filter(|path| !is_taken(&home.join(path))),
        folder,
        compose: COMPOSE
            .into_iter()
            .find(|name| workspace.root.join(name).exists()),
    }
}

const COMPOSE: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];

/// Returns whether a file is there that bakehouse did not write.
fn is_taken(path: &Utf8Path) -> bool {
    match std::fs::read_to_string(path) {
        Ok(text) => owner(&text) == Owner::Foreign,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Returns a folder that does not exist yet and lies in no package.
fn free(workspace: &Workspace, home: &Utf8Path) -> Option<Utf8PathBuf> {
    let candidates = ["docker/bakehouse", "deploy/bakehouse", "bakehouse"];
    candidates.into_iter().map(Utf8PathBuf::from).find(|path| {
        let place = workspace.folder.join(path);
        let mut sources = workspace
            .members
            .values()
            .flat_map(|member| &member.sources);
        let mut above = path.ancestors().skip(1).map(|folder| home.join(folder));
        !home.join(path).exists()
            && above.all(|folder| folder.is_dir() || !folder.exists())
            && !sources.any(|source| place.starts_with(source))
    })
}
