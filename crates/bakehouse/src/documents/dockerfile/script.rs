//! The scripts of the stages: one for each kind of stage, the same for every workspace. They are files beside the
//! Dockerfile; scripts that are alike in part are put together from parts. Each step mounts only the scripts that it calls, so that a change of another script does not run it
//! again.

use std::fmt;

use crate::context_path::ContextPath;

macro_rules! scripts {
    (@text $name:literal) => {
        include_str!(concat!("scripts/", $name, ".sh"))
    };
    (@text $name:literal [$($part:literal),*]) => {
        concat!($(include_str!(concat!("scripts/", $part, ".sh"))),*)
    };
    ($($variant:ident => $name:literal $([$($part:literal),*])?,)*) => {
        /// A script that steps call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Script {
            $($variant,)*
        }

        impl Script {
            /// Returns the file's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($name, ".sh"),)*
                }
            }

            /// Returns the file's text.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$variant => scripts!(@text $name $([$($part),*])?),)*
                }
            }
        }
    };
}

scripts! {
    Auditable => "auditable",
    Binary => "bin",
    Cdylib => "cdylib",
    Cross => "cross",
    Cut => "cut",
    Dependencies => "deps",
    Fill => "fill",
    Folders => "folders",
    Found => "found",
    Given => "given",
    Glibc => "glibc",
    Kept => "kept",
    Library => "lib",
    Mounted => "mount" ["mount/begin", "mount/closure", "mount/end"],
    MountedCdylib => "mount-cdylib" ["mount/cdylib-begin", "mount/closure", "mount/cdylib-end"],
    Packages => "packages",
    Platforms => "platforms",
    Programs => "programs",
    Rootfs => "rootfs",
    Rustc => "rustc",
    Save => "save",
    Shared => "shared",
    Target => "target",
    Toolchain => "toolchain",
    Vendor => "vendor",
    Workspace => "workspace",
    Zig => "zig",
}

/// The folder that scripts are mounted in.
const FOLDER: &str = "/run";

impl Script {
    /// Returns the path of the file, given the `folder` of all scripts.
    pub fn file(self, folder: &ContextPath) -> ContextPath {
        folder.join(self.name())
    }

    /// Returns the path in a step that mounts the script.
    pub fn path(self) -> String {
        format!("{FOLDER}/{}", self.name())
    }
}

/// A call of a script, in shell syntax.
pub struct Call {
    script: Script,
    /// Lines before the call.
    before: Vec<String>,
    variables: Vec<(&'static str, String)>,
    arguments: Vec<String>,
    /// The lines of its standard input, with the name of their heredoc.
    input: Option<(&'static str, Vec<String>)>,
}

impl Call {
    /// Returns a call without arguments.
    pub fn of(script: Script) -> Self {
        Self {
            script,
            before: Vec::new(),
            variables: Vec::new(),
            arguments: Vec::new(),
            input: None,
        }
    }

    /// Adds commands that run before the script.
    pub fn after(mut self, commands: impl IntoIterator<Item = String>) -> Self {
        self.before.extend(commands);
        self
    }

    /// Sets an environment variable, unless the value is empty.
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.variables.push((name, value));
        }
        self
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Makes it a call of `other`, which is told the name of the script as its first argument.
    pub fn through(mut self, other: Script) -> Self {
        self.arguments.insert(0, self.script.name().to_owned());
        self.script = other;
        self
    }

    /// Adds lines of standard input. None of them may be `name`.
    pub fn input(mut self, name: &'static str, lines: Vec<String>) -> Self {
        self.input = Some((name, lines));
        self
    }

    /// Returns the script that is called.
    pub fn script(&self) -> Script {
        self.script
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for command in &self.before {
            write!(f, "{command}; ")?;
        }
        for (name, value) in &self.variables {
            write!(f, "{name}={} ", quoted(value))?;
        }
        write!(f, "sh {}", self.script.path())?;
        for argument in &self.arguments {
            write!(f, " {}", quoted(argument))?;
        }
        let Some((name, lines)) = &self.input else {
            return writeln!(f);
        };
        writeln!(f, " <<'{name}'")?;
        for line in lines {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "{name}")
    }
}

/// Quotes a word for the shell if needed.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./+:=,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        let text = text.replace('\'', r"'\''").replace(['\n', '\r'], " ");
        format!("'{text}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_one_command_of_a_shell() {
        let call = Call::of(Script::Binary)
            .after(["true".to_owned()])
            .variable("EMPTY", "")
            .variable("WORDS", "a b")
            .arguments(["plain", "it's", ""])
            .input("LINES", vec!["one".to_owned()]);
        assert_eq!(
            call.to_string(),
            "true; WORDS='a b' sh /run/bin.sh plain 'it'\\''s' '' <<'LINES'\none\nLINES\n"
        );
    }
}
