//! How packages reach an output in a state of the workspace.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use camino::Utf8PathBuf;

use super::Output;
use crate::graph::Workspace;
use crate::plan::Plan;
use crate::plan::lock_graph::LockGraph;
use crate::plan::stage::Selection;

/// A state of the workspace.
#[derive(Clone, Copy)]
pub struct WorkspaceState<'a> {
    pub workspace: &'a Workspace,
    pub plan: &'a Plan,
    pub lock: &'a LockGraph<'a>,
}

/// A package that an output is compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled<'a> {
    pub package: &'a str,
    /// The way from the output's package to it, both included.
    pub way: Vec<&'a str>,
    /// The manifest that put it in; none for the output's own package.
    pub put_in_by: Option<Utf8PathBuf>,
    pub files: usize,
}

impl<'a> WorkspaceState<'a> {
    /// The packages that `output` is compiled from, those near to it first.
    pub fn compiled(self, output: Output<'a>) -> Vec<Compiled<'a>> {
        let mut all: Vec<Compiled<'a>> = output
            .closure
            .iter()
            .map(|package| {
                let way = self.way(output, package);
                let parent = way.len().checked_sub(2).map(|parent| way[parent]);
                Compiled {
                    package,
                    put_in_by: parent.map(|parent| self.manifest(parent)),
                    way,
                    files: self.plan.packages[package].files.len(),
                }
            })
            .collect();
        all.sort_by(|a, b| (a.way.len(), &a.way).cmp(&(b.way.len(), &b.way)));
        all
    }

    /// The shortest way over dependencies from the package of `output` to `package`; over third-party crates where it
    /// was put in the place of one.
    pub(super) fn way(self, output: Output<'a>, package: &str) -> Vec<&'a str> {
        let activation = &self.selection(output).activation;
        let mut came_from: BTreeMap<&str, Option<&str>> = BTreeMap::from([(output.package, None)]);
        let mut open = VecDeque::from([output.package]);
        while let Some(at) = open.pop_front() {
            if at == package {
                let mut way: Vec<&str> =
                    std::iter::successors(Some(at), |at| came_from[at]).collect();
                way.reverse();
                return way;
            }
            for needed in activation.needs(at) {
                came_from.entry(needed).or_insert_with(|| {
                    open.push_back(needed);
                    Some(at)
                });
            }
        }
        let way = self.lock.way(output.package, output.closure, package);
        let name = |index| self.lock.entry(index).name.as_str();
        way.into_iter().map(name).collect()
    }

    /// From `package` to the output.
    pub(super) fn chain(self, output: Output<'a>, package: &str) -> Vec<String> {
        let way = self.way(output, package);
        let mut chain: Vec<String> = way.into_iter().rev().map(str::to_owned).collect();
        if chain.last().map(String::as_str) != Some(output.name) {
            chain.push(output.name.to_owned());
        }
        chain
    }

    /// The features of `package` that outputs switch on, where `output` is built; `default` when it is built by its own
    /// name, which switches that on.
    pub(super) fn asked(self, output: Output<'_>, package: &str) -> BTreeSet<&'a str> {
        let selection = self.selection(output);
        let own = |feature: &'a String| feature.strip_prefix(package)?.strip_prefix('/');
        let named = selection.packages.iter().any(|named| named == package)
            && !selection.without_default.contains(package);
        let features = selection.features.iter().filter_map(own);
        features.chain(named.then_some("default")).collect()
    }

    /// What is compiled together with `output`.
    fn selection(self, output: Output<'_>) -> &'a Selection {
        let mut selections = self.plan.selections.iter();
        let found = selections.find(|selection| {
            let mut binary_stages = selection.binary_stages.iter();
            binary_stages.any(|binary_stage| binary_stage.name == output.binary_stage)
        });
        found.expect("each output has a leaf in a selection")
    }

    /// The manifest of `package`; for a third-party crate the workspace's, whose patches say where it is from.
    pub(super) fn manifest(self, package: &str) -> Utf8PathBuf {
        match self.workspace.members.get(package) {
            Some(member) => member.path("Cargo.toml"),
            None => self.workspace.folder.join("Cargo.toml"),
        }
    }
}
