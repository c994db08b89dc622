//! Reads `toolchain.json`. This needs neither Nix nor the files that it was made from.

use super::flake_lock::Locked;
use super::identity::{Toolchain, VERSION};
use crate::problem::{Code, Problem, Source};

/// The file that holds the toolchain, in the workspace's folder.
pub const FILE: &str = "toolchain.json";

/// The remedy for a file that differs from what `pin` writes.
const REMEDY: &str = "run `bakehouse pin` and commit what it writes; it is never edited by hand";

impl Toolchain {
    /// Reads the text of a `toolchain.json`.
    ///
    /// # Errors
    /// `pin-invalid`, also if the identity does not match the values, since all cache keys depend on it.
    pub fn parse(source: &Source) -> Result<Self, Problem> {
        let toolchain: Self = serde_json::from_str(&source.text).map_err(|error| {
            let at = offset(&source.text, error.line(), error.column());
            Problem::new(
                Code::PinInvalid,
                format!("{} cannot be read: {error}", source.name),
            )
            .at(source, at..at)
            .hint(REMEDY)
            .caused_by(error)
        })?;
        if toolchain.version != VERSION {
            return Err(Problem::new(
                Code::PinInvalid,
                format!(
                    "{} has version {} of the file format, and this bakehouse reads version {VERSION}",
                    source.name, toolchain.version
                ),
            )
            .hint("use the bakehouse that wrote it, or run `bakehouse pin` with this one"));
        }
        let id = toolchain.identity();
        if toolchain.id != id {
            let start = source.text.find(&toolchain.id).unwrap_or_default();
            return Err(Problem::new(
                Code::PinInvalid,
                format!(
                    "{} has an identity that does not match its values, {id}",
                    source.name
                ),
            )
            .at(source, start..start + toolchain.id.len())
            .hint(REMEDY));
        }
        Ok(toolchain)
    }

    /// Checks the toolchain against the release that the workspace's toolchain file names.
    ///
    /// # Errors
    /// `pin-stale`.
    pub fn fits(&self, channel: Option<&str>) -> Result<(), Problem> {
        if channel == Some(&self.rustc) {
            return Ok(());
        }
        let named = match channel {
            Some(channel) => format!("rust-toolchain.toml names {channel}"),
            None => "no rust-toolchain.toml names a release".to_owned(),
        };
        Err(stale(format!(
            "{FILE} has rustc {}, and {named}",
            self.rustc
        )))
    }

    /// Returns the values that are different in `now`, e.g. `glibc 2.42 → 2.43`.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let (nixpkgs, new_nixpkgs) = told_apart(&self.nixpkgs, &now.nixpkgs);
        let (overlay, new_overlay) = told_apart(&self.rust_overlay, &now.rust_overlay);
        [
            ("rustc", self.rustc.as_str(), now.rustc.as_str()),
            ("glibc", &self.glibc, &now.glibc),
            ("nixpkgs", nixpkgs, new_nixpkgs),
            ("rust-overlay", overlay, new_overlay),
        ]
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(name, old, new)| format!("{name} {old} → {new}"))
        .collect()
    }
}

/// Returns the problem for a `toolchain.json` that does not match the files it is made from.
pub fn stale(message: impl Into<String>) -> Problem {
    Problem::new(Code::PinStale, message).hint("run `bakehouse pin` and commit what it writes")
}

/// Returns short names for two sources: prefixes of their commits, or of their hashes if the commit is the same.
fn told_apart<'a>(old: &'a Locked, new: &'a Locked) -> (&'a str, &'a str) {
    if old.rev == new.rev {
        return (&old.nar_hash, &new.nar_hash);
    }
    let short = |rev: &'a str| rev.get(..8).unwrap_or(rev);
    (short(&old.rev), short(&new.rev))
}

/// Returns the byte offset of a line and column, both counted from 1 as serde does, within the bounds of `text`.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let mut at = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
