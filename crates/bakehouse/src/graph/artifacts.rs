//! Artifact dependencies: a package that needs the binary of another one while it is compiled.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::artifact_refusal::HINT;
use super::member::EdgeKind;
use super::place::Manifest;
use super::{Member, Workspace};
use crate::names::PackageName;
use crate::problem::{Code, Problem};

impl Workspace {
    /// Reports the artifact dependencies of `packages`, which no stage can build.
    pub fn artifact_dependencies<'a>(
        &self,
        packages: impl IntoIterator<Item = &'a PackageName>,
    ) -> Vec<Problem> {
        let members = packages
            .into_iter()
            .filter_map(|name| self.members.get(name));
        members
            .flat_map(|member| self.artifacts_of(member))
            .collect()
    }

    fn artifacts_of(&self, member: &Member) -> Vec<Problem> {
        let shared = self.manifest_of(member).get("workspace");
        let shared = shared.and_then(|shared| shared.get("dependencies"));
        let is_artifact = |key: &str, value: &Value| {
            let inherited = value.get("workspace").is_some();
            let shared = shared
                .filter(|_| inherited)
                .and_then(|shared| shared.get(key));
            value
                .get("artifact")
                .or_else(|| shared?.get("artifact"))
                .is_some()
        };
        let found: BTreeSet<(&String, EdgeKind)> = tables(&member.manifest)
            .flat_map(|(table, kind)| table.iter().map(move |entry| (entry, kind)))
            .filter(|((key, value), _)| is_artifact(key, value))
            .map(|((key, _), kind)| (key, kind))
            .collect();
        let found = found.into_iter();
        found
            .map(|(key, kind)| {
                let message = format!(
                    "`{}` has the artifact dependency `{key}`, which no stage of an image builds: only an unstable Cargo does, with -Zbindeps",
                    member.name
                );
                let manifest = Manifest::read(&self.root, &member.path("Cargo.toml"));
                let place = manifest.dependency(key, kind);
                let problem = Problem::new(Code::ArtifactDependency, message).hint(HINT);
                manifest.at(problem, place.map(|(place, _)| place))
            })
            .collect()
    }
}

/// Returns `[dependencies]` and `[build-dependencies]`, including the tables of each target.
fn tables(manifest: &Table) -> impl Iterator<Item = (&Table, EdgeKind)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    let kinds = [
        ("dependencies", EdgeKind::Normal),
        ("build-dependencies", EdgeKind::Build),
    ];
    std::iter::once(manifest)
        .chain(targets)
        .flat_map(move |table| {
            kinds
                .into_iter()
                .filter_map(|(key, kind)| Some((table.get(key)?.as_table()?, kind)))
        })
}
