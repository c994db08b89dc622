//! The folder that becomes the Docker context, and its relation to the workspace.

use camino::{Utf8Path, Utf8PathBuf};

use crate::problem::{Code, Problem};

/// Returns the path from the folder `from` to the folder `to`.
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

/// Returns the highest folder that the context of `workspace` may extend to: its git repository, or the workspace
/// itself if there is none.
pub fn limit(workspace: &Utf8Path) -> &Utf8Path {
    repository(workspace).unwrap_or(workspace)
}

/// Returns the git repository that `folder` is in.
pub fn repository(folder: &Utf8Path) -> Option<&Utf8Path> {
    folder
        .ancestors()
        .find(|folder| folder.join(".git").exists())
}

/// Refuses a path that cannot be written as it is in a Dockerfile and in a shell. BuildKit reads the options of a
/// `RUN` byte by byte, so it does not find paths that are not ASCII.
///
/// # Errors
/// `path-outside`.
pub fn check_plain(path: &Utf8Path) -> Result<(), Problem> {
    if path.as_str().chars().all(is_plain) {
        return Ok(());
    }
    let message = format!("`{path}` has characters that a Dockerfile or a shell would interpret");
    let hint = "rename it: letters, digits, `-`, `_`, `.`, `+` and `@` are safe";
    Err(Problem::new(Code::PathOutside, message).hint(hint))
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_./+@".contains(c)
}

/// Returns whether a path in the configuration may contain `c`.
pub fn is_configurable(c: char) -> bool {
    is_plain(c) || c == '='
}

/// Returns the innermost folder that contains `workspace` and all of `paths`.
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
            .hint("the Docker context extends only up to the git repository, or the workspace if there is none: move it there"));
        }
        while !path.starts_with(root) {
            root = root.parent().unwrap_or(root);
        }
    }
    Ok(root.to_owned())
}
