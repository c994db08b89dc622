//! Names that a shell completes: those of the workspace that it is in.

use std::collections::BTreeSet;

use clap_complete::CompletionCandidate;

use super::session::config_source;
use crate::graph::Workspace;
use crate::graph::cargo::Cargo;
use crate::plan::build::COMPILED;
use crate::plan::config::Config;
use crate::problem::Problems;

/// Returns the names that `build` takes.
pub fn targets() -> Vec<CompletionCandidate> {
    names(|config| {
        let groups = config.bake.groups.keys().map(ToString::to_string);
        let further = [COMPILED, "packs"].map(str::to_owned);
        outputs(config).chain(groups).chain(further).collect()
    })
}

/// Returns the names that `why` takes.
pub fn services() -> Vec<CompletionCandidate> {
    names(|config| outputs(config).collect())
}

/// Returns the names of packs.
pub fn packs() -> Vec<CompletionCandidate> {
    names(|config| config.packs.iter().map(|pack| pack.name.clone()).collect())
}

fn outputs(config: &Config) -> impl Iterator<Item = String> + '_ {
    let services = config.services.iter();
    let services =
        services.flat_map(|service| [service.name.to_string(), service.family.to_string()]);
    let images = config.images.iter().map(|image| image.name.to_string());
    let binaries = config.packs.iter().flat_map(|pack| {
        let binaries = pack.binaries.iter();
        binaries.map(|binary| pack.target(binary))
    });
    services.chain(images).chain(binaries)
}

/// Returns nothing where there is no workspace, or a wrong one.
fn names(of: impl Fn(&Config) -> BTreeSet<String>) -> Vec<CompletionCandidate> {
    let names = config().map(|config| of(&config)).unwrap_or_default();
    names.into_iter().map(CompletionCandidate::new).collect()
}

fn config() -> Result<Config, Problems> {
    let mut workspace = Workspace::read(&Cargo::remembering(), None)?;
    let source = config_source(None, &workspace)?;
    Config::read(&source, &mut workspace)
}
