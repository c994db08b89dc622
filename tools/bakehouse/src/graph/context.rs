//! The folder that becomes the Docker context, and what stands in it above the workspace.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use super::cargo::read_toml;
use crate::problem::{Code, Problem};

/// The way from the folder `from` to the folder `to`.
pub fn relative(from: &Utf8Path, to: &Utf8Path) -> Utf8PathBuf {
    let common = from
        .ancestors()
        .find(|ancestor| to.starts_with(ancestor))
        .unwrap_or(Utf8Path::new(""));
    let up = from.components().count() - common.components().count();
    let mut way: Utf8PathBuf = std::iter::repeat_n("..", up).collect();
    way.push(to.strip_prefix(common).unwrap_or(to));
    way
}

/// The highest folder that the context of the workspace at `workspace` may reach: its git repository, or the
/// workspace itself where there is none.
pub fn limit(workspace: &Utf8Path) -> &Utf8Path {
    repository(workspace).unwrap_or(workspace)
}

/// The git repository that `folder` is in.
pub fn repository(folder: &Utf8Path) -> Option<&Utf8Path> {
    folder
        .ancestors()
        .find(|folder| folder.join(".git").exists())
}

/// Whether a path can stand as it is in a Dockerfile and a shell.
pub fn is_plain(path: &Utf8Path) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-_./+@".contains(c);
    path.as_str().chars().all(plain)
}

/// The innermost folder that holds `workspace` and all of `paths`.
///
/// # Errors
/// `path-outside` for a path that is not below `limit`.
pub fn root<'a>(
    workspace: &Utf8Path,
    limit: &Utf8Path,
    paths: impl IntoIterator<Item = &'a Utf8Path>,
) -> Result<Utf8PathBuf, Problem> {
    let mut root = workspace;
    for path in paths {
        if !path.starts_with(limit) {
            return Err(Problem::new(
                Code::PathOutside,
                format!("{path} lies outside {limit}"),
            )
            .hint("the Docker context reaches no further up than the git repository, or the workspace where there is none: move the package into it"));
        }
        while !path.starts_with(root) {
            root = root.parent().unwrap_or(root);
        }
    }
    Ok(root.to_owned())
}

/// Cargo's configuration files between `workspace` and `limit`, the nearest first.
pub fn cargo_configs(workspace: &Utf8Path, limit: &Utf8Path) -> Vec<Utf8PathBuf> {
    workspace
        .ancestors()
        .take_while(|folder| folder.starts_with(limit))
        .filter_map(|folder| {
            [".cargo/config.toml", ".cargo/config"]
                .map(|name| folder.join(name))
                .into_iter()
                .find(|path| path.is_file())
        })
        .collect()
}

/// The variables of Cargo's that have to be set so that the files do not decide what is about the machine that they
/// are for.
///
/// # Errors
/// `cargo-config` for a setting that cannot be followed in an image.
pub fn overrides(configs: &[Utf8PathBuf]) -> Result<BTreeSet<&'static str>, Problem> {
    let mut variables = BTreeSet::new();
    for path in configs {
        let table = read_toml(path)?;
        let build = table.get("build").and_then(Value::as_table);
        let says = |key: &str| build.is_some_and(|build| build.contains_key(key));
        let refused = if says("target") {
            Some("build.target")
        } else if table.contains_key("paths") {
            Some("paths")
        } else if table
            .get("patch")
            .is_some_and(|patch| patch != &Value::Table(Table::new()))
        {
            Some("patch")
        } else {
            None
        };
        if let Some(key) = refused {
            return Err(Problem::new(
                Code::CargoConfig,
                format!("{path} sets `{key}`, which images cannot follow"),
            )
            .hint(match key {
                "build.target" => "images are built for `platforms` of bakehouse.toml; set the target on the command line where it is wanted",
                "paths" => "replace the crate by [patch] in the workspace's Cargo.toml",
                _ => "move it into the workspace's Cargo.toml",
            }));
        }
        for (key, variable) in [
            ("rustc-wrapper", "RUSTC_WRAPPER"),
            ("rustc-workspace-wrapper", "RUSTC_WORKSPACE_WRAPPER"),
            ("target-dir", "CARGO_TARGET_DIR"),
            ("build-dir", "CARGO_BUILD_BUILD_DIR"),
        ] {
            if says(key) {
                variables.insert(variable);
            }
        }
    }
    Ok(variables)
}
