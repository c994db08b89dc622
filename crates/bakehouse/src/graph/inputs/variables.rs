//! Environment variables that the compilation of a package reads.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::graph::sources::{DEVELOPMENT, NEVER_SOURCES};
use crate::graph::{Member, Workspace};
use crate::names::PackageName;

/// Returns the variables that the compilation of each package reads, each with the place that reads it. Variables
/// that Cargo or the build script sets are not included.
pub fn variables(
    workspace: &Workspace,
    packages: &BTreeSet<&str>,
) -> BTreeMap<PackageName, BTreeMap<String, String>> {
    let members = packages
        .iter()
        .filter_map(|name| workspace.members.get(*name));
    members
        .map(|member| (member.name.clone(), of_member(workspace, member)))
        .filter(|(_, variables)| !variables.is_empty())
        .collect()
}

fn of_member(workspace: &Workspace, member: &Member) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let (mut asked, mut set) = (BTreeSet::new(), BTreeSet::new());
    for file in files(workspace, member) {
        let Ok(text) = std::fs::read_to_string(workspace.root.join(&file)) else {
            continue;
        };
        let script = file.file_name() == Some("build.rs");
        for (name, line) in read(&text, script) {
            if script {
                asked.insert(name.clone());
            }
            found
                .entry(name)
                .or_insert_with(|| format!("{file}:{line}"));
        }
        set.extend(assigned(&text));
    }
    // A build script may read a variable and pass it on. Then the variable comes from outside after all.
    found.retain(|name, _| asked.contains(name) || !set.contains(name));
    // Cargo's configuration sets these for every build.
    found.retain(|name, _| !workspace.cargo_config.env.contains(name));
    found
}

/// Returns the package's Rust files, except those of tests, benches and examples.
fn files(workspace: &Workspace, member: &Member) -> Vec<Utf8PathBuf> {
    let others = workspace.members.values();
    let nested: Vec<&Utf8Path> = others
        .map(|other| other.dir.as_path())
        .filter(|dir| dir.starts_with(&member.dir) && *dir != member.dir)
        .collect();
    let mut files = Vec::new();
    for path in &member.sources {
        let walk = ignore::WalkBuilder::new(workspace.root.join(path))
            .standard_filters(false)
            .sort_by_file_name(std::ffi::OsStr::cmp)
            .filter_entry(|entry| {
                let name = entry.file_name().to_str();
                !name.is_some_and(|name| NEVER_SOURCES.contains(&name))
            })
            .build();
        for entry in walk.filter_map(Result::ok) {
            let Ok(file) = Utf8PathBuf::from_path_buf(entry.into_path()) else {
                continue;
            };
            let file = file.strip_prefix(&workspace.root).unwrap_or(&file);
            let inside = file.strip_prefix(&member.dir).unwrap_or(file);
            let first = inside.iter().next().unwrap_or_default();
            let foreign = nested.iter().any(|dir| file.starts_with(dir));
            if file.extension() == Some("rs") && !foreign && !DEVELOPMENT.contains(&first) {
                files.push(file.to_owned());
            }
        }
    }
    files
}

/// Returns the names of variables that `text` reads when compiled, or when run as a build script, with their lines.
fn read(text: &str, script: bool) -> impl Iterator<Item = (String, usize)> {
    let ways: &[&str] = if script {
        &["env!(", "env::var(", "env::var_os("]
    } else {
        &["env!("]
    };
    ways.iter().flat_map(move |way| {
        text.match_indices(way).filter_map(move |(at, _)| {
            let (before, after) = (&text[..at], &text[at + way.len()..]);
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let comment = before[start..].trim_start().starts_with("//");
            let name = after.trim_start().strip_prefix('"')?.split('"').next()?;
            (!comment && is_given(name))
                .then(|| (name.to_owned(), before.matches('\n').count() + 1))
        })
    })
}

/// Returns the variables that a build script sets for its package.
fn assigned(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("rustc-env=").map(|(at, mark)| {
        let name = text[at + mark.len()..].chars();
        name.take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    })
}

/// Returns whether a variable is set by the user, and not by Cargo or the machine.
fn is_given(name: &str) -> bool {
    const OTHERS: [&str; 17] = [
        "DEBUG",
        "DOCS_RS",
        "HOME",
        "HOST",
        "LD_LIBRARY_PATH",
        "NUM_JOBS",
        "OPT_LEVEL",
        "OUT_DIR",
        "PATH",
        "PROFILE",
        "PWD",
        "RUSTC",
        "RUSTDOC",
        "RUSTFLAGS",
        "SHELL",
        "TMPDIR",
        "USER",
    ];
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let starts = ["CARGO", "DEP_", "RUSTC_", "RUSTUP_", "TARGET"];
    !name.is_empty()
        && name.chars().all(plain)
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && !OTHERS.contains(&name)
        && !starts.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_compilation_reads_of_the_environment_is_found() {
        let table: [(&str, bool, &[&str]); 7] = [
            ("option_env!(\"COMMIT\")", false, &["COMMIT 1"]),
            (
                "\nenv!(\n    \"COMMIT\",\n    \"no commit\")",
                false,
                &["COMMIT 2"],
            ),
            ("std::env::var(\"COMMIT\")", false, &[]),
            ("std::env::var(\"COMMIT\")", true, &["COMMIT 1"]),
            ("// option_env!(\"COMMIT\")", false, &[]),
            (
                "env!(\"CARGO_PKG_NAME\"); env!(\"OUT_DIR\"); env!(\"PATH\")",
                true,
                &[],
            ),
            ("env::var_os(name); env!(concat!(\"A\"))", true, &[]),
        ];
        for (text, script, expected) in table {
            let found: Vec<String> = read(text, script)
                .map(|(name, line)| format!("{name} {line}"))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(
            assigned("println!(\"cargo::rustc-env=COMMIT={x}\")").collect::<Vec<_>>(),
            ["COMMIT"]
        );
    }
}
