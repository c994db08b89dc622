//! Patterns of `members` that match more than intended.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};
use toml::Value;

use super::Workspace;
use super::pattern::names;
use super::place::Manifest;
use crate::problem::{Code, Problem};

impl Workspace {
    /// Refuses generated files in a folder that a pattern of `members` would make a member: Cargo then refuses the
    /// whole workspace. `places` are relative to the context.
    pub fn refuse_as_members(&self, places: &[Utf8PathBuf]) -> Option<Problem> {
        let list = |key: &str| {
            let list = self
                .manifest
                .get("workspace")
                .and_then(|w| w.get(key)?.as_array());
            list.into_iter().flatten().filter_map(Value::as_str)
        };
        let is_excluded =
            |inside: &Utf8Path| list("exclude").any(|folder| inside.starts_with(plain(folder)));
        let packages: HashSet<&str> = self.members.values().map(|m| m.dir.as_str()).collect();
        let is_package = |place: &Utf8Path| packages.contains(place.as_str());
        let all = places.iter().flat_map(|place| place.ancestors());
        let (inside, pattern) = all.filter(|place| !is_package(place)).find_map(|place| {
            let inside = place.strip_prefix(&self.folder).ok()?;
            let pattern = list("members").find(|pattern| {
                let pattern = pattern.trim_start_matches("./");
                pattern.contains(['*', '?', '[']) && names(pattern, inside)
            })?;
            let counts = !inside.as_str().is_empty() && !is_excluded(inside);
            counts.then_some((inside, pattern))
        })?;
        let message = format!(
            "the generated folder {inside} would become a member of the workspace, by `{pattern}` of its `members`: it has no manifest, so Cargo would load none of them"
        );
        let already: Vec<String> = list("exclude")
            .map(|folder| format!("\"{folder}\""))
            .collect();
        let all = already.into_iter().chain([format!("\"{inside}\"")]);
        let problem = Problem::new(Code::OutputMember, message).hint(format!(
            "write `exclude = [{}]` under [workspace] of {}",
            Vec::from_iter(all).join(", "),
            self.folder.join("Cargo.toml")
        ));
        let manifest = Manifest::read(&self.root, &self.folder.join("Cargo.toml"));
        Some(manifest.at(problem, manifest.key(&["workspace", "members"])))
    }
}

fn plain(folder: &str) -> &str {
    folder.trim_start_matches("./").trim_end_matches('/')
}
