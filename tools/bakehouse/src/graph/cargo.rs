//! Asks Cargo, and reads its files.

use std::process::Command;

use camino::Utf8Path;
use cargo_metadata::Metadata;

use crate::problem::{Code, Problem};

/// `cargo metadata --no-deps` of the workspace that `manifest_path` belongs to; the current folder's when `None`.
///
/// # Errors
/// `manifest-missing`, `cargo-missing`, `cargo-failed`.
pub fn metadata(manifest_path: Option<&Utf8Path>) -> Result<Metadata, Problem> {
    parse(run(manifest_path)?)
}

/// What `cargo metadata` prints.
fn run(manifest_path: Option<&Utf8Path>) -> Result<String, Problem> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--offline",
    ]);
    if let Some(path) = manifest_path {
        if !path.is_file() {
            return Err(Problem::new(
                Code::ManifestMissing,
                format!("there is no manifest at {path}"),
            )
            .hint("give the path of a Cargo.toml to --manifest-path"));
        }
        command.arg("--manifest-path").arg(path);
    }
    let output = command.output().map_err(|error| {
        Problem::new(Code::CargoMissing, format!("cargo cannot be run: {error}"))
            .hint("install Rust")
    })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said = stderr.trim().trim_start_matches("error: ");
        return Err(if said.contains("is not installed") {
            let line = said.lines().next().unwrap_or(said);
            Problem::new(Code::CargoFailed, format!("cargo cannot be run: {line}"))
                .hint("install it with `rustup toolchain install`, or set RUSTUP_TOOLCHAIN to one that is installed: any recent Cargo can read the workspace")
        } else if said.starts_with("could not find `Cargo.toml`") {
            Problem::new(Code::ManifestMissing, said.to_owned()).hint(
                "run bakehouse inside a Cargo workspace, or name its manifest with --manifest-path",
            )
        } else {
            Problem::new(Code::CargoFailed, format!("cargo metadata failed: {said}"))
                .hint("`cargo metadata --no-deps` in this folder shows the same; mend the manifest it names")
        });
    }
    String::from_utf8(output.stdout).map_err(|error| unclear(&error))
}

fn parse(text: String) -> Result<Metadata, Problem> {
    cargo_metadata::MetadataCommand::parse(text).map_err(|error| unclear(&error))
}

fn unclear(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(
        Code::CargoFailed,
        format!("cargo metadata's answer cannot be read: {error}"),
    )
    .hint("use the Cargo that the workspace is built with")
}

/// The same for a package that lies in the folder of a workspace and is neither a member nor excluded: Cargo takes it
/// as a dependency, but does not show it. It is shown a copy, elsewhere, of how its files lie.
///
/// # Errors
/// As [`metadata`], and `file-unreadable`.
pub fn metadata_apart(dir: &Utf8Path) -> Result<Metadata, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::new(Code::FileUnreadable, error.to_string())
            .hint("make it readable for the user who runs bakehouse")
    };
    let folder = tempfile::tempdir().map_err(unreadable)?;
    let apart = folder.path().canonicalize().map_err(unreadable)?;
    let inside = dir.as_str().trim_start_matches('/');
    let copy = apart.join(inside);
    fs_err::create_dir_all(&copy).map_err(unreadable)?;
    for entry in fs_err::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        fs_err::os::unix::fs::symlink(entry.path(), copy.join(entry.file_name()))
            .map_err(unreadable)?;
    }
    let apart = apart.to_string_lossy().into_owned();
    let manifest = Utf8Path::new(&apart).join(inside).join("Cargo.toml");
    let text = run(Some(&manifest))?.replace(&apart, "");
    parse(text)
}

/// Reads a manifest, or another of Cargo's files.
///
/// # Errors
/// `file-unreadable`, `manifest-invalid`.
pub fn read_toml(path: &Utf8Path) -> Result<toml::Table, Problem> {
    let text = fs_err::read_to_string(path).map_err(|error| {
        Problem::new(Code::FileUnreadable, error.to_string())
            .hint("check that the file exists and can be read")
    })?;
    text.parse().map_err(|error: toml::de::Error| {
        Problem::new(
            Code::ManifestInvalid,
            format!("{path} is not valid TOML: {}", error.message()),
        )
        .hint("mend the file at the place shown by `cargo metadata --no-deps`")
    })
}
