//! Reads the files that pin a workspace's toolchain.

use std::io::ErrorKind;

use camino::Utf8Path;

use super::identity::{Sources, Toolchain};
use super::written::{FILE, stale};
use crate::problem::{Code, Problem, Problems, Source};

/// Reads the three files below the workspace's `root`.
///
/// # Errors
/// `pin-missing` for each file that does not exist, `file-unreadable`.
pub fn read(root: &Utf8Path) -> Result<Sources, Problems> {
    let rust_toolchain = source(
        root,
        "rust-toolchain.toml",
        "write `[toolchain]` and `channel = \"…\"` with one release of Rust into it",
    );
    let flake_lock = source(
        root,
        "flake.lock",
        "write it with `nix flake lock`; a workspace without a flake needs no toolchain.json",
    );
    let pins = source(
        root,
        "pins.toml",
        "write `glibc = \"…\"` with the version in the locked nixpkgs into it",
    );
    match (rust_toolchain, flake_lock, pins) {
        (Ok(rust_toolchain), Ok(flake_lock), Ok(pins)) => Ok(Sources {
            rust_toolchain,
            flake_lock,
            pins,
        }),
        (a, b, c) => Err(Problems(
            [a.err(), b.err(), c.err()].into_iter().flatten().collect(),
        )),
    }
}

/// Returns the contents of `toolchain.json` below `root`, or `None` if there is none. It must match the release
/// `channel` that the workspace's toolchain file names. If the files that it is made from exist too, it must have their
/// identity.
///
/// # Errors
/// `pin-invalid`, `pin-stale`, `file-unreadable`.
pub fn pinned(root: &Utf8Path, channel: Option<&str>) -> Result<Option<Toolchain>, Problem> {
    let text = match fs_err::read_to_string(root.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Problem::from_error(Code::FileUnreadable, error)
                .hint("make it readable, and UTF-8"));
        }
    };
    let name = FILE.to_owned();
    let toolchain = Toolchain::parse(&Source { name, text })?;
    toolchain.fits(channel)?;
    // `pin` reports errors in these files.
    let now = read(root).ok();
    if let Some(now) = now.and_then(|sources| Toolchain::new(&sources).ok())
        && now.id != toolchain.id
    {
        return Err(stale(format!(
            "{FILE} is not what rust-toolchain.toml, flake.lock and pins.toml pin: {}",
            toolchain.differences(&now).join(", ")
        )));
    }
    Ok(Some(toolchain))
}

fn source(root: &Utf8Path, name: &str, remedy: &str) -> Result<Source, Problem> {
    match fs_err::read_to_string(root.join(name)) {
        Ok(text) => Ok(Source {
            name: name.to_owned(),
            text,
        }),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Err(
                Problem::new(Code::PinMissing, format!("there is no {name} in {root}"))
                    .hint(remedy),
            )
        }
        Err(error) => {
            Err(Problem::from_error(Code::FileUnreadable, error)
                .hint("make it readable, and UTF-8"))
        }
    }
}
