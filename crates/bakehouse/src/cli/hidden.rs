//! Hidden inputs in the output of commands.

use std::collections::{BTreeMap, BTreeSet};

use super::session::Planned;
use crate::graph::context::relative;
use crate::graph::inputs::{Certainty, Finding, Kind, scan, undeclared as not_declared};
use crate::names::PackageName;
use crate::plan::Plan;
use crate::plan::explain::Output;
use crate::problem::{Code, Problem};

/// Returns the packages that a plan builds.
pub fn packages(plan: &Plan) -> BTreeSet<&str> {
    let all = Output::all(plan).flat_map(|output| output.closure);
    all.map(PackageName::as_str).collect()
}

/// Returns the outputs that contain a package, and therefore get the inputs that are declared for it.
pub fn services<'a>(plan: &'a Plan, package: &str) -> Vec<&'a str> {
    let holders = Output::all(plan).filter(|output| output.closure.contains(package));
    holders.map(|output| output.name).collect()
}

/// Returns the files that `packages` read and the configuration does not declare.
pub fn undeclared(planned: &Planned, packages: &BTreeSet<&str>) -> Vec<Finding> {
    let findings = scan(&planned.workspace, &planned.sources, packages);
    let config = &planned.plan.config;
    let found = not_declared(&findings, &config.inputs).into_iter();
    // Files of images are there when the package is built, whatever the host has.
    let embedded = |finding: &&Finding| {
        let mut embedded = config.embedded.get(&finding.package).into_iter().flatten();
        embedded.any(|one| finding.path.starts_with(&one.to))
    };
    // A package with declared variables gets from them what it would have asked git for, or fetched.
    let told = |finding: &Finding| match finding.kind {
        Kind::Git => config.variables.contains_key(&finding.package),
        Kind::Network => {
            config.variables.contains_key(&finding.package) || !config.fetch.is_empty()
        }
        _ => false,
    };
    found
        .filter(|finding| !told(finding) && !embedded(finding))
        .cloned()
        .collect()
}

/// Returns the reason why a finding cannot simply be declared.
pub fn remark(finding: &Finding) -> &'static str {
    match finding.kind {
        Kind::Git => ", which no build has",
        Kind::Network if finding.certainty == Certainty::Perhaps => {
            ", which no step that compiles has, perhaps"
        }
        Kind::Network => ", which no step that compiles has",
        Kind::Submodule => ", which is not checked out",
        Kind::Unfollowed => ", or what is further up, perhaps: it goes up until it finds something",
        _ if finding.path.starts_with("..") => ", outside the workspace folder",
        _ if !finding.exists => ", which does not exist",
        _ if finding.certainty == Certainty::Perhaps => ", perhaps",
        _ => "",
    }
}

/// Returns the problems to report after a build of `packages` failed: one for each package with hidden inputs, naming
/// the key that declares them.
pub fn problems(planned: &Planned, packages: &BTreeSet<&str>) -> Vec<Problem> {
    let mut by_package: BTreeMap<PackageName, Vec<Finding>> = BTreeMap::new();
    for finding in undeclared(planned, packages) {
        if finding.proposed() || finding.certainty == Certainty::Certain {
            by_package
                .entry(finding.package.clone())
                .or_default()
                .push(finding);
        }
    }
    by_package
        .iter()
        .map(|(package, findings)| {
            let read: Vec<String> = findings
                .iter()
                .map(|finding| {
                    let Finding { path, by, .. } = finding;
                    format!("{path}{} ({by} in {})", remark(finding), finding.place())
                })
                .collect();
            let message = format!("the build of `{package}` may lack {}", read.join("; "));
            Problem::new(Code::InputUndeclared, message).hint(remedy(planned, package, findings))
        })
        .collect()
}

fn remedy(planned: &Planned, package: &str, findings: &[Finding]) -> String {
    let proposed = findings.iter().filter(|finding| finding.proposed());
    let paths: BTreeSet<String> = proposed
        .map(|finding| format!("\"{}\"", relative(&planned.workspace.folder, &finding.path)))
        .collect();
    let mut words = Vec::new();
    if !paths.is_empty() {
        let paths = Vec::from_iter(paths).join(", ");
        words.push(format!(
            "add {paths} to `paths` of [inputs.{package}] in bakehouse.toml, then run `bakehouse generate`"
        ));
    }
    for finding in findings.iter().filter(|finding| !finding.declarable()) {
        let Finding { path, package, .. } = finding;
        words.push(match finding.kind {
            Kind::Git => format!(
                "the build has no repository: make the build script work without one, or pass the value in a variable that `variables` of [inputs.{package}] names"
            ),
            Kind::Network => format!(
                "let [fetch] get the file, and the build script of {package} take it from the variable there"
            ),
            Kind::Submodule => format!("`git submodule update --init {path}` checks it out"),
            Kind::Unfollowed => format!(
                "list what the build script of {package} finds there under `paths` of [inputs.{package}]"
            ),
            _ if !finding.exists => format!("make {path} before the build, then declare it"),
            _ if finding.above().is_some() => {
                format!("let `context` of bakehouse.toml name the folder above that holds {path}, then declare it")
            }
            _ => format!("move {path} to a place that can be in the Docker context"),
        });
    }
    words.dedup();
    words.join("; ")
}
