//! Platforms of pack binaries, as Docker names them.

use std::fmt;

use crate::plan::Plan;
use crate::problem::{Code, Problem};

/// A platform, e.g. `linux/amd64`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform(String);

/// The machine that an ELF file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    X86,
    X86_64,
    Arm,
    Aarch64,
    Ppc64,
    Riscv64,
    S390x,
    /// Any other machine, by its number in ELF.
    Other(u16),
}

/// Docker's name of an architecture → its machine.
const MACHINES: [(&str, Machine); 7] = [
    ("386", Machine::X86),
    ("amd64", Machine::X86_64),
    ("arm", Machine::Arm),
    ("arm64", Machine::Aarch64),
    ("ppc64le", Machine::Ppc64),
    ("riscv64", Machine::Riscv64),
    ("s390x", Machine::S390x),
];

impl Platform {
    /// Parses the name of a platform.
    ///
    /// # Errors
    /// `platform-unknown` for a name that is not one of Docker's, or for an architecture whose machine is unknown.
    pub fn new(name: &str) -> Result<Self, Problem> {
        let mut parts = name.split('/');
        let known = parts.next() == Some("linux")
            && parts
                .next()
                .is_some_and(|arch| MACHINES.iter().any(|(known, _)| *known == arch))
            && parts.next().is_none_or(|variant| {
                !variant.is_empty() && variant.bytes().all(|b| b.is_ascii_alphanumeric())
            })
            && parts.next().is_none();
        if known {
            return Ok(Self(name.to_owned()));
        }
        let names: Vec<String> = MACHINES
            .iter()
            .map(|(arch, _)| format!("linux/{arch}"))
            .collect();
        let hint = crate::problem::did_you_mean(name, names.iter().map(String::as_str))
            .unwrap_or_else(|| format!("there are {}", names.join(", ")));
        Err(Problem::new(
            Code::PlatformUnknown,
            format!("no pack binary can be built for `{}`", name.escape_debug()),
        )
        .hint(hint))
    }

    /// Returns the platform of a machine by Rust's name of its architecture.
    pub fn of_machine(arch: &str) -> Self {
        let arch = match arch {
            "x86" => "386",
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "powerpc64" => "ppc64le",
            other => other,
        };
        Self(format!("linux/{arch}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the platform as a part of a file's name.
    pub fn suffix(&self) -> String {
        self.0.replace('/', "-")
    }

    /// Returns the folder that BuildKit writes to if it builds for several platforms.
    pub fn folder(&self) -> String {
        self.0.replace('/', "_")
    }

    /// Returns whether a program for `machine` runs on the platform.
    pub fn runs(&self, machine: Machine) -> bool {
        let arch = self.0.split('/').nth(1).unwrap_or_default();
        MACHINES
            .iter()
            .any(|(known, other)| *known == arch && *other == machine)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match MACHINES.iter().find(|(_, machine)| machine == self) {
            Some((arch, _)) => write!(f, "linux/{arch}"),
            None => f.write_str("another machine"),
        }
    }
}

/// Returns the platform of packs if the user names none. A pack's folder has room for the binaries of one platform. So
/// among several configured platforms it is this machine's, or else the first.
pub fn default(plan: &Plan, own: &Platform) -> Platform {
    let configured = &plan.config.platforms;
    if configured.is_empty() || configured.iter().any(|name| name == own.as_str()) {
        return own.clone();
    }
    Platform(configured[0].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_dockers() {
        for name in ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x"] {
            assert_eq!(Platform::new(name).unwrap().as_str(), name);
        }
        for name in [
            "",
            "amd64",
            "linux",
            "linux/",
            "windows/amd64",
            "linux/amd46",
            "linux/arm/",
            "linux/arm/v7/x",
        ] {
            assert_eq!(
                Platform::new(name).unwrap_err().code,
                Code::PlatformUnknown,
                "{name}"
            );
        }
        let hint = Platform::new("linux/amd46").unwrap_err().hint;
        assert_eq!(hint.as_deref(), Some("did you mean `linux/amd64`?"));
    }

    #[test]
    fn a_machine_runs_its_own_programs() {
        let arm = Platform::new("linux/arm/v7").unwrap();
        assert!(arm.runs(Machine::Arm) && !arm.runs(Machine::Aarch64));
        let own = Platform::of_machine("x86_64");
        assert!(own.runs(Machine::X86_64) && !own.runs(Machine::Other(1)));
        assert_eq!(Machine::Aarch64.to_string(), "linux/arm64");
    }
}
