//! Checks that the builder base has everything that the workspace needs, as far as its name shows.

use std::collections::BTreeSet;

use super::Plan;
use super::config::Config;
use super::config::valid::OtherImageConfig;
use crate::graph::Workspace;
use crate::graph::cargo_config::{Native, Tool, applies};
use crate::problem::{Code, Problem};

/// Returns a problem if a compiled package needs a newer compiler than `bases.builder` names. Cargo would refuse the
/// package only after compiling all third-party crates.
pub fn too_old(workspace: &Workspace, plan: &Plan) -> Option<Problem> {
    // If the base lacks the toolchain of the toolchain file, rustup installs it.
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
        "name a newer image with `bases.builder`, and if rust-toolchain.toml pins an older release, pin a newer one there",
    ))
}

/// Returns whether the name of the builder base, or the pin in `toolchain.json`, promises everything that the toolchain
/// file names.
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

/// Reports the programs that Cargo's configuration needs and the builder base lacks, as far as its name shows.
pub fn lacks(plan: &Plan) -> Vec<Problem> {
    let config = &plan.config;
    let lacking = asked_for(plan).filter(|tool| has(plan, tool) == Some(false));
    lacking
        .map(|tool| {
            let Tool {
                program,
                key,
                place,
                ..
            } = tool;
            let message = format!(
                "`{key}` ({place}) asks for `{program}`, and the builder base {} has none",
                config.builder
            );
            let package = tool.package.as_deref().unwrap_or(program);
            Problem::new(Code::BuilderProgram, message).hint(format!(
                "add \"{package}\" to `packages` of [bases] in bakehouse.toml, or name a base that has it with `builder`"
            ))
        })
        .collect()
}

/// Returns warnings about Cargo's configuration for the person who builds the images.
pub fn warnings(plan: &Plan) -> Vec<String> {
    let config = &plan.cargo_config;
    let unknown = config.warnings.iter().map(ToString::to_string);
    let native = config.native.iter();
    let native = native.filter(|native| applies(native.target.as_deref(), &plan.config.platforms));
    let native = native.map(|Native { key, place, .. }| {
        format!(
            "`{key}` ({place}) has target-cpu=native: images run only on processors with the features of the builder's, and two builders make different images for the same input hash"
        )
    });
    unknown.chain(native).chain(stray(plan)).collect()
}

/// Reports what Docker sends of images' contexts and no checkout has.
pub fn stray(plan: &Plan) -> impl Iterator<Item = String> {
    plan.images.iter().filter_map(|image| {
        let paths: Vec<&str> = image.stray.iter().map(|path| path.as_str()).collect();
        let OtherImageConfig { name, context, .. } = &image.config;
        let file = context.join(".dockerignore");
        (!paths.is_empty()).then(|| {
            format!(
                "the image `{name}` is sent {}, which is in no input hash: exclude it in {file}",
                paths.join(", ")
            )
        })
    })
}

/// Returns the programs that the base may lack, which shows only when it runs.
pub fn uncertain(plan: &Plan) -> Vec<&Tool> {
    let tools = asked_for(plan).filter(|tool| has(plan, tool).is_none());
    tools.collect()
}

/// Returns the programs that are needed on one of the images' platforms, each once.
fn asked_for(plan: &Plan) -> impl Iterator<Item = &Tool> {
    let mut known = BTreeSet::new();
    let platforms = &plan.config.platforms;
    let tools = plan.cargo_config.tools.iter();
    tools
        .filter(|tool| applies(tool.target.as_deref(), platforms))
        .filter(move |tool| known.insert((&tool.program, &tool.target)))
}

/// Returns whether the builder has a program, or `None` if that shows only when the base runs.
fn has(plan: &Plan, tool: &Tool) -> Option<bool> {
    let Config {
        builder,
        platforms,
        builder_packages,
        ..
    } = &plan.config;
    let named = tool.package.as_deref();
    let stem = |name: &str| name.split('-').next().unwrap_or(name).to_owned();
    if named.is_some_and(|named| {
        let mut packages = builder_packages.iter();
        packages.any(|package| package == named || stem(package) == named)
    }) {
        return Some(true);
    }
    // A program for one platform may never be needed, since that platform may never be built.
    let triple = tool
        .target
        .as_deref()
        .filter(|target| !target.starts_with("cfg("));
    if platforms.is_empty() && triple.is_some_and(|triple| !triple.starts_with("x86_64-")) {
        return None;
    }
    let tag = tag_of(builder)?;
    let small = tag.contains("slim") || tag.contains("alpine");
    match named? {
        "git" | "g++" => Some(!small),
        _ => Some(false),
    }
}

/// Returns the tag of an official Rust image.
fn tag_of(base: &str) -> Option<&str> {
    let name = base.split('@').next()?.rsplit('/').next()?;
    name.strip_prefix("rust:")
}

/// Returns the version in an image's name, such as `1.95.0` in `docker.io/library/rust:1.95.0-slim-bookworm`.
fn version_of(base: &str) -> Option<&str> {
    let version = tag_of(base)?.split('-').next()?;
    version
        .starts_with(|c: char| c.is_ascii_digit())
        .then_some(version)
}

/// Returns the numbers of a version; none if it has something else.
pub fn numbers(version: &str) -> Option<Vec<u64>> {
    let version = version.split(['-', '+']).next()?;
    version
        .split('.')
        .map(|number| number.parse().ok())
        .collect()
}

/// Compares versions. A component that `has` leaves out, as `1.95` does, counts as the newest.
pub fn is_at_least(has: &[u64], least: &[u64]) -> bool {
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
