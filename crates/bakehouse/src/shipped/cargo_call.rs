//! Calls of Cargo in the scripts of a Dockerfile.

use std::collections::BTreeSet;

use super::path::last;
use super::place::Line;
use super::scope::Scope;

/// A call that compiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoCall {
    pub line: Line,
    pub packages: Vec<String>,
    pub bins: Vec<String>,
    pub features: Vec<String>,
    pub no_default_features: bool,
    pub all_features: bool,
    /// The platform of `--target`, or of `CARGO_BUILD_TARGET`.
    pub target: Option<String>,
    /// Variables that the command alone gets.
    pub given: Vec<String>,
    /// The folder of `--path`.
    pub path: Option<String>,
    /// The profile; none if a variable that has no value decides.
    pub profile: Option<String>,
    /// The flags in `RUSTFLAGS`.
    pub rustflags: Option<String>,
    /// The variables that would have had to say more.
    pub missing: Vec<String>,
    /// Set if a word is only known to the shell that runs it.
    pub dynamic: bool,
    /// Settings that no key has, each with the way to have them.
    pub beside: Vec<(String, &'static str)>,
}

impl CargoCall {
    /// Returns whether both compile a package alike.
    pub fn compiles_like(&self, other: &Self) -> bool {
        let settings = |of: &Self| {
            let flags = of.rustflags.clone().unwrap_or_default();
            let mut features = of.features.clone();
            features.sort_unstable();
            (
                of.profile.clone(),
                features,
                of.no_default_features,
                of.all_features,
                flags,
            )
        };
        settings(self) == settings(other)
    }
}

/// Returns the call of Cargo that a command is.
pub fn cargo_call(command: &[(String, Line)], scope: &Scope) -> Option<CargoCall> {
    let at = command.iter().position(|(word, _)| is_cargo(word))?;
    let line = command[at].1;
    let mut call = CargoCall {
        line,
        ..CargoCall::default()
    };
    for (word, _) in &command[..at] {
        let Some((name, value)) = word.split_once('=') else {
            continue;
        };
        match name {
            "RUSTFLAGS" => call.rustflags = scope.fill(value).complete(),
            "CARGO_BUILD_TARGET" => call.target = scope.fill(value).complete(),
            _ => call.given.push(name.to_owned()),
        }
    }
    if call.rustflags.is_none() {
        call.rustflags = scope.values.get("RUSTFLAGS").cloned().flatten();
    }
    if call.target.is_none() {
        call.target = scope.values.get("CARGO_BUILD_TARGET").cloned().flatten();
    }
    for name in call.given.iter().chain(scope.values.keys()) {
        let way = variable_way(name);
        let set = !scope.values.get(name).is_some_and(Option::is_none);
        call.beside
            .extend(way.filter(|_| set).map(|way| (name.clone(), way)));
    }
    let mut words: Vec<String> = Vec::new();
    for (word, _) in &command[at + 1..] {
        let filled = scope.fill(word);
        if let Some(missing) = &filled.missing {
            call.missing.push(missing.clone());
        }
        call.dynamic |= filled.text.contains('$');
        let split = word.starts_with('$')
            && (!word.contains(' ') || word.ends_with('}'))
            && filled.missing.is_none()
            && filled.text.contains(' ');
        // An unquoted variable may hold several words, and `${X:+--features $X}` none.
        let is_nothing = word.starts_with('$') && word.contains(' ') && filled.text.is_empty();
        if split || is_nothing {
            words.extend(filled.text.split_whitespace().map(str::to_owned));
        } else {
            words.push(filled.text);
        }
    }
    if let Some(toolchain) = words.first().filter(|word| word.starts_with('+')) {
        let way = "see rust-toolchain.toml";
        call.beside.push((toolchain.clone(), way));
    }
    let mut words = words.iter().map(String::as_str);
    let mut command = words.by_ref().find(|word| !word.starts_with(['+', '-']))?;
    if command == "auditable" {
        command = words.next()?;
    }
    let known = matches!(
        command,
        "build" | "b" | "install" | "rustc" | "zigbuild" | "leptos" | "cross"
    );
    if !known {
        return None;
    }
    let (mut release, mut debug) = (command == "install", false);
    let mut named: Option<String> = None;
    while let Some(word) = words.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if word.starts_with('-') => (option, Some(value.to_owned())),
            _ => (word, None),
        };
        let short = |letter: &str| {
            let glued = word.strip_prefix(letter).filter(|rest| !rest.is_empty());
            glued.filter(|_| !word.starts_with("--")).map(str::to_owned)
        };
        let mut value = |glued: Option<String>| {
            value
                .clone()
                .or(glued)
                .or_else(|| words.next().map(str::to_owned))
        };
        match option {
            "--release" | "-r" => release = true,
            "--debug" => debug = true,
            "--no-default-features" => call.no_default_features = true,
            "--all-features" => call.all_features = true,
            "--profile" => named = value(None),
            "--bin" => call.bins.extend(value(None)),
            "--package" => call.packages.extend(value(None)),
            "--path" => call.path = value(None),
            "--features" => {
                let list = value(None).unwrap_or_default();
                call.features.extend(feature_list(&list));
            }
            "--manifest-path" => {
                let path = value(None).unwrap_or_default();
                let folder = path.strip_suffix("Cargo.toml").unwrap_or(&path);
                call.path = Some(folder.trim_end_matches('/').to_owned());
            }
            "--" => break,
            "--target" => call.target = value(None),
            "--config" | "-Z" => {
                let given = value(None).unwrap_or_default();
                let way = "see .cargo/config.toml";
                call.beside.push((format!("{option} {given}"), way));
            }
            _ if option.starts_with("-Z") => {
                let way = "see .cargo/config.toml";
                call.beside.push((option.to_owned(), way));
            }
            "--target-dir" | "--color" | "-j" | "--jobs" | "--root" | "--version" | "--git"
            | "--rev" | "--branch" | "--tag" | "--exclude" | "--example" | "--message-format" => {
                if value(None).is_none() {
                    break;
                }
                if matches!(option, "--git" | "--version") {
                    // Another crate than one of the workspace.
                    return None;
                }
            }
            _ if option.starts_with("-p") && !option.starts_with("--") => {
                call.packages.extend(value(short("-p")));
            }
            _ if option.starts_with("-F") => {
                let list = value(short("-F")).unwrap_or_default();
                call.features.extend(feature_list(&list));
            }
            _ if command == "install" && !option.is_empty() && !option.starts_with('-') => {
                call.packages.push(option.to_owned());
            }
            _ => {}
        }
    }
    // `cargo install` without a path takes a crate from the registry.
    if command == "install" && call.path.is_none() && !call.packages.is_empty() {
        return None;
    }
    let unknown = |text: &str| text.contains('$');
    let mut seen = BTreeSet::new();
    call.features.retain(|feature| seen.insert(feature.clone()));
    call.features.retain(|feature| !unknown(feature));
    call.bins.retain(|bin| !unknown(bin));
    call.packages.retain(|package| !unknown(package));
    call.profile = match named {
        Some(named) if unknown(&named) => None,
        Some(named) => Some(if named == "debug" {
            "dev".to_owned()
        } else {
            named
        }),
        None if release && !debug => Some("release".to_owned()),
        None if call.dynamic => None,
        None => Some("dev".to_owned()),
    };
    Some(call)
}

/// Returns whether a program is Cargo, or calls it with the same arguments.
pub fn is_cargo(program: &str) -> bool {
    matches!(last(program), "cargo" | "xx-cargo")
}

/// Returns how to have what a variable changes of the code that Cargo compiles; none if it changes none, or a key says
/// it.
fn variable_way(name: &str) -> Option<&'static str> {
    const TOOLS: [&str; 7] = [
        "AR", "CC", "CFLAGS", "CPPFLAGS", "CXX", "CXXFLAGS", "LDFLAGS",
    ];
    let of_target = |tool: &&str| {
        let rest = name.strip_prefix(*tool);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    if name == "RUSTUP_TOOLCHAIN" {
        return Some("see rust-toolchain.toml");
    }
    if name.starts_with("CARGO_PROFILE_") {
        return Some("see the profiles of Cargo.toml");
    }
    let of_cargo = ["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"].contains(&name)
        || name.starts_with("CARGO_UNSTABLE_")
        || (name.starts_with("CARGO_TARGET_") && name != "CARGO_TARGET_DIR");
    let tool = TOOLS.iter().any(of_target) || name == "RUSTC_BOOTSTRAP";
    (of_cargo || tool).then_some("see .cargo/config.toml")
}

fn feature_list(list: &str) -> Vec<String> {
    let names = list.split([',', ' ', '\n', '\t']);
    let names = names.filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped::shell;

    fn call(script: &str) -> Option<CargoCall> {
        let mut scope = Scope::default();
        scope.set("PROFILE", Some("maxperf".to_owned()));
        scope.set("FEATURES", Some("a,b".to_owned()));
        scope.set("UNSET", None);
        scope.set("EMPTY", Some(String::new()));
        let command = shell::commands(script).remove(0);
        let command: Vec<(String, Line)> = command
            .into_iter()
            .map(|word| (word.text, Line::default()))
            .collect();
        cargo_call(&command, &scope)
    }

    /// Script → packages, binaries, features, profile.
    type Row = (
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
        &'static [&'static str],
        Option<&'static str>,
    );

    #[test]
    fn calls_say_what_is_built_and_how() {
        let table: [Row; 13] = [
            (
                "cargo build --bin api ${FEATURES:+--features ${FEATURES}} -r",
                &[],
                &["api"],
                &["a", "b"],
                Some("release"),
            ),
            (
                "cargo build --bin api ${EMPTY:+--features ${EMPTY}} -r",
                &[],
                &["api"],
                &[],
                Some("release"),
            ),
            (
                "cargo build --release --bin api",
                &[],
                &["api"],
                &[],
                Some("release"),
            ),
            (
                "cargo build -p x -py --profile=$PROFILE",
                &["x", "y"],
                &[],
                &[],
                Some("maxperf"),
            ),
            ("cargo build --profile ${UNSET}", &[], &[], &[], None),
            ("cargo build", &[], &[], &[], Some("dev")),
            ("cargo build ${release_flag}", &[], &[], &[], None),
            (
                "cargo +nightly build -r --features \"$FEATURES c\"",
                &[],
                &[],
                &["a", "b", "c"],
                Some("release"),
            ),
            (
                "RUSTFLAGS=-Dx mold -run /usr/bin/cargo build -Fa --features=b -r",
                &[],
                &[],
                &["a", "b"],
                Some("release"),
            ),
            (
                "cargo build --features \"$EMPTY\" --release $EMPTY",
                &[],
                &[],
                &[],
                Some("release"),
            ),
            (
                "xx-cargo build --release ${EMPTY:+--features} $EMPTY --features=a --bin api",
                &[],
                &["api"],
                &["a"],
                Some("release"),
            ),
            (
                "cargo auditable build --release -p x",
                &["x"],
                &[],
                &[],
                Some("release"),
            ),
            (
                "cargo install --path crates/api --locked",
                &[],
                &[],
                &[],
                Some("release"),
            ),
        ];
        for (script, packages, bins, features, profile) in table {
            let call = call(script).expect(script);
            assert_eq!(
                (
                    &*call.packages,
                    &*call.bins,
                    &*call.features,
                    call.profile.as_deref()
                ),
                (
                    &*packages.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    &*bins.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    &*features.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    profile
                ),
                "{script}"
            );
        }
        for script in [
            "cargo chef cook --release",
            "cargo install cargo-chef --locked",
            "cargo install --git https://example.com/x x",
            "cargo fetch",
            "npm run build",
        ] {
            assert_eq!(call(script), None, "{script}");
        }
    }
}
