//! The environment that all compile steps of a selection share: their base, variables and mounts. It is one stage of
//! the Dockerfile.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::model::{Command, Instruction, Mount, Run, Stage};
use super::mounts::BUILD;
use super::script::{Call, Script};
use super::{mounts, platform};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::config::valid::{AtBake, FEATURES, PROFILE};
use crate::plan::stage::Selection;

/// The name of the stage, and the prefix of those of further selections.
const CARGO: &str = "cargo";

/// The environment of a selection.
pub struct Environment<'a> {
    pub plan: &'a Plan,
    pub selection: &'a Selection,
    /// The name of the environment's stage.
    pub stage: StageName,
}

/// A step that compiles something.
pub struct Step {
    /// The name of the step's stage.
    pub name: StageName,
    pub comment: String,
    /// The variable that separates its cache mounts.
    pub platform: &'static str,
    /// Further build arguments. A step sees one only if it was given, and a changed value runs the step again.
    pub arguments: Vec<String>,
    /// Mounts that not all steps have.
    pub mounts: Vec<Mount>,
    /// Scripts that the called one needs.
    pub scripts: Vec<Script>,
    pub call: Call,
}

impl<'a> Environment<'a> {
    pub fn new(plan: &'a Plan, selection: &'a Selection) -> Self {
        Self {
            plan,
            selection,
            stage: StageName::new(format!("{CARGO}{}", selection.suffix)),
        }
    }

    /// Renders the stage.
    pub fn stage(&self) -> Stage {
        // With one selection, the list would be another line that each new service changes.
        let outputs = match &self.plan.selections[..] {
            [_] => String::new(),
            _ => format!(" for {}", self.selection.outputs.join(", ")),
        };
        Stage {
            comment: vec![format!(
                "{}: the environment of the stages that compile{outputs}. All select the same packages, so that Cargo unifies features alike in each.",
                self.stage
            )],
            from: platform::base(self.plan).to_owned(),
            name: self.stage.clone(),
            instructions: self.instructions(),
        }
    }

    fn instructions(&self) -> Vec<Instruction> {
        let mut variables = self.variables();
        let arguments: Vec<String> = self.at_bake().collect();
        if arguments.is_empty() {
            return vec![Instruction::Env(variables)];
        }
        // Only these name others; in all values of the others a `$` is a plain character.
        let named = |(name, _): &mut (String, Vec<String>)| {
            ["BAKEHOUSE_PROFILE", "BAKEHOUSE_BUILD"].contains(&name.as_str())
        };
        let naming = variables.extract_if(.., named).collect();
        let arguments = arguments.into_iter().map(Instruction::Arg);
        let plain = Instruction::Env(variables);
        [plain]
            .into_iter()
            .chain(arguments)
            .chain([Instruction::EnvOf(naming)])
            .collect()
    }

    /// Returns the build arguments with what a bake chooses.
    fn at_bake(&self) -> impl Iterator<Item = String> {
        let AtBake { profile, features } = &self.plan.config.at_bake;
        let profile = profile.then(|| PROFILE.to_owned());
        let features = features.as_ref().map(|_| features_argument(self.selection));
        profile.into_iter().chain(features)
    }

    /// Returns the profile, in the syntax of a Dockerfile.
    fn profile(&self) -> String {
        let own = &self.selection.settings.profile;
        match self.plan.config.at_bake.profile {
            true => format!("${{{PROFILE}:-{own}}}"),
            false => own.clone(),
        }
    }

    fn variables(&self) -> Vec<(String, Vec<String>)> {
        let plan = self.plan;
        let settings = &self.selection.settings;
        let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        let mut variables = vec![
            one("CARGO_HOME", mounts::CARGO_HOME),
            one("CARGO_NET_OFFLINE", "true"),
        ];
        let fetched = plan.config.fetch.iter();
        variables.extend(fetched.map(|file| one(&file.variable, &file.value())));
        variables.extend(self.debug_of_host());
        if !settings.rustflags.is_empty() {
            variables.push(("RUSTFLAGS".to_owned(), vec![settings.rustflags.join(" ")]));
        }
        variables.push(one("BAKEHOUSE_PROFILE", &self.profile()));
        variables.push(("BAKEHOUSE_BUILD".to_owned(), self.build()));
        if let Some(version) = &plan.config.min_glibc {
            variables.push(one("BAKEHOUSE_GLIBC", version));
        }
        if !plan.skeleton.ambiguous.is_empty() {
            variables.push(one("BAKEHOUSE_NAMESAKES", "true"));
        }
        if !plan.as_is.is_empty() {
            variables.push(one("BAKEHOUSE_AS_IS", &words(&plan.as_is)));
        }
        // These are files that Cargo's configuration names, and configuration that sets variables. Cargo does not rerun
        // a build script when a variable changes that the script does not declare.
        let named = plan.cargo_config.named.iter().map(|named| &named.path);
        let named = words(named.chain(&plan.cargo_config.setting_env));
        if !named.is_empty() {
            variables.push(one("BAKEHOUSE_NAMED_FILES", &named));
        }
        variables
    }

    /// Returns the arguments of `cargo build`, one package a line.
    fn build(&self) -> Vec<String> {
        let selection = self.selection;
        let mut lines = vec![format!("--locked --profile {}", self.profile())];
        let packages = selection.packages.iter();
        lines.extend(packages.map(|package| format!("-p {}", spec(self.plan, package))));
        if selection.no_default_features {
            lines.push("--no-default-features".to_owned());
        }
        let features = selection.feature_arguments();
        if !features.is_empty() {
            lines.push(format!("--features {}", features.join(",")));
        }
        if self.plan.config.at_bake.features.is_some() {
            let argument = features_argument(selection);
            lines.push(format!("${{{argument}:+--features=${{{argument}}}}}"));
        }
        lines
    }

    /// Returns the variable that sets the debug information of procedural macros, build scripts and their dependencies.
    /// By default Cargo leaves it out of crates that only these need, and which crates those are depends on the
    /// packages that are built together. The same crate would then have different fingerprints in different stages.
    /// With an explicit value all stages agree.
    fn debug_of_host(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        let any = self.plan.config.at_bake.profile;
        let levels = self.plan.host_debug.iter();
        let own =
            levels.filter(move |(profile, _)| any || **profile == self.selection.settings.profile);
        own.map(|(profile, level)| {
            let name = profile.to_ascii_uppercase().replace('-', "_");
            (
                format!("CARGO_PROFILE_{name}_BUILD_OVERRIDE_DEBUG"),
                vec![level.clone()],
            )
        })
    }

    /// Returns the stage of a step that compiles: without network, with the crates' sources, and with a temporary
    /// `/tmp`.
    pub fn compile(&self, step: Step) -> Stage {
        let plan = self.plan;
        let mut mounts = vec![Mount::Temporary, mounts::cargo_home()];
        mounts.extend(mounts::zig(plan));
        mounts.extend(mounts::fetched(plan));
        mounts.extend(step.mounts);
        let scripts = step.scripts.into_iter().chain([step.call.script()]);
        mounts.extend(scripts.map(|script| mounts::script(plan, script)));
        let platform = std::iter::once(step.platform.to_owned());
        // Cargo compiles a crate again if a variable that it reads differs from step to step.
        let of_crates = self.selection.given.iter();
        let of_crates = of_crates.flat_map(|of_crate| &of_crate.variables).cloned();
        let variables: BTreeSet<String> = step.arguments.into_iter().chain(of_crates).collect();
        let arguments = platform.chain(variables).map(Instruction::Arg);
        Stage {
            comment: vec![step.comment],
            from: String::from(&self.stage),
            name: step.name,
            instructions: arguments
                .chain([Instruction::Run(Run {
                    network: false,
                    mounts,
                    command: Command::Call(step.call),
                })])
                .collect(),
        }
    }
}

/// Returns the build argument with the features that a bake adds to a selection.
pub fn features_argument(selection: &Selection) -> String {
    let suffix = selection.suffix.to_ascii_uppercase().replace('-', "_");
    format!("{FEATURES}{suffix}")
}

/// Returns paths as the words of a variable.
fn words(paths: impl IntoIterator<Item = impl AsRef<Utf8Path>>) -> String {
    let paths = paths.into_iter();
    let words: Vec<String> = paths.map(|path| path.as_ref().to_string()).collect();
    words.join(" ")
}

/// Returns a step that calls a script. The script's mount comes after `mounts`.
pub fn run(plan: &Plan, network: bool, mut mounts: Vec<Mount>, call: Call) -> Instruction {
    mounts.push(mounts::script(plan, call.script()));
    Instruction::Run(Run {
        network,
        mounts,
        command: Command::Call(call),
    })
}

/// Returns the name of a package for Cargo's option `-p`. If a third-party crate has the same name, it is the package's
/// URL.
pub fn spec(plan: &Plan, package: &str) -> String {
    if plan.skeleton.ambiguous.contains(package) {
        let dir = &plan.skeleton.members[package].dir;
        format!("path+file://{BUILD}/{dir}")
    } else {
        package.to_owned()
    }
}

/// Returns the name of a package in the lists that scripts read, with its URL if Cargo needs that.
pub fn listed(plan: &Plan, package: &str) -> String {
    if plan.skeleton.ambiguous.contains(package) {
        format!("{package}={}", spec(plan, package))
    } else {
        package.to_owned()
    }
}
