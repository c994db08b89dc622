//! The guard of a kept target folder: before Cargo runs, it removes what was compiled with other files or variables than
//! build scripts of third-party crates are given now.

use super::environment::Environment;
use super::model::Mount;
use super::script::{Call, Script};
use crate::plan::Plan;

/// The folder of the workspace's files that third-party crates are given.
const FOLDER: &str = "/given";

/// Returns `call` behind the guard, with the scripts that it then needs. Where nothing is given, it is the call itself.
pub fn guarded(environment: &Environment<'_>, call: Call) -> (Call, Vec<Script>) {
    let (plan, selection) = (environment.plan, environment.selection);
    if !given(plan) {
        return (call, Vec::new());
    }
    let fetched = plan.config.fetch.iter();
    let mut words: Vec<String> = fetched.map(|file| format!("={}", file.variable)).collect();
    for of_crate in &selection.given {
        let name = &of_crate.name;
        let variables = of_crate.variables.iter();
        words.extend(variables.map(|variable| format!("{name}={variable}")));
        let paths = of_crate.paths.iter();
        words.extend(paths.map(|path| format!("{name}={FOLDER}/{path}")));
    }
    let script = call.script();
    let call = call.through(Script::Given);
    (call.variable("GIVEN", words.join(" ")), vec![script])
}

/// Returns whether any third-party crate may be given something. Target folders have another cache mount then.
pub fn given(plan: &Plan) -> bool {
    let mut selections = plan.selections.iter();
    !plan.config.fetch.is_empty() || selections.any(|selection| !selection.given.is_empty())
}

/// Returns the mounts of the files that crates are given.
pub fn mounts(environment: &Environment<'_>) -> Vec<Mount> {
    let paths = environment.selection.given.iter();
    let mut paths: Vec<_> = paths.flat_map(|of_crate| &of_crate.paths).collect();
    paths.sort();
    paths.dedup();
    let mounts = paths.into_iter();
    mounts
        .map(|path| Mount::context(path, format!("{FOLDER}/{path}")))
        .collect()
}
