//! `toolchain`: the stage that every compile stage starts from. If the builder base lacks something that the toolchain
//! file names, rustup installs it here. Later steps have no network.

use crate::documents::dockerfile::environment::run;
use crate::documents::dockerfile::model::{Command, Instruction, Run, Stage};
use crate::documents::dockerfile::mounts::BUILD;
use crate::documents::dockerfile::script::{Call, Script, quoted};
use crate::documents::dockerfile::{platform, secrets};
use crate::graph::ToolchainFile;
use crate::graph::cargo_config::Override;
use crate::graph::toolchain_file::Channel;
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::builder::{says_it_has, uncertain};

/// Renders the stage.
pub fn stage(plan: &Plan) -> Stage {
    let mut instructions = Vec::from_iter(variables(plan));
    if !plan.config.builder_packages.is_empty() {
        instructions.push(Instruction::Run(Run {
            network: true,
            mounts: secrets::files(plan),
            command: Command::Shell(vec![
                "apt-get update -qq &&".to_owned(),
                format!(
                    "apt-get install -qq -y --no-install-recommends {} &&",
                    plan.config.builder_packages.join(" ")
                ),
                "rm -rf /var/lib/apt/lists/*".to_owned(),
            ]),
        }));
    }
    instructions.extend(programs(plan));
    let mut comment = "toolchain: the builder base. ".to_owned();
    if let Some(file) = plan.toolchain_file.as_ref().filter(|file| names_any(file)) {
        let name = file_name(file);
        if says_it_has(plan) {
            instructions.extend(
                file.channel
                    .as_ref()
                    .map(|channel| checked(plan, file, channel)),
            );
            comment += &format!("{name} is not copied in, so that rustup downloads nothing.");
        } else {
            let secrets = secrets::of_rustup(plan);
            let call = call(file).after(secrets::only_given_to_rustup(plan));
            instructions.push(run(plan, true, secrets, call));
            comment += &format!("If the base lacks a part of {name}, rustup installs it here.");
        }
    } else {
        comment += "A toolchain file is not copied in, so that rustup downloads nothing.";
    }
    Stage {
        comment: vec![comment],
        from: platform::builder_base(plan),
        name: StageName::new("toolchain"),
        instructions,
    }
}

/// Returns the variables that override Cargo's configuration files: those for wrappers that the builder does not have,
/// for the target folder, and for the workspace's folder.
fn variables(plan: &Plan) -> Option<Instruction> {
    let value = |value: Override| match value {
        Override::TargetFolder => format!("{BUILD}/target"),
        Override::Text(text) => text.to_owned(),
    };
    let mut overrides = plan.cargo_config.overrides.clone();
    let nested = !plan.folder.as_str().is_empty();
    if nested {
        overrides.insert("CARGO_TARGET_DIR".to_owned(), Override::TargetFolder);
    }
    let overrides = overrides.into_iter();
    let folder = nested.then(|| {
        (
            "BAKEHOUSE_WORKSPACE".to_owned(),
            vec![plan.folder.to_string()],
        )
    });
    let variables: Vec<(String, Vec<String>)> = overrides
        .map(|(name, text)| (name, vec![value(text)]))
        .chain(folder)
        .collect();
    (!variables.is_empty()).then_some(Instruction::Env(variables))
}

/// Checks, before anything is compiled, for the programs that Cargo's configuration needs.
fn programs(plan: &Plan) -> Option<Instruction> {
    let mut call = Call::of(Script::Programs);
    let tools = uncertain(plan);
    for tool in &tools {
        let triple = tool.target.as_deref();
        let triple = triple.filter(|target| !target.starts_with("cfg("));
        let triple = triple.filter(|_| plan.config.platforms.is_empty());
        call = call.arguments([&tool.program, &tool.key, triple.unwrap_or("*")]);
    }
    (!tools.is_empty()).then(|| run(plan, false, Vec::new(), call))
}

fn names_any(file: &ToolchainFile) -> bool {
    file.channel.is_some() || file.additions().next().is_some()
}

fn file_name(file: &ToolchainFile) -> &str {
    file.path.file_name().unwrap_or_default()
}

/// Checks that a base whose name promises the toolchain really has it.
fn checked(plan: &Plan, file: &ToolchainFile, channel: &Channel) -> Instruction {
    let pattern = pattern(channel);
    if pattern.is_empty() {
        return run(plan, false, Vec::new(), call(file));
    }
    let (name, wanted) = (file_name(file), channel.as_str());
    Instruction::Run(Run {
        network: false,
        mounts: Vec::new(),
        command: Command::Shell(vec![
            format!("rustc --version | grep -E -e {} || {{", quoted(&pattern)),
            format!(
                "echo \"error: {name} pins rustc {wanted}, but BUILDER_BASE has $(rustc --version); set bases.builder in bakehouse.toml\" >&2; exit 1; }}"
            ),
        ]),
    })
}

/// Returns the call of the script that installs the missing parts.
fn call(file: &ToolchainFile) -> Call {
    let channel = file.channel.as_ref();
    Call::of(Script::Toolchain)
        .variable("FILE", file_name(file))
        .variable("CHANNEL", channel.map_or("", Channel::as_str))
        .variable("VERSION", channel.map(pattern).unwrap_or_default())
        .variable("COMPONENTS", file.components.join(" "))
        .variable("TARGETS", file.targets.join(" "))
}

/// Returns the regular expression for the version that the compiler of a channel prints. It is empty for a dated
/// `stable` or `beta`: only the folder that rustup named shows which release that was.
fn pattern(channel: &Channel) -> String {
    let release = |version: &str| version.replace('.', r"\.");
    match channel.parts() {
        ("stable", None) => r"^rustc [0-9.]+( |$)".to_owned(),
        (kind @ ("beta" | "nightly"), None) => format!("-{kind}"),
        (kind @ ("beta" | "nightly"), Some(date)) => match built_from(date) {
            Some(day) => format!(r"-{kind}.* {day}\)"),
            None => String::new(),
        },
        (_, Some(_)) => String::new(),
        (version, None) if version.contains("-beta") => format!("^rustc {}", release(version)),
        (version, None) if version.matches('.').count() > 1 => {
            format!("^rustc {}([ .]|$)", release(version))
        }
        (version, None) => format!(r"^rustc {}(\.[0-9]+)*( |$)", release(version)),
    }
}

/// Returns the date of the commit that a toolchain of that date is built from, which is the day before.
fn built_from(date: &str) -> Option<String> {
    let date: jiff::civil::Date = date.parse().ok()?;
    Some(date.yesterday().ok()?.to_string())
}
