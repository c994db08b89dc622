//! Whether the builder base has a compiler that is new enough, as far as its name tells.

use super::Plan;
use crate::graph::Workspace;
use crate::problem::{Code, Problem};

/// What is wrong when a package that is compiled wants a newer compiler than `bases.builder` names: Cargo would refuse
/// it, and only after all third-party crates were compiled.
pub fn too_old(workspace: &Workspace, plan: &Plan) -> Option<Problem> {
    let has = version_of(&plan.config.builder)?;
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
        format!("`{package}` needs Rust {version}, and the builder base has {has}"),
    );
    Some(problem.hint(
        "name a newer image with `bases.builder`, and where rust-toolchain.toml pins an older release, pin a newer one",
    ))
}

/// `1.95.0` of `docker.io/library/rust:1.95.0-slim-bookworm`.
fn version_of(base: &str) -> Option<&str> {
    let name = base.split('@').next()?.rsplit('/').next()?;
    let version = name.strip_prefix("rust:")?.split('-').next()?;
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
