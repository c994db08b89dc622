//! Whether the builder base has a compiler that is new enough, as far as its name tells.

use super::Plan;
use crate::graph::Workspace;
use crate::problem::{Code, Problem};

/// What is wrong when a package that is compiled wants a newer compiler than `bases.builder` names: Cargo would refuse
/// it, and only after all third-party crates were compiled.
pub fn too_old(workspace: &Workspace, plan: &Plan) -> Option<Problem> {
    // What the toolchain file names is installed where the base has it not.
    let has = match plan.channel() {
        Some(channel) => Some(channel.as_str()).filter(|_| channel.is_release())?,
        None => version_of(&plan.config.builder)?,
    };
    let wanted = plan.packages.keys().filter_map(|name| {
        let version = workspace.package_value(&workspace.members[name], "rust-version")?;
        Some((numbers(version)?, version, name))
    });
    let (least, version, package) = wanted.max()?;
    if is_at_least(&numbers(has)?, &least) {
        return None;
    }
    let problem = Problem::new(
        Code::ConfigValue,
        format!("`{package}` needs Rust {version}, and the builder has {has}"),
    );
    Some(problem.hint(
        "name a newer image with `bases.builder`, and where rust-toolchain.toml pins an older release, pin a newer one",
    ))
}

/// Whether the name of the builder base, or what `toolchain.json` pins, says that it has all that the toolchain file
/// names.
pub fn says_it_has(plan: &Plan) -> bool {
    let Some(file) = &plan.toolchain_file else {
        return true;
    };
    if file.additions().next().is_some() {
        return false;
    }
    let Some(channel) = &file.channel else {
        return true;
    };
    if plan.toolchain.is_some() {
        return true;
    }
    let wanted = channel.as_str();
    let builder = &plan.config.builder;
    if wanted == "stable" {
        return tag_of(builder)
            .is_some_and(|tag| !tag.contains("beta") && !tag.contains("nightly"));
    }
    let has = version_of(builder).unwrap_or_default();
    let more = has.strip_prefix(wanted);
    channel.is_release() && more.is_some_and(|more| more.is_empty() || more.starts_with('.'))
}

/// The tag of an official image of Rust.
fn tag_of(base: &str) -> Option<&str> {
    let name = base.split('@').next()?.rsplit('/').next()?;
    name.strip_prefix("rust:")
}

/// `1.95.0` of `docker.io/library/rust:1.95.0-slim-bookworm`.
fn version_of(base: &str) -> Option<&str> {
    let version = tag_of(base)?.split('-').next()?;
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(version)
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    let version = version.split(['-', '+']).next()?;
    version
        .split('.')
        .map(|number| number.parse().ok())
        .collect()
}

/// A part that `has` leaves open, as `1.95` does, is the newest.
fn is_at_least(has: &[u64], least: &[u64]) -> bool {
    for (has, least) in has.iter().zip(least) {
        if has != least {
            return has > least;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_far_as_they_are_named() {
        let table = [
            (
                "docker.io/library/rust:1.95.0-slim-bookworm",
                "1.96",
                Some(false),
            ),
            (
                "docker.io/library/rust:1.95.0-slim-bookworm",
                "1.95",
                Some(true),
            ),
            ("rust:1.95", "1.95.1", Some(true)),
            ("rust:1.9", "1.10", Some(false)),
            ("rust:2", "1.99", Some(true)),
            ("ghcr.io/acme/rust:1.95.0@sha256:00", "1.96", Some(false)),
            ("rust:slim-bookworm", "1.96", None),
            ("ghcr.io/acme/builder:1.2", "1.96", None),
        ];
        for (base, least, expected) in table {
            let has = version_of(base).and_then(numbers);
            let found = has.map(|has| is_at_least(&has, &numbers(least).unwrap()));
            assert_eq!(found, expected, "{base} {least}");
        }
    }
}
