//! `toolchain`: the stage that every compile stage starts from. If the builder base lacks something that the toolchain
//! file names, rustup installs it here and nowhere else: later steps have no network.

use super::BUILD;
use super::cross;
use super::model::{Instruction, Run, Stage};
use super::secrets;
use crate::graph::ToolchainFile;
use crate::graph::cargo_config::Override;
use crate::graph::toolchain_file::Channel;
use crate::plan::Plan;
use crate::plan::builder::{says_it_has, uncertain};

/// Renders the stage.
pub fn stage(plan: &Plan) -> Stage {
    let mut instructions = variables(plan);
    if !plan.config.builder_packages.is_empty() {
        instructions.push(Instruction::Run(Run {
            network: true,
            mounts: secrets::files(plan),
            script: vec![
                "apt-get update -qq".to_owned(),
                format!(
                    "apt-get install -qq -y --no-install-recommends {}",
                    plan.config.builder_packages.join(" ")
                ),
                "rm -rf /var/lib/apt/lists/*".to_owned(),
            ],
        }));
    }
    instructions.extend(programs(plan).map(Instruction::Run));
    let mut comment = "toolchain: the builder base. ".to_owned();
    if let Some(file) = plan.toolchain_file.as_ref().filter(|file| names_any(file)) {
        let name = file_name(file);
        if says_it_has(plan) {
            instructions.extend(checked(file).map(Instruction::Run));
            comment += &format!("{name} stays out of the build, so that rustup fetches nothing.");
        } else {
            instructions.push(Instruction::Run(installed(plan, file)));
            comment += &format!("What {name} names and the base has not, rustup fetches here.");
        }
    } else {
        comment += "A toolchain file stays out of the build, so that rustup fetches nothing.";
    }
    Stage {
        comment: vec![comment],
        from: cross::builder_base(plan),
        name: "toolchain".to_owned(),
        instructions,
    }
}

/// Returns the variables that override Cargo's configuration files: wrappers that the builder does not have, and the
/// target folder.
fn variables(plan: &Plan) -> Vec<Instruction> {
    let mut variables = plan.cargo_config.overrides.clone();
    if !plan.folder.as_str().is_empty() {
        variables.insert("CARGO_TARGET_DIR".to_owned(), Override::TargetFolder);
    }
    let value = |value: Override| match value {
        Override::TargetFolder => format!("{BUILD}/target"),
        Override::Text(text) => text.to_owned(),
    };
    variables
        .into_iter()
        .map(|(name, text)| Instruction::Env(name, value(text)))
        .collect()
}

/// Checks for the programs that Cargo's configuration asks for before anything is compiled.
fn programs(plan: &Plan) -> Option<Run> {
    let tools = uncertain(plan);
    if tools.is_empty() {
        return None;
    }
    let mut script = vec![
        "wants() {".to_owned(),
        "  command -v \"$1\" >/dev/null && return".to_owned(),
        "  echo \"error: $2 asks for $1, and BUILDER_BASE has none; add its package to bases.packages in bakehouse.toml, or name another base with bases.builder\" >&2".to_owned(),
        "  exit 1".to_owned(),
        "}".to_owned(),
    ];
    let mut hosts = false;
    for tool in tools {
        let wants = format!(
            "wants {} {}",
            quoted(&tool.program),
            quoted(&format!("{} in Cargo's configuration", tool.key))
        );
        let target = tool.target.as_deref();
        let triple = target.filter(|target| !target.starts_with("cfg("));
        script.push(match triple.filter(|_| plan.config.platforms.is_empty()) {
            Some(triple) => {
                hosts = true;
                format!("[ \"$host\" != {} ] || {wants}", quoted(triple))
            }
            None => wants,
        });
    }
    if hosts {
        script.insert(0, "host=$(rustc -vV | sed -n 's/^host: //p')".to_owned());
    }
    Some(Run {
        network: false,
        mounts: Vec::new(),
        script,
    })
}

/// Quotes a word for the shell where that is needed.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+".contains(c);
    match text.chars().all(plain) {
        true => text.to_owned(),
        false => format!(
            "'{}'",
            text.replace('\'', r"'\''").replace(['\n', '\r'], " ")
        ),
    }
}

fn names_any(file: &ToolchainFile) -> bool {
    file.channel.is_some() || file.additions().next().is_some()
}

fn file_name(file: &ToolchainFile) -> &str {
    file.path.file_name().unwrap_or_default()
}

/// Checks that a base whose name promises the toolchain really has it.
fn checked(file: &ToolchainFile) -> Option<Run> {
    let channel = file.channel.as_ref()?;
    let (name, wanted) = (file_name(file), channel.as_str());
    let other = format!(
        "echo \"error: {name} pins rustc {wanted}, but BUILDER_BASE has $found; set bases.builder in bakehouse.toml\" >&2; exit 1"
    );
    let mut script = vec!["found=$(rustc --version)".to_owned()];
    let Accepted { not, versions } = Accepted::of(channel);
    if not.is_empty() && !versions.is_empty() {
        script.extend([
            "case \"$found\" in".to_owned(),
            format!("{versions}) ;;"),
            format!("*) {other} ;;"),
            "esac".to_owned(),
        ]);
    } else {
        script.extend(has(channel));
        script.push(format!("has || {{ {other}; }}"));
    }
    Some(Run {
        network: false,
        mounts: Vec::new(),
        script,
    })
}

/// Installs what the base lacks. If it lacks nothing, no network is used.
fn installed(plan: &Plan, file: &ToolchainFile) -> Run {
    let name = file_name(file);
    let (channel, components, targets) = (&file.channel, &file.components, &file.targets);
    let all: Vec<&str> = channel
        .iter()
        .map(Channel::as_str)
        .chain(file.additions())
        .collect();
    let wanted = all.join(" ");
    let mut script: Vec<String> = secrets::only_given_to_rustup(plan).collect();
    script.push("found=$(rustc --version 2>/dev/null || echo 'no rustc')".to_owned());
    script.extend(channel.iter().flat_map(has));
    script.extend([
        "fail() {".to_owned(),
        format!(
            "  echo \"error: {name} names {wanted}, but BUILDER_BASE has $found and lacks$lacks: $1. Another base is named with bases.builder in bakehouse.toml\" >&2"
        ),
        "  exit 1".to_owned(),
        "}".to_owned(),
        "lacks=".to_owned(),
    ]);
    if let Some(channel) = channel {
        script.push(format!("has || lacks=\"$lacks {}\"", channel.as_str()));
    }
    if !components.is_empty() {
        script.extend(HAS_COMPONENT.lines().map(str::to_owned));
        script.extend([
            format!("for component in {}; do", components.join(" ")),
            "  has_component $component || lacks=\"$lacks $component\"".to_owned(),
            "done".to_owned(),
        ]);
    }
    if !targets.is_empty() {
        script.extend([
            format!("for target in {}; do", targets.join(" ")),
            "  ls \"$(rustc --print target-libdir --target $target 2>/dev/null)\"/libcore-*.rlib >/dev/null 2>&1 || lacks=\"$lacks $target\"".to_owned(),
            "done".to_owned(),
        ]);
    }
    script.push("if [ -n \"$lacks\" ]; then".to_owned());
    script.extend(install(file).into_iter().map(|line| format!("  {line}")));
    script.push("fi".to_owned());
    Run {
        network: true,
        mounts: secrets::of_rustup(plan),
        script,
    }
}

/// Returns the script with which rustup installs the toolchain, or the parts that the existing compiler lacks.
fn install(file: &ToolchainFile) -> Vec<String> {
    let (components, targets) = (file.components.join(" "), file.targets.join(" "));
    let mut script = vec![
        "command -v rustup >/dev/null || fail \"it has no rustup to install that\"".to_owned(),
    ];
    let add = [
        ("rustup component add", &components),
        ("rustup target add", &targets),
    ];
    let add = add.iter().filter(|(_, names)| !names.is_empty());
    let add: Vec<String> = add
        .map(|(command, names)| format!("{command} {names} || fail \"$unreached\""))
        .collect();
    script
        .push("unreached='rustup cannot install that; see above what its server says'".to_owned());
    let Some(channel) = file.channel.as_ref().map(Channel::as_str) else {
        script.extend(add);
        return script;
    };
    let options = |option: &str, names: &[String]| -> String {
        names
            .iter()
            .map(|name| format!(" {option} {name}"))
            .collect()
    };
    let whole = [
        format!(
            "rustup toolchain install {channel} --profile minimal --no-self-update{}{} || fail \"$unreached\"",
            options("--component", &file.components),
            options("--target", &file.targets)
        ),
        format!("rustup default {channel}"),
    ];
    if add.is_empty() {
        script.extend(whole);
    } else {
        script.push("if has; then".to_owned());
        script.extend(add.into_iter().map(|line| format!("  {line}")));
        script.push("else".to_owned());
        script.extend(whole.into_iter().map(|line| format!("  {line}")));
        script.push("fi".to_owned());
    }
    script.push(
        "has || fail \"it is installed now and not used; RUSTUP_TOOLCHAIN, or a compiler earlier on PATH, decides otherwise\""
            .to_owned(),
    );
    script
}

/// Looks a component up in the list that Rust's installer writes, and rustup as well.
const HAS_COMPONENT: &str = r#"host=$(rustc -vV 2>/dev/null | sed -n 's/^host: //p')
has_component() { grep -qxE "$1(-preview)?(-$host)?" "$(rustc --print sysroot)/lib/rustlib/components" 2>/dev/null; }"#;

/// Returns a shell function that reports whether the compiler belongs to a channel, judged by the folder name that
/// rustup chose, or by the compiler's version output.
fn has(channel: &Channel) -> Vec<String> {
    let Accepted { not, versions } = Accepted::of(channel);
    let mut script = vec![
        "has() {".to_owned(),
        "  case \"$(rustc --print sysroot 2>/dev/null)\" in".to_owned(),
        format!("  */toolchains/{}-*-*) return 0 ;;", named_exactly(channel)),
        "  esac".to_owned(),
    ];
    if !versions.is_empty() {
        script.push("  case \"$(rustc --version 2>/dev/null)\" in".to_owned());
        if !not.is_empty() {
            script.push(format!("  {not}) return 1 ;;"));
        }
        script.push(format!("  {versions}) return 0 ;;"));
        script.push("  esac".to_owned());
    }
    script.extend(["  return 1".to_owned(), "}".to_owned()]);
    script
}

/// Returns the start of the name of rustup's folder, up to the host. A channel without a date does not match a dated
/// one.
fn named_exactly(channel: &Channel) -> String {
    match channel.parts() {
        ("stable" | "beta" | "nightly", None) => format!("{}-[!0-9]*", channel.as_str()),
        _ => channel.as_str().to_owned(),
    }
}

/// Shell patterns for the `rustc --version` output of a toolchain.
struct Accepted {
    /// Pattern of versions that are excluded although `versions` matches them.
    not: &'static str,
    versions: String,
}

impl Accepted {
    fn of(channel: &Channel) -> Self {
        const UNRELEASED: &str = "*-beta* | *-nightly* | *-dev*";
        let (not, versions) = match channel.parts() {
            ("stable", None) => (UNRELEASED, "\"rustc \"*".to_owned()),
            ("beta", None) => ("", "*-beta*".to_owned()),
            ("nightly", None) => ("", "*-nightly*".to_owned()),
            (kind @ ("beta" | "nightly"), Some(date)) => match made_of(date) {
                Some(day) => ("", format!("*-{kind}*\" {day})\"")),
                None => ("", String::new()),
            },
            // Only the folder name shows which release a dated `stable` or `beta` was.
            (_, Some(_)) => ("", String::new()),
            (version, None) if version.contains("-beta") => ("", format!("\"rustc {version}\"*")),
            (version, None) => {
                let whole = version.matches('.').count() > 1;
                let versions = format!("\"rustc {version}\"[.\\ ]* | \"rustc {version}\"");
                (if whole { "" } else { UNRELEASED }, versions)
            }
        };
        Self { not, versions }
    }
}

/// Returns the date of the commit that a toolchain of that date is built from: the day before.
fn made_of(date: &str) -> Option<String> {
    let date: jiff::civil::Date = date.parse().ok()?;
    Some(date.yesterday().ok()?.to_string())
}
