//! Requirements of crates that Cargo cannot fetch: C libraries and tools, as packages of a distribution.

mod reach;
mod row;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use row::Row;

pub use reach::Reach;
pub use row::Distribution;

/// The rows by crate name.
static TABLE: LazyLock<BTreeMap<String, Row>> = LazyLock::new(|| {
    toml::from_str(include_str!("needs.toml")).expect("the table is checked by a test")
});

/// The requirements of a crate on the images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The crate that needs them, as named in `Cargo.lock`.
    pub because: String,
    /// Packages for the builder.
    pub build: Vec<String>,
    /// Packages for the runtime base, for libraries that are linked dynamically.
    pub run: Vec<String>,
}

/// Protobuf's own definitions, which distributions package separately from the compiler.
const WELL_KNOWN: &str = "google/protobuf/*.proto";

/// Returns what the reached crates need, sorted by crate. `well_known` is set if message definitions are compiled that
/// import those of `google/protobuf`.
pub fn needs(
    reach: &Reach<'_>,
    builder: Distribution,
    runtime: Distribution,
    well_known: bool,
) -> Vec<Need> {
    let reach = &without_what_is_off(reach);
    let rows = reach
        .crates()
        .filter_map(|name| Some((name, TABLE.get(name)?)));
    let mut unused = BTreeSet::new();
    let mut found: Vec<(&str, &Row)> = Vec::new();
    for (name, row) in rows {
        let brought = row.brought_by.iter();
        let brought: Vec<&str> = brought
            .map(String::as_str)
            .filter(|other| reach.depends(name, other))
            .collect();
        // The lock says only that some feature of the workspace brings it along.
        let switched = |pair: &(&str, &str)| {
            let (asked, feature) = *pair;
            row.brought_by_feature.iter().any(|own| own == feature) && reach.leads(asked, name)
        };
        let on = reach.asked.iter().any(switched);
        let possible = reach.possible.iter().any(switched);
        if !brought.is_empty() && on {
            continue;
        }
        if possible && !on {
            unused.extend(brought);
        }
        if is_used(reach, name, row) {
            found.push((name, row));
        }
    }
    let mut needs: Vec<Need> = found
        .into_iter()
        .filter(|(name, _)| !unused.contains(name))
        .map(|(name, row)| Need {
            because: name.to_owned(),
            build: row.of(builder).build.clone(),
            run: row.of(runtime).run.clone(),
        })
        .filter(|need| !need.build.is_empty() || !need.run.is_empty())
        .collect();
    let (compiler, definitions) = match builder {
        Distribution::Debian => ("protobuf-compiler", "libprotobuf-dev"),
        Distribution::Alpine => ("protoc", "protobuf-dev"),
    };
    let compiles = |need: &Need| need.build.iter().any(|package| package == compiler);
    if well_known && needs.iter().any(compiles) {
        needs.push(Need {
            because: WELL_KNOWN.to_owned(),
            build: vec![definitions.to_owned()],
            run: Vec::new(),
        });
    }
    needs
}

/// Leaves out crates that only dependents need which nobody switches on.
fn without_what_is_off<'a>(reach: &Reach<'a>) -> Reach<'a> {
    let is_asked = |user: &str, features: &[String]| {
        let (exact, anywhere): (Vec<_>, Vec<_>) = features
            .iter()
            .map(|feature| feature.split_once('/').unwrap_or(("", feature)))
            .partition(|(of, _)| !of.is_empty());
        let mut asked = reach.asked.iter();
        let is_on = asked.any(|(of, feature)| {
            exact.contains(&(*of, *feature))
                || anywhere.contains(&("", *feature)) && reach.leads(of, user)
        });
        let is_known = |other: &str| {
            reach.is_member(other) || other == user || exact.iter().any(|(of, _)| *of == other)
        };
        is_on || !exact.is_empty() && reach.users(user).any(|other| !is_known(other))
    };
    let mut off = BTreeSet::new();
    for name in reach.crates() {
        let conditions = TABLE.get(name).map(|row| &row.if_asked);
        for (user, features) in conditions.into_iter().flatten() {
            if reach.depends(user, name) && !is_asked(user, features) {
                off.insert((user.as_str(), name));
            }
        }
    }
    reach.without(&off)
}

/// Returns whether something that depends on a crate uses what the row is about, and does not bring it along itself.
fn is_used(reach: &Reach<'_>, name: &str, row: &Row) -> bool {
    let (mut open, mut seen) = (vec![name], BTreeSet::new());
    while let Some(below) = open.pop() {
        for user in reach.users(below) {
            if !seen.insert(user) || row.not_for.iter().any(|other| other == user) {
                continue;
            }
            if row.through.iter().any(|wrapper| wrapper == user) {
                open.push(user);
            } else if !row
                .provided_by
                .iter()
                .any(|other| reach.depends(user, other))
            {
                return true;
            }
        }
    }
    false
}

/// Returns the crates that look for a C library with `pkg-config` and are not listed here.
pub fn unknown<'a>(reach: &Reach<'a>) -> Vec<&'a str> {
    let seeks = |name: &&str| {
        ["system-deps", "pkg-config"]
            .iter()
            .any(|tool| reach.depends(name, tool))
    };
    reach
        .crates()
        .filter(|name| name.ends_with("-sys"))
        .filter(seeks)
        .filter(|name| !TABLE.contains_key(*name) && !BRINGS_ALONG.contains(name))
        .collect()
}

/// Crates that build a library of their own if the system has none.
const BRINGS_ALONG: [&str; 14] = [
    "aws-lc-sys",
    "bzip2-sys",
    "curl-sys",
    "libgit2-sys",
    "liblzma-sys",
    "libmimalloc-sys",
    "libnghttp2-sys",
    "libssh2-sys",
    "libwebp-sys",
    "libz-sys",
    "lz4-sys",
    "lzma-sys",
    "onig_sys",
    "zstd-sys",
];

#[cfg(test)]
mod tests;
