//! A state of the workspace, and how packages reach an output in it.

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
    /// The packages from the output's package to this one, both included.
    pub way: Vec<&'a str>,
    /// The manifest that added it; `None` for the output's own package.
    pub put_in_by: Option<Utf8PathBuf>,
    pub files: usize,
}

impl<'a> WorkspaceState<'a> {
    /// Returns the packages that `output` is compiled from, the nearest first.
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

    /// Returns the shortest way over dependencies from a package of `output` to `package`. If the package replaces a
    /// third-party crate, the way leads over third-party crates.
    pub(super) fn way(self, output: Output<'a>, package: &str) -> Vec<&'a str> {
        let (root, selection) = self.root(output, package);
        let activation = &selection.activation;
        let mut came_from: BTreeMap<&str, Option<&str>> = BTreeMap::from([(root, None)]);
        let mut open = VecDeque::from([root]);
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
        let closure = selection.closures.get(root).unwrap_or(output.closure);
        let way = self.lock.way(root, closure, package);
        let name = |index| self.lock.entry(index).name.as_str();
        way.into_iter().map(name).collect()
    }

    /// Returns the packages from `package` to the output.
    pub(super) fn chain(self, output: Output<'a>, package: &str) -> Vec<String> {
        let way = self.way(output, package);
        let mut chain: Vec<String> = way.into_iter().rev().map(str::to_owned).collect();
        if chain.last().map(String::as_str) != Some(output.name) {
            chain.push(output.name.to_owned());
        }
        chain
    }

    /// Returns the features of `package` that the outputs of the selection of `output` ask for. `default` is among them
    /// if the package is named to Cargo, which enables its default features.
    pub(super) fn asked(self, output: Output<'a>, package: &str) -> BTreeSet<&'a str> {
        let (_, selection) = self.root(output, package);
        let own = |feature: &'a String| feature.strip_prefix(package)?.strip_prefix('/');
        let named = selection.packages.iter().any(|named| named == package)
            && !selection.without_default.contains(package);
        let features = selection.features.iter().filter_map(own);
        features.chain(named.then_some("default")).collect()
    }

    /// Returns the first package of `output` whose build compiles `package`, and the selection that builds it; else the
    /// package that the output is named after.
    fn root(self, output: Output<'a>, package: &str) -> (&'a str, &'a Selection) {
        let roots = output.roots().into_iter();
        let mut roots = roots.map(|(root, stage)| {
            let selection = self.plan.selection_of(stage);
            (
                root,
                selection.expect("each output has a binary stage in a selection"),
            )
        });
        let main = roots.next().expect("each output has a binary");
        let compiles = |(root, selection): &(&str, &Selection)| {
            let closure = selection.closures.get(*root);
            closure.is_some_and(|closure| closure.contains(package))
        };
        if compiles(&main) {
            return main;
        }
        roots.find(compiles).unwrap_or(main)
    }

    /// Returns the manifest of `package`. For a third-party crate it is the workspace's, whose patches name the source
    /// of the crate.
    pub(super) fn manifest(self, package: &str) -> Utf8PathBuf {
        match self.workspace.members.get(package) {
            Some(member) => member.path("Cargo.toml"),
            None => self.workspace.folder.join("Cargo.toml"),
        }
    }
}
