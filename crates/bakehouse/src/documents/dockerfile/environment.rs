//! The environment that all compile steps of a selection share: their base, variables, and mounts. It is worked out
//! once, and is one stage of the Dockerfile.

use camino::Utf8PathBuf;

use super::model::{Command, Instruction, Mount, Run, Stage};
use super::mounts::BUILD;
use super::script::{Call, Script};
use super::{mounts, platform};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::stage::Selection;

/// The name of the stage; those of further selections begin with it.
const CARGO: &str = "cargo";

/// The environment of a selection.
pub struct Environment<'a> {
    pub plan: &'a Plan,
    pub selection: &'a Selection,
    /// The name of the stage that has it.
    pub stage: StageName,
}

/// A step that compiles something.
pub struct Step {
    /// The name of its stage.
    pub name: StageName,
    pub comment: String,
    /// Variables from outside. In a step they are there if they were given, and count for whether it runs.
    pub arguments: Vec<String>,
    /// Mounts beside those of all steps.
    pub mounts: Vec<Mount>,
    /// Scripts beside the one that is called.
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
        let outputs = self.selection.outputs.join(", ");
        Stage {
            comment: vec![format!(
                "{}: the environment of every step that compiles for {outputs}. Each builds the same packages, so that features are the same in each.",
                self.stage
            )],
            from: platform::base(self.plan).to_owned(),
            name: self.stage.clone(),
            instructions: vec![Instruction::Env(self.variables())],
        }
    }

    fn variables(&self) -> Vec<(String, Vec<String>)> {
        let plan = self.plan;
        let one = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
        let mut variables = vec![
            one("CARGO_HOME", mounts::CARGO_HOME),
            one("CARGO_NET_OFFLINE", "true"),
        ];
        variables.extend(self.debug_of_host());
        variables.push(one("BAKEHOUSE_PROFILE", &plan.config.profile));
        variables.push(("BAKEHOUSE_BUILD".to_owned(), self.build()));
        if let Some(version) = &plan.config.min_glibc {
            variables.push(one("BAKEHOUSE_GLIBC", version));
        }
        if !plan.skeleton.ambiguous.is_empty() {
            variables.push(one("BAKEHOUSE_NAMESAKES", "true"));
        }
        let words = |paths: &mut dyn Iterator<Item = &Utf8PathBuf>| {
            let paths: Vec<&str> = paths.map(|path| path.as_str()).collect();
            paths.join(" ")
        };
        if !plan.as_is.is_empty() {
            variables.push(one("BAKEHOUSE_AS_IS", &words(&mut plan.as_is.iter())));
        }
        // Files that Cargo's configuration names, and configuration that sets variables: Cargo does not rerun a build
        // script for a variable that the script does not declare.
        let named = plan.cargo_config.named.iter().map(|named| &named.path);
        let named = words(&mut named.chain(&plan.cargo_config.setting_env));
        if !named.is_empty() {
            variables.push(one("BAKEHOUSE_NAMED_FILES", &named));
        }
        variables
    }

    /// The arguments of `cargo build`, a package a line.
    fn build(&self) -> Vec<String> {
        let selection = self.selection;
        let mut lines = vec![format!("--locked --profile {}", self.plan.config.profile)];
        let packages = selection.packages.iter();
        lines.extend(packages.map(|package| format!("-p {}", spec(self.plan, package))));
        if selection.no_default_features {
            lines.push("--no-default-features".to_owned());
        }
        let features = selection.feature_arguments();
        if !features.is_empty() {
            lines.push(format!("--features {}", features.join(",")));
        }
        lines
    }

    /// Cargo leaves debug information out of what only procedural macros and build scripts need, and what that is
    /// depends on what is built together: the same crate would be another one in each stage. Where it is said, all
    /// stages agree.
    fn debug_of_host(&self) -> Option<(String, Vec<String>)> {
        let name = self
            .plan
            .config
            .profile
            .to_ascii_uppercase()
            .replace('-', "_");
        let level = self.plan.host_debug.clone()?;
        Some((
            format!("CARGO_PROFILE_{name}_BUILD_OVERRIDE_DEBUG"),
            vec![level],
        ))
    }

    /// The stage of a step that compiles: without network, with the crates' sources, and with a `/tmp` that is not kept.
    pub fn compile(&self, step: Step) -> Stage {
        let plan = self.plan;
        let mut mounts = vec![Mount::Temporary, mounts::cargo_home()];
        mounts.extend(mounts::zig(plan));
        mounts.extend(step.mounts);
        let scripts = step.scripts.into_iter().chain([step.call.script()]);
        mounts.extend(scripts.map(|script| mounts::script(plan, script)));
        let arguments = step.arguments.into_iter().map(Instruction::Arg);
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

/// A step that calls a script, with the script's mount after `mounts`.
pub fn run(plan: &Plan, network: bool, mut mounts: Vec<Mount>, call: Call) -> Instruction {
    mounts.push(mounts::script(plan, call.script()));
    Instruction::Run(Run {
        network,
        mounts,
        command: Command::Call(call),
    })
}

/// The name of a package for Cargo's option `-p`: its place where a third-party crate has the same name.
pub fn spec(plan: &Plan, package: &str) -> String {
    if plan.skeleton.ambiguous.contains(package) {
        let dir = &plan.skeleton.members[package].dir;
        format!("path+file://{BUILD}/{dir}")
    } else {
        package.to_owned()
    }
}

/// The name of a package in the lists that scripts read: with its place where Cargo needs that.
pub fn listed(plan: &Plan, package: &str) -> String {
    if plan.skeleton.ambiguous.contains(package) {
        format!("{package}={}", spec(plan, package))
    } else {
        package.to_owned()
    }
}
