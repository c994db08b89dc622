//! Workflows for CI services. They stand outside the context, where the service looks for them.

pub mod github;
pub mod gitlab;

use camino::Utf8PathBuf;

use crate::plan::Plan;

/// What a workflow has to know beside the plan.
#[derive(Clone, Debug)]
pub struct Place {
    /// The folder of the workspace's manifest in the repository; empty where that is its root.
    pub workspace: Utf8PathBuf,
    /// The folder that images are built from, and that has the Bake file.
    pub context: Utf8PathBuf,
    /// The branch whose images are published.
    pub branch: String,
    /// What installs this program, as a shell says it.
    pub install: String,
}

impl Place {
    /// Whether this program's own repository is meant, which has it in its work tree.
    fn is_own(&self) -> bool {
        self.install.contains(" --path ")
    }

    /// What a runner installs this program with, unless it is kept from another run; `further` says where to.
    fn install(&self, further: &str) -> String {
        if self.is_own() {
            self.install.clone()
        } else {
            format!("command -v bakehouse || {}{further}", self.install)
        }
    }
}

/// A workflow: the parts of its template that are meant, with each name replaced by its value.
fn fill(template: &str, plan: &Plan, place: &Place, values: &[(&str, String)]) -> String {
    let parts = [
        ("cache", !plan.config.cache_ref.is_empty()),
        ("folder", !place.workspace.as_str().is_empty()),
        ("host", registry_host(plan).is_some()),
        ("own", place.is_own()),
        ("emulated", is_emulated(plan)),
        ("secrets", !plan.config.secrets.variables.is_empty()),
    ];
    let on = parts.iter().filter(|(_, on)| *on).map(|(name, _)| *name);
    let mut text = choose(template, &Vec::from_iter(on));
    for (name, value) in values {
        text = text.replace(name, value);
    }
    format!("\n{text}")
}

/// The registry that the images are pushed to, as `docker login` wants to know it; `None` for Docker Hub.
fn registry_host(plan: &Plan) -> Option<&str> {
    let host = plan.config.registry.split('/').next()?;
    let is_host = host.contains(['.', ':']) || host == "localhost";
    is_host.then_some(host)
}

/// Whether a step runs on another platform than the builder's: one that compiles, or one that installs packages.
fn is_emulated(plan: &Plan) -> bool {
    let config = &plan.config;
    !config.platforms.is_empty() && (config.emulate || !plan.runtimes.is_empty())
}

/// A text as YAML and JSON read it back.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

/// Drops the parts of a template that are for others: what stands between a line `#if NAME` and `#end` is kept where
/// `NAME` is among `on`, `#if !NAME` where it is not.
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
