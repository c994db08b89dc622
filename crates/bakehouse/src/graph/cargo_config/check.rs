//! Keys of a configuration file that no image can follow.

use super::file::{ConfigFile, Entry, Value};
use super::keys::{self, Treatment};
use crate::graph::toolchain_file::Channel;
use crate::problem::{Code, Problem};

/// Compiler wrappers that only cache the output and do not change it.
const CACHES: [&str; 5] = ["sccache", "ccache", "cachepot", "kache", "fcc"];

/// The value of a variable that overrides a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Override {
    /// The builder's target folder.
    TargetFolder,
    Text(&'static str),
}

/// The effect of a key on the builder's environment.
pub enum Effect {
    /// A Cargo variable that overrides the key.
    Override(String, Override),
    /// A warning for the user.
    Warning(Problem),
}

/// Checks one value.
///
/// # Errors
/// `cargo-config`.
pub fn entry(
    file: &ConfigFile,
    entry: &Entry,
    channel: Option<&Channel>,
) -> Result<Option<Effect>, Problem> {
    let name = entry.name();
    let Some(key) = keys::of(&entry.key) else {
        // Tables of other programs, which Cargo ignores.
        if !keys::has_table(&entry.key[0]) {
            return Ok(None);
        }
        let message = format!("unused config key `{name}` in `{}`", file.path);
        let problem = Problem::new(Code::CargoConfig, message)
            .at(&file.source, entry.span.clone())
            .hint("Cargo 1.95 has no such key: see the table in configuration.md");
        return Ok(Some(Effect::Warning(problem)));
    };
    match key.treatment {
        Treatment::Honoured | Treatment::Idle => Ok(None),
        Treatment::Replaced => replaced(file, entry),
        Treatment::Refused if is_taken(entry, channel) => Ok(None),
        Treatment::Refused => Err(refused(file, entry, key.about)),
    }
}

/// Returns whether a key that is normally refused has a value that is accepted: an empty one, or Cargo's default.
fn is_taken(entry: &Entry, channel: Option<&Channel>) -> bool {
    let key: Vec<&str> = entry.key.iter().map(String::as_str).collect();
    let nothing = match &entry.value {
        Value::List(list) => list.is_empty(),
        Value::Flag(flag) => !flag,
        Value::Text(_) | Value::Other => false,
    };
    let nightly = channel.is_none_or(|channel| channel.parts().0 == "nightly");
    match key[..] {
        ["paths"] => nothing,
        // An empty table.
        ["patch", ..] => entry.value == Value::Other,
        ["build", "rustc"] => entry.text() == Some("rustc"),
        ["unstable", "build-std"] => nothing || !nightly,
        ["resolver", "feature-unification"] => entry.text() == Some("selected") || !nightly,
        ["resolver", "lockfile-path"] => !nightly,
        _ => false,
    }
}

fn replaced(file: &ConfigFile, entry: &Entry) -> Result<Option<Effect>, Problem> {
    let key: Vec<&str> = entry.key.iter().map(String::as_str).collect();
    let (variable, value) = match key[..] {
        ["build", "rustc-wrapper" | "rustc-workspace-wrapper"] => {
            let text = entry.text().unwrap_or_default();
            let program = text.rsplit('/').next().unwrap_or_default();
            if !program.is_empty() && !CACHES.contains(&program) {
                let why =
                    "a wrapper may change what is compiled, and images are compiled without one";
                return Err(refused(file, entry, why));
            }
            let name = match key[1] {
                "rustc-wrapper" => "RUSTC_WRAPPER",
                _ => "RUSTC_WORKSPACE_WRAPPER",
            };
            (name.to_owned(), Override::Text(""))
        }
        ["build", "target-dir"] => ("CARGO_TARGET_DIR".to_owned(), Override::TargetFolder),
        ["build", "build-dir"] => ("CARGO_BUILD_BUILD_DIR".to_owned(), Override::TargetFolder),
        ["net", "offline"] => ("CARGO_NET_OFFLINE".to_owned(), Override::Text("false")),
        // Cargo's default, which would be used without the key.
        [.., "credential-provider" | "global-credential-providers"]
            if entry.words() == ["cargo:token"] =>
        {
            return Ok(None);
        }
        ["registries", name, "credential-provider"] => {
            let name = name.to_ascii_uppercase().replace('-', "_");
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            if !name.bytes().all(plain) {
                return Err(refused(file, entry, "it is not the name of a registry"));
            }
            let variable = format!("CARGO_REGISTRIES_{name}_CREDENTIAL_PROVIDER");
            (variable, Override::Text("cargo:token"))
        }
        ["registry", "credential-provider"] => (
            "CARGO_REGISTRY_CREDENTIAL_PROVIDER".to_owned(),
            Override::Text("cargo:token"),
        ),
        ["registry", "global-credential-providers"] => (
            "CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS".to_owned(),
            Override::Text("cargo:token"),
        ),
        _ => return Ok(None),
    };
    Ok(Some(Effect::Override(variable, value)))
}

fn refused(file: &ConfigFile, entry: &Entry, why: &str) -> Problem {
    let name = entry.name();
    let message = format!(
        "{} sets `{name}`, which images cannot follow",
        file.place(entry)
    );
    let hint = match &entry.key[0][..] {
        "build" if name == "build.target" => {
            "images are built for `platforms` of bakehouse.toml; set the target on the command line where it is needed".to_owned()
        }
        "paths" => "replace the crate by [patch] in the workspace's Cargo.toml".to_owned(),
        "patch" => "move it into the workspace's Cargo.toml".to_owned(),
        "registry" | "registries" if name.contains("token") || name.contains("secret") => {
            "a secret that is committed would be in layers and caches: remove it, and name its variable in `variables` of [secrets] in bakehouse.toml".to_owned()
        }
        _ => format!("remove it: {why}"),
    };
    Problem::new(Code::CargoConfig, message)
        .at(&file.source, entry.span.clone())
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::super::keys::KEYS;
    use super::*;
    use crate::problem::Source;

    /// The table of the reference page is generated from the same list.
    #[test]
    fn each_key_is_treated_as_the_table_says() {
        for key in KEYS.iter().filter(|key| key.pattern != "include") {
            let parts = key.pattern.split('.');
            let parts: Vec<&str> = parts
                .map(|part| if part.starts_with('<') { "any" } else { part })
                .collect();
            let value = match key.pattern {
                "net.offline" => "true",
                "build.rustc-wrapper" | "build.rustc-workspace-wrapper" => "\"sccache\"",
                "paths" | "unstable.build-std" => "[\"x\"]",
                _ => "\"x\"",
            };
            let text = format!("{} = {value}", parts.join("."));
            let name = "config.toml".to_owned();
            let source = Source { name, text };
            let file = ConfigFile::parse(Utf8Path::new("/x/.cargo/config.toml"), source).unwrap();
            let found = match entry(&file, &file.entries[0], None) {
                Ok(None) => [Treatment::Honoured, Treatment::Idle].as_slice(),
                Ok(Some(Effect::Override(..))) => &[Treatment::Replaced],
                Ok(Some(Effect::Warning(_))) => &[],
                Err(problem) => {
                    assert_eq!(problem.code, Code::CargoConfig);
                    assert_eq!(
                        problem.line_and_column(),
                        Some((1, file.entries[0].span.start + 1))
                    );
                    assert!(problem.hint.is_some(), "{}", key.pattern);
                    &[Treatment::Refused]
                }
            };
            assert!(found.contains(&key.treatment), "{}", key.pattern);
        }
    }
}
