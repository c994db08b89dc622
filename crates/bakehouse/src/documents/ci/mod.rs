//! Workflows for CI services. They lie outside the context, where each service looks for them.

pub mod github;
pub mod gitlab;
mod install;

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use crate::plan::Plan;
use crate::plan::config::image_name::is_host;
use crate::plan::config::install::Install;

/// GitHub's own registry. The job's token can log in to it.
const GITHUB_REGISTRY: &str = "ghcr.io";

/// The program of jq that turns the file of `build --digests` into names with digests, each once, in all registries.
const LIST_OF_DIGESTS: &str = r#"[.images[] | .digest as $digest | .repositories[].name + "@" + $digest] | unique | join(" ")"#;

/// Facts for a workflow that are not in the plan.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder of the workspace's manifest in the repository; empty for the root.
    pub workspace: Utf8PathBuf,
    /// The folder that images are built from, which also has the Bake file.
    pub context: Utf8PathBuf,
    /// The branch whose images are published.
    pub branch: String,
    /// The way in which a runner gets this program.
    pub install: Install,
}

impl Place {
    /// Returns the tag of images that are built from the branch. A tag must not have a slash.
    fn branch_tag(&self) -> String {
        self.branch.replace('/', "-")
    }
}

/// Fills in a template: keeps the parts that apply, and replaces each name by its value.
fn fill(template: &str, plan: &Plan, place: &Place, values: &[(&str, String)]) -> String {
    let parts = [
        ("cache", !plan.config.cache_ref.is_empty()),
        ("folder", !place.workspace.as_str().is_empty()),
        ("host", registry_host(plan).is_some()),
        (
            "packages",
            registry_host(plan) == Some(GITHUB_REGISTRY)
                || further_hosts(plan).any(|(_, host)| host == Some(GITHUB_REGISTRY)),
        ),
        ("further", further_hosts(plan).next().is_some()),
        // Whether more than the services is baked, or fewer.
        (
            "selected",
            !plan.images.is_empty() || plan.baked.iter().any(|image| !image.target.default),
        ),
        ("own", install::is_own(&place.install)),
        ("kept", install::is_kept(&place.install)),
        ("downloaded", matches!(place.install, Install::Release(_))),
        ("emulated", is_emulated(plan)),
        ("secrets", !plan.config.secrets.variables.is_empty()),
        ("images", !plan.images.is_empty()),
        ("sign", plan.config.ci_sign),
        ("foreign", has_foreign_registry(plan)),
    ];
    let on = parts.iter().filter(|(_, on)| *on).map(|(name, _)| *name);
    let mut text = choose(template, &Vec::from_iter(on));
    for (name, value) in values {
        text = text.replace(name, value);
    }
    format!("\n{text}")
}

/// Returns the registry that the images are pushed to, in the form that `docker login` takes; `None` for Docker Hub.
fn registry_host(plan: &Plan) -> Option<&str> {
    host(plan.config.registry())
}

/// Returns the other registries that images are pushed to, each with its place among all, counted from 1. Those of single
/// images follow those of the workspace.
fn further_hosts(plan: &Plan) -> impl Iterator<Item = (usize, Option<&str>)> {
    let own = plan.baked.iter().flat_map(|image| &image.target.registries);
    let mut all: Vec<&str> = Vec::new();
    for registry in plan.config.registries.iter().chain(own) {
        if !all.contains(&registry.as_str()) {
            all.push(registry);
        }
    }
    let hosts = all.into_iter().map(host);
    let mut known = BTreeSet::new();
    let mut hosts = (1..)
        .zip(hosts)
        .filter(move |(_, host)| known.insert(*host));
    hosts.next();
    hosts
}

fn host(registry: &str) -> Option<&str> {
    registry.split('/').next().filter(|host| is_host(host))
}

/// Returns whether a registry of the images is not GitHub's own, so that its login is a secret.
fn has_foreign_registry(plan: &Plan) -> bool {
    let further = further_hosts(plan).map(|(_, host)| host);
    let mut hosts = further.chain([registry_host(plan)]);
    hosts.any(|host| host != Some(GITHUB_REGISTRY))
}

/// Returns whether a step may run on another platform than the builder's: one that compiles, one that installs packages,
/// or one of another Dockerfile.
fn is_emulated(plan: &Plan) -> bool {
    let config = &plan.config;
    let runs = config.emulate || !plan.runtimes.is_empty() || !plan.images.is_empty();
    !config.platforms.is_empty() && runs
}

/// Drops the parts of a template that do not apply. Lines between `#if NAME` and `#end` are kept if `NAME` is among
/// `on`; with `#if !NAME`, if it is not.
fn choose(template: &str, on: &[&str]) -> String {
    let mut kept = vec![true];
    let mut text = String::new();
    for line in template.lines() {
        if let Some(name) = line.trim_start().strip_prefix("#if ") {
            let holds = match name.strip_prefix('!') {
                Some(name) => !on.contains(&name),
                None => on.contains(&name),
            };
            kept.push(holds);
        } else if line.trim_start() == "#end" {
            kept.pop();
        } else if kept.iter().all(|kept| *kept) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_kept_where_they_are_meant() {
        let template = "a\n  #if x\nb\n#if !y\nc\n#end\n#end\nd\n";
        for (on, expected) in [
            (&["x"][..], "a\nb\nc\nd\n"),
            (&["x", "y"], "a\nb\nd\n"),
            (&["y"], "a\nd\n"),
            (&[], "a\nd\n"),
        ] {
            assert_eq!(choose(template, on), expected, "{on:?}");
        }
    }
}
