//! Past commits, by the packages that they changed.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::session::Planned;
use crate::git::history;
use crate::names::PackageName;
use crate::plan::costs::Commits;
use crate::problem::Problem;

/// Returns the last `most` commits of git's history; none for a workspace without a repository.
pub fn commits(planned: &Planned, most: usize) -> Result<Commits, Problem> {
    let Planned {
        root,
        plan,
        workspace,
        ..
    } = planned;
    let mut holders: BTreeMap<&Utf8Path, Vec<&str>> = BTreeMap::new();
    let manifests: Vec<(Utf8PathBuf, &str)> = plan
        .packages
        .keys()
        .map(|name| (workspace.members[name].path("Cargo.toml"), name.as_str()))
        .collect();
    for (manifest, name) in &manifests {
        holders.entry(manifest).or_default().push(name);
    }
    for (name, inputs) in &plan.packages {
        for file in inputs.files.keys() {
            holders.entry(file).or_default().push(name);
        }
    }
    let mut commits = Commits::default();
    for changed in history::changed(root, most)? {
        commits.looked_at += 1;
        let compiled: Vec<&Utf8PathBuf> = changed
            .iter()
            .filter(|file| holders.contains_key(file.as_path()))
            .collect();
        let packages: BTreeSet<PackageName> = compiled
            .iter()
            .flat_map(|file| &holders[file.as_path()])
            .map(|package| PackageName::new(*package))
            .collect();
        if let [package] = &Vec::from_iter(&packages)[..] {
            let dir = &workspace.members[*package].dir;
            let modules: BTreeSet<Option<String>> =
                compiled.iter().map(|file| module(dir, file)).collect();
            if let [Some(module)] = &Vec::from_iter(modules)[..] {
                let key = ((*package).clone(), module.clone());
                *commits.modules.entry(key).or_default() += 1;
            }
        }
        if !packages.is_empty() {
            *commits.sets.entry(packages).or_default() += 1;
        }
    }
    Ok(commits)
}

/// Returns the module, one level below the crate, that a source file belongs to; none for the crate's root and for
/// files that are not source.
fn module(dir: &Utf8Path, file: &Utf8Path) -> Option<String> {
    let inside = file.strip_prefix(dir).ok()?.strip_prefix("src").ok()?;
    let first = inside.components().next()?.as_str();
    let module = first.strip_suffix(".rs").unwrap_or(first);
    let is_root = first.ends_with(".rs") && matches!(module, "lib" | "main");
    (!is_root && module != "bin").then(|| module.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_those_of_the_crate() {
        let of = |file: &str| module("crates/common".as_ref(), file.as_ref());
        assert_eq!(of("crates/common/src/money.rs").as_deref(), Some("money"));
        assert_eq!(
            of("crates/common/src/money/tests.rs").as_deref(),
            Some("money")
        );
        assert_eq!(of("crates/common/src/lib.rs"), None);
        assert_eq!(of("crates/common/src/bin/tool.rs"), None);
        assert_eq!(of("crates/common/Cargo.toml"), None);
        assert_eq!(of("crates/other/src/money.rs"), None);
    }
}
