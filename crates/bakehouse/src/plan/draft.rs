//! The draft of a plan: everything that is known before any source file is read.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::config::Config;
use super::selection::{member_reads, selections};
use super::stage::Selection;
use crate::graph::Workspace;
use crate::graph::inputs::fixed_part;
use crate::names::PackageName;

/// A plan that lacks the content of the sources.
pub struct Draft<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) config: Config,
    pub(super) selections: Vec<Selection>,
    /// All packages that are compiled for any output.
    pub(super) compiled: BTreeSet<PackageName>,
}

impl<'a> Draft<'a> {
    pub fn new(workspace: &'a Workspace, config: Config) -> Self {
        let selections = selections(workspace, &config);
        let closures = selections
            .iter()
            .flat_map(|selection| selection.closures.keys());
        Self {
            workspace,
            config,
            compiled: closures.cloned().collect(),
            selections,
        }
    }

    /// Returns all packages that are compiled for any output.
    pub fn compiled(&self) -> impl Iterator<Item = &PackageName> {
        self.compiled.iter()
    }

    /// Returns the paths whose content the plan needs: sources of all closures, declared inputs and shipped files.
    pub fn reads(&self) -> BTreeSet<Utf8PathBuf> {
        let sources = self
            .compiled
            .iter()
            .flat_map(|package| member_reads(self.workspace, &self.config, package));
        let given = self.config.inputs.iter();
        let given = given.filter(|(name, _)| !self.workspace.members.contains_key(*name));
        let given = given.flat_map(|(_, paths)| paths.iter().map(|path| fixed_part(path)));
        let services = self.config.services.iter();
        let shipped = services.flat_map(|service| service.image.files.keys().cloned());
        let shipped = shipped.map(Utf8PathBuf::from);
        let configs = self.workspace.cargo_configs.iter().cloned();
        let read = sources.chain(given).chain(shipped);
        read.chain(configs).collect()
    }
}
