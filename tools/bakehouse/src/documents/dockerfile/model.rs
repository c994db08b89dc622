//! A Dockerfile as data. These types are small and dumb: they know syntax and nothing of Rust.

use std::fmt;

/// A build stage.
pub struct Stage {
    /// Why it is there; one comment line each.
    pub comment: Vec<String>,
    pub from: String,
    pub name: String,
    pub instructions: Vec<Instruction>,
}

/// An instruction of a stage.
pub enum Instruction {
    /// `KEY=value`, value quoted.
    Env(String, String),
    Arg(String),
    Workdir(String),
    User(String),
    Expose(u16),
    Entrypoint(String),
    /// Pairs of key and value, value quoted; a line for each list.
    Label(Vec<Vec<(String, String)>>),
    Copy {
        from: Option<String>,
        source: String,
        target: String,
    },
    Run(Run),
}

/// A `RUN` with a heredoc script that stops at its first failing command.
pub struct Run {
    pub network: bool,
    pub mounts: Vec<Mount>,
    pub script: Vec<String>,
}

/// A `--mount`.
pub enum Mount {
    /// From another stage, or from the context when `from` is `None`.
    Bind {
        from: Option<String>,
        source: String,
        target: String,
        writable: bool,
    },
    Cache {
        id: String,
        target: String,
    },
    Tmpfs {
        target: String,
    },
    /// A secret, if one is given: everybody in the step may read the file.
    SecretFile {
        id: String,
        target: String,
    },
    SecretVariable(String),
    Ssh,
}

impl Mount {
    /// Read-only, from another stage.
    pub fn stage(from: &str, source: &str, target: &str) -> Self {
        Self::Bind {
            from: Some(from.into()),
            source: source.into(),
            target: target.into(),
            writable: false,
        }
    }

    /// Read-only, from the context.
    pub fn context(source: impl Into<String>, target: impl Into<String>) -> Self {
        Self::Bind {
            from: None,
            source: source.into(),
            target: target.into(),
            writable: false,
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
            Self::Env(key, value) => writeln!(f, "ENV {key}={}", quote(value)),
            Self::Arg(name) => writeln!(f, "ARG {name}"),
            Self::Workdir(path) => writeln!(f, "WORKDIR {path}"),
            Self::User(user) => writeln!(f, "USER {user}"),
            Self::Expose(port) => writeln!(f, "EXPOSE {port}"),
            Self::Entrypoint(path) => writeln!(f, "ENTRYPOINT [\"{path}\"]"),
            Self::Label(lines) => {
                let pair = |(key, value): &(String, String)| format!("{key}={}", quote(value));
                let line = |pairs: &Vec<_>| pairs.iter().map(pair).collect::<Vec<_>>().join(" ");
                let lines: Vec<String> = lines.iter().map(line).collect();
                writeln!(f, "LABEL {}", lines.join(" \\\n    "))
            }
            Self::Copy {
                from,
                source,
                target,
            } => {
                // What the umask of a checkout left must not show in the image.
                let option = match from {
                    Some(from) => format!("--from={from}"),
                    None => "--chmod=u=rwX,go=rX".to_owned(),
                };
                writeln!(f, "COPY {option} {source} {target}")
            }
            Self::Run(run) => run.fmt(f),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = Vec::new();
        if !self.network {
            options.push("--network=none".to_owned());
        }
        options.extend(self.mounts.iter().map(Mount::to_string));
        options.push("<<'SCRIPT'".to_owned());
        writeln!(f, "RUN {}", options.join(" \\\n    "))?;
        writeln!(f, "set -eu")?;
        for line in &self.script {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "SCRIPT")
    }
}

impl fmt::Display for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind {
                from,
                source,
                target,
                writable,
            } => {
                f.write_str("--mount=type=bind,")?;
                if let Some(from) = from {
                    write!(f, "from={from},")?;
                }
                write!(f, "source={source},target={target}")?;
                if *writable {
                    f.write_str(",rw")
                } else {
                    Ok(())
                }
            }
            Self::Cache { id, target } => {
                write!(
                    f,
                    "--mount=type=cache,id={id},target={target},sharing=locked"
                )
            }
            Self::Tmpfs { target } => write!(f, "--mount=type=tmpfs,target={target}"),
            Self::SecretFile { id, target } => {
                write!(f, "--mount=type=secret,id={id},target={target},mode=0444")
            }
            Self::SecretVariable(name) => write!(f, "--mount=type=secret,id={name},env={name}"),
            Self::Ssh => f.write_str("--mount=type=ssh"),
        }
    }
}

/// A value that the Dockerfile parser reads back as it is.
fn quote(value: &str) -> String {
    let mut quoted = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
