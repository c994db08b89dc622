//! Crates that were compiled more than once in a bake, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::engine::progress::Step;
use crate::plan::Plan;
use crate::plan::config::valid::Unify;
use crate::plan::skeleton::RUNNER;
use crate::plan::stage::{CompileStage, Selection};

/// A crate that more than one step compiled.
#[derive(Debug, PartialEq, Serialize)]
pub struct Again {
    /// Name and version, e.g. `itoa v1.0.9`.
    pub name: String,
    pub stages: Vec<String>,
    pub why: String,
}

/// A part of a package that Cargo compiles at a time. Cargo prints one line per package, whatever it compiles of it, so
/// a stage for a binary is assumed to compile only the binary of its own package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit<'a> {
    Library,
    Binary { name: &'a str, linked_static: bool },
}

/// Returns the crates that more than one of `steps` compiled.
pub fn again<'a>(plan: &Plan, steps: impl Iterator<Item = &'a Step>) -> Vec<Again> {
    let mut stages: BTreeMap<(String, Unit<'_>), Vec<&str>> = BTreeMap::new();
    for step in steps {
        for name in step.compiled().collect::<BTreeSet<_>>() {
            let package = name.split(' ').next().unwrap_or_default();
            if !is_stand_in(plan, &step.stage, package) {
                let unit = unit(plan, &step.stage, package);
                stages.entry((name, unit)).or_default().push(&step.stage);
            }
        }
    }
    let several = stages.into_iter().filter(|(_, stages)| stages.len() > 1);
    several
        .map(|((name, _), stages)| {
            let distinct: BTreeSet<&str> = stages.iter().copied().collect();
            let of: BTreeSet<Option<usize>> = distinct
                .iter()
                .map(|stage| plan.selections.iter().position(|one| has(one, stage)))
                .collect();
            let why = if distinct.len() < stages.len() {
                "once for each platform"
            } else if of.len() > 1 {
                match plan.config.unify {
                    Unify::Each => "features are not unified: `unify = \"each\"`",
                    _ => "in two chains, see `bakehouse plan`: together, services would get features of one another",
                }
            } else {
                "Cargo considered it stale in a later stage"
            };
            Again {
                name,
                stages: distinct.into_iter().map(str::to_owned).collect(),
                why: why.to_owned(),
            }
        })
        .collect()
}

fn has(selection: &Selection, stage: &str) -> bool {
    selection.deps() == stage || selection.stages().any(|one| one.name == stage)
}

/// Returns whether a package is only there to satisfy Cargo: in the stage of the third-party crates, members are empty
/// unless they are compiled there.
fn is_stand_in(plan: &Plan, stage: &str, package: &str) -> bool {
    let is_empty = |selection: &Selection| {
        selection.deps() == stage
            && plan.packages.contains_key(package)
            && !selection.is_path_dependency(package)
    };
    package == RUNNER || plan.selections.iter().any(is_empty)
}

fn unit<'a>(plan: &'a Plan, stage: &str, package: &str) -> Unit<'a> {
    let binary_stages = plan.selections.iter().flat_map(|one| &one.binary_stages);
    let own = |binary_stage: &&CompileStage| {
        binary_stage.name == stage && binary_stage.package == package
    };
    match binary_stages.clone().find(own) {
        Some(binary_stage) => Unit::Binary {
            name: binary_stage.output().unwrap_or_default(),
            linked_static: binary_stage.linked_static,
        },
        None => Unit::Library,
    }
}

#[cfg(test)]
pub mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::cli::commands::build::account::{Account, Outcome};
    use crate::cli::commands::build::seen::Inputs;
    use crate::documents::dockerfile::stage_names;
    use crate::engine::records::Record;
    use crate::files::measured::Measured;
    use crate::graph::Workspace;
    use crate::graph::cargo::Cargo;
    use crate::plan::config::Config;
    use crate::plan::draft::Draft;
    use crate::problem::Source;

    const FILES: &[(&str, &str)] = &[
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"2\"\nmembers = [\"many\", \"base\"]\n",
        ),
        (
            "Cargo.lock",
            "version = 4\n\n[[package]]\nname = \"base\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"many\"\nversion = \"0.1.0\"\ndependencies = [\"base\"]\n",
        ),
        (
            "many/Cargo.toml",
            "[package]\nname = \"many\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nbase = { path = \"../base\" }\n",
        ),
        ("many/src/lib.rs", ""),
        ("many/src/bin/one.rs", "fn main() {}"),
        ("many/src/bin/two.rs", "fn main() {}"),
        ("many/src/bin/three.rs", "fn main() {}"),
        (
            "base/Cargo.toml",
            "[package]\nname = \"base\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        ),
        ("base/src/lib.rs", ""),
        ("base/src/main.rs", "fn main() {}"),
    ];

    fn plan(config: &str) -> Plan {
        planned(config, &[])
    }

    /// Returns the plan of the workspace with other texts in some files.
    pub fn planned(config: &str, edits: &[(&str, &str)]) -> Plan {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap().join("work");
        let edits = edits.iter().filter(|(path, _)| !path.is_empty());
        for (path, text) in FILES.iter().chain(edits) {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let manifest = root.join("Cargo.toml");
        let mut workspace = Workspace::read(&Cargo::default(), Some(&manifest)).unwrap();
        let source = Source {
            name: "bakehouse.toml".to_owned(),
            text: config.to_owned(),
        };
        let config = Config::read(&source, &mut workspace).unwrap();
        let draft = Draft::new(&workspace, config);
        let sources = workspace.sources(&Vec::from_iter(draft.reads())).unwrap();
        Plan::new(draft, &sources)
    }

    fn step(stage: &str, compiled: &[&str]) -> Step {
        let lines = compiled
            .iter()
            .map(|name| format!("   Compiling {name} (/build/x)\n"));
        let log: String = lines.collect();
        Step {
            digest: format!("{stage} {log}"),
            stage: stage.to_owned(),
            instruction: "RUN cargo build".to_owned(),
            executed: true,
            log,
            ..Step::default()
        }
    }

    fn account(plan: &Plan, steps: Vec<Step>) -> Account {
        let record = Record::of(steps);
        let records = BTreeMap::from([("one".to_owned(), record)]);
        Account::of(
            plan,
            &Inputs::new(plan),
            &stage_names(plan),
            &records,
            &Measured::default(),
        )
    }

    #[test]
    fn binaries_of_one_package_are_compiled_once_each() {
        let plan = plan("");
        let own = "many v0.1.0";
        let told = account(
            &plan,
            vec![
                step("deps", &["itoa v1.0.0", own, "base v0.1.0"]),
                step("lib-base", &["base v0.1.0", "bakehouse-runner v0.0.0"]),
                step("build-base", &["base v0.1.0"]),
                step("build-one", &[own]),
                step("build-two", &[own]),
                step("build-three", &[own]),
            ],
        );
        assert_eq!(told.compiled_again, []);
        assert_eq!(told.stages.len(), 6);
    }

    #[test]
    fn what_cargo_takes_for_stale_is_told() {
        let plan = plan("");
        let own = "many v0.1.0";
        let told = account(
            &plan,
            vec![
                step("deps", &["itoa v1.0.0"]),
                step("lib-base", &["base v0.1.0"]),
                step("build-one", &["base v0.1.0", own]),
                step("build-two", &["itoa v1.0.0", own]),
            ],
        );
        let again = |name: &str, stages: [&str; 2]| Again {
            name: name.to_owned(),
            stages: stages.map(str::to_owned).to_vec(),
            why: "Cargo considered it stale in a later stage".to_owned(),
        };
        assert_eq!(
            told.compiled_again,
            [
                again("base v0.1.0", ["build-one", "lib-base"]),
                again("itoa v1.0.0", ["build-two", "deps"]),
            ]
        );
    }

    #[test]
    fn a_binary_on_two_platforms_is_told_and_one_that_is_linked_twice_is_not() {
        let plan = plan(
            "[services.one]\npackage = \"many\"\nbin = \"one\"\n\n[packs.p]\npath = \"p\"\nbinaries = [{ package = \"many\", bin = \"one\", to = \"x\", static = true }]\n",
        );
        let binary_stages = plan.selections.iter().flat_map(|one| &one.binary_stages);
        let names: Vec<&str> = binary_stages
            .map(|binary_stage| binary_stage.name.as_str())
            .collect();
        assert_eq!(names.len(), 2, "{names:?}");
        let steps = names.iter().map(|name| step(name, &["many v0.1.0"]));
        assert_eq!(account(&plan, steps.collect()).compiled_again, []);
        let twice = [("amd64", names[0]), ("arm64", names[0])].map(|(digest, name)| Step {
            digest: digest.to_owned(),
            ..step(name, &["many v0.1.0"])
        });
        let told = account(&plan, twice.to_vec());
        assert_eq!(told.compiled_again[0].why, "once for each platform");
    }

    #[test]
    fn stages_of_another_build_are_not_counted() {
        let plan = plan("");
        let own = stage_names(&plan);
        let steps = vec![
            step("build-elsewhere", &["base v0.1.0"]),
            step("lib-elsewhere", &["base v0.1.0"]),
        ];
        let record = Record::of(steps.clone());
        assert!(!Outcome::of(&own, &record).is_built);
        let told = account(&plan, steps);
        assert_eq!(told.stages, []);
        assert_eq!(told.compiled_again, []);
    }
}
