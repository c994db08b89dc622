//! A Dockerfile as data. These types are small and dumb: they model syntax, not Rust builds.

use std::fmt;

use super::script::{Call, Script};
use crate::context_path::ContextPath;
use crate::names::StageName;
use crate::plan::config::valid::Healthcheck;

/// A build stage.
pub struct Stage {
    /// The reason for the stage; one comment line each.
    pub comment: Vec<String>,
    pub from: String,
    pub name: StageName,
    pub instructions: Vec<Instruction>,
}

/// An instruction of a stage.
pub enum Instruction {
    /// Variables with their values. A value has several lines if the shell splits it into words.
    Env(Vec<(String, Vec<String>)>),
    /// Variables, whose values may name others as `${NAME}`.
    EnvOf(Vec<(String, Vec<String>)>),
    Arg(String),
    Workdir(String),
    User(String),
    Expose(u16),
    Entrypoint(Vec<String>),
    Cmd(Vec<String>),
    StopSignal(String),
    Healthcheck(Healthcheck),
    /// A folder that is put in front of a variable with a list of folders, which the base may have set.
    PathList {
        name: &'static str,
        folder: &'static str,
    },
    /// Pairs of a key and a value, which is quoted; one line for each list.
    Label(Vec<Vec<(String, String)>>),
    /// A copy from a stage or an image.
    Copy {
        from: String,
        source: String,
        target: String,
    },
    /// A copy from the context.
    CopyContext {
        source: ContextPath,
        target: String,
    },
    /// A file that BuildKit fetches and compares with its checksum.
    Add {
        sha256: String,
        url: String,
        target: String,
    },
    Run(Run),
}

/// A `RUN` instruction.
pub struct Run {
    pub network: bool,
    pub mounts: Vec<Mount>,
    pub command: Command,
}

/// The command of a [`Run`].
pub enum Command {
    Call(Call),
    /// A shell command of several lines.
    Shell(Vec<String>),
}

/// A `--mount` option.
pub enum Mount {
    /// A mount from a stage or an image.
    Stage {
        from: String,
        source: String,
        target: String,
        writable: bool,
    },
    /// A read-only mount from the context.
    Context {
        source: ContextPath,
        target: String,
    },
    Cache {
        id: String,
        target: String,
        /// Whether steps use the folder at the same time. Otherwise each waits for the others.
        shared: bool,
    },
    /// An empty `/tmp`, which is in no layer.
    Temporary,
    /// A script from the context.
    Script {
        script: Script,
        source: ContextPath,
    },
    /// A secret file, if it was given. Every user in the step may read it.
    SecretFile {
        id: String,
        target: String,
    },
    SecretVariable(String),
    Ssh,
}

impl Stage {
    /// Returns the mounts of all its steps.
    pub fn mounts(&self) -> impl Iterator<Item = &Mount> {
        let instructions = self.instructions.iter();
        instructions.flat_map(|instruction| match instruction {
            Instruction::Run(run) => &run.mounts[..],
            _ => &[],
        })
    }
}

impl Instruction {
    /// Returns an instruction that sets one variable.
    pub fn env(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Env(vec![(name.into(), vec![value.into()])])
    }
}

impl Mount {
    /// Returns a read-only mount from another stage.
    pub fn stage(from: &str, source: &str, target: &str) -> Self {
        Self::Stage {
            from: from.into(),
            source: source.into(),
            target: target.into(),
            writable: false,
        }
    }

    /// Returns a read-only mount from the context.
    pub fn context(source: &ContextPath, target: impl Into<String>) -> Self {
        Self::Context {
            source: source.clone(),
            target: target.into(),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.comment {
            writeln!(f, "# {line}")?;
        }
        writeln!(f, "FROM {} AS {}", self.from, self.name)?;
        self.instructions
            .iter()
            .try_for_each(|instruction| instruction.fmt(f))
    }
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(variables) => env(f, variables, escape),
            Self::EnvOf(variables) => env(f, variables, str::to_owned),
            Self::Arg(name) => writeln!(f, "ARG {name}"),
            Self::Workdir(path) => writeln!(f, "WORKDIR {path}"),
            Self::User(user) => writeln!(f, "USER {user}"),
            Self::Expose(port) => writeln!(f, "EXPOSE {port}"),
            Self::Entrypoint(words) => writeln!(f, "ENTRYPOINT {}", exec_form(words)),
            Self::Cmd(words) => writeln!(f, "CMD {}", exec_form(words)),
            Self::StopSignal(signal) => writeln!(f, "STOPSIGNAL {signal}"),
            Self::Healthcheck(check) => {
                f.write_str("HEALTHCHECK ")?;
                for (name, value) in check.options() {
                    write!(f, "--{name}={value} ")?;
                }
                writeln!(f, "CMD {}", exec_form(&check.command))
            }
            Self::PathList { name, folder } => {
                writeln!(f, "ENV {name}=\"{folder}${{{name}:+:${name}}}\"")
            }
            Self::Label(lines) => {
                let pair = |(key, value): &(String, String)| format!("{key}=\"{}\"", escape(value));
                let line = |pairs: &Vec<_>| pairs.iter().map(pair).collect::<Vec<_>>().join(" ");
                let lines: Vec<String> = lines.iter().map(line).collect();
                writeln!(f, "LABEL {}", lines.join(" \\\n    "))
            }
            Self::Copy {
                from,
                source,
                target,
            } => writeln!(f, "COPY --from={from} {source} {target}"),
            Self::CopyContext { source, target } => {
                // The image must not show the umask of the checkout.
                writeln!(f, "COPY --chmod=u=rwX,go=rX {source} {target}")
            }
            Self::Add {
                sha256,
                url,
                target,
            } => writeln!(
                f,
                "ADD --checksum=sha256:{sha256} --chmod=644 {url} {target}"
            ),
            Self::Run(run) => run.fmt(f),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RUN ")?;
        if !self.network {
            f.write_str("--network=none ")?;
        }
        let (short, long): (Vec<&Mount>, Vec<&Mount>) = self
            .mounts
            .iter()
            .partition(|mount| matches!(mount, Mount::Temporary));
        for mount in short {
            write!(f, "{mount} ")?;
        }
        let mut lines: Vec<String> = long.into_iter().map(Mount::to_string).collect();
        match &self.command {
            Command::Call(call) => lines.push(call.to_string()),
            Command::Shell(command) => {
                lines.extend(command.iter().cloned());
                if let Some(last) = lines.last_mut() {
                    last.push('\n');
                }
            }
        }
        // A first part without predecessor begins on the line of the instruction.
        let alone = self.network || self.mounts.is_empty();
        let mut separator = if alone { "" } else { "\\\n    " };
        for line in lines {
            write!(f, "{separator}{line}")?;
            separator = " \\\n    ";
        }
        Ok(())
    }
}

impl fmt::Display for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage {
                from,
                source,
                target,
                writable,
            } => {
                let option = if *writable { ",rw" } else { "" };
                write!(
                    f,
                    "--mount=type=bind,from={from},source={source},target={target}{option}"
                )
            }
            Self::Context { source, target } => {
                write!(f, "--mount=type=bind,source={source},target={target}")
            }
            Self::Cache { id, target, shared } => {
                let sharing = if *shared { "shared" } else { "locked" };
                write!(
                    f,
                    "--mount=type=cache,id={id},target={target},sharing={sharing}"
                )
            }
            Self::Temporary => f.write_str("--mount=type=tmpfs,target=/tmp"),
            Self::Script { script, source } => {
                write!(
                    f,
                    "--mount=type=bind,source={source},target={}",
                    script.path()
                )
            }
            Self::SecretFile { id, target } => {
                write!(f, "--mount=type=secret,id={id},target={target},mode=0444")
            }
            Self::SecretVariable(name) => write!(f, "--mount=type=secret,id={name},env={name}"),
            Self::Ssh => f.write_str("--mount=type=ssh"),
        }
    }
}

/// Returns a command that no shell reads. It is a list in JSON, on which the Dockerfile parser expands no variables.
fn exec_form(words: &[String]) -> String {
    let words = words
        .iter()
        .map(|word| serde_json::Value::from(word.as_str()).to_string());
    format!("[{}]", words.collect::<Vec<_>>().join(", "))
}

fn env(
    f: &mut fmt::Formatter<'_>,
    variables: &[(String, Vec<String>)],
    escape: fn(&str) -> String,
) -> fmt::Result {
    let variables = variables.iter().map(|(name, lines)| {
        let mut lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
        // The quote is on a line of its own, so that a new last line changes no other.
        lines.extend((lines.len() > 1).then(String::new));
        format!("{name}=\"{}\"", lines.join(" \\\n      "))
    });
    let variables: Vec<String> = variables.collect();
    writeln!(f, "ENV {}", variables.join(" \\\n    "))
}

/// Escapes a text for quotes, so that the Dockerfile parser reads it back unchanged.
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
