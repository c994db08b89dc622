//! The toolchain as data, and its identity.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::flake_lock::{FlakeLock, Locked};
use super::pins::{self, Pins};
use crate::problem::{Problem, Problems, Source};

/// The version of the format of `toolchain.json` that this program reads and writes.
pub const VERSION: u32 = 1;

/// The contents of `toolchain.json`. The fields are sorted by name, as in all JSON that Nix writes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Toolchain {
    /// The version of buildx in the developers' shell. It compiles nothing, so it is not part of the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buildx: Option<String>,
    /// Major and minor version of the C library in the shell and the Nix-made bases, e.g. `2.42`.
    pub glibc: String,
    /// The identity: 16 hex digits. Toolchains with the same identity compile to the same result.
    pub id: String,
    pub nixpkgs: Locked,
    #[serde(rename = "rust-overlay")]
    pub rust_overlay: Locked,
    /// The release of Rust, e.g. `1.95.0`.
    pub rustc: String,
    /// The version of this file format.
    pub version: u32,
}

/// Everything that decides how code is compiled. The fields are sorted by name, since their JSON is hashed.
#[derive(Serialize)]
struct Identity<'a> {
    glibc: &'a str,
    nixpkgs: &'a Locked,
    #[serde(rename = "rust-overlay")]
    rust_overlay: &'a Locked,
    rustc: &'a str,
}

impl Identity<'_> {
    fn id(&self) -> String {
        let json = serde_json::to_string(self).expect("strings are JSON");
        let hash = Sha256::digest(json);
        hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The files that pin a toolchain.
pub struct Sources {
    pub rust_toolchain: Source,
    pub flake_lock: Source,
    pub pins: Source,
}

impl Toolchain {
    /// Returns the toolchain that the files pin.
    ///
    /// # Errors
    /// `pin-missing` and `pin-invalid`, all at once.
    pub fn new(sources: &Sources) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let rustc = noted(pins::rustc(&sources.rust_toolchain), &mut problems);
        let pins = noted(Pins::parse(&sources.pins), &mut problems);
        let lock = noted(FlakeLock::parse(&sources.flake_lock.text), &mut problems);
        let mut input = |name| {
            let locked = lock.as_ref()?.toolchain_input(name);
            noted(locked, &mut problems)
        };
        let (nixpkgs, rust_overlay) = (input("nixpkgs"), input("rust-overlay"));
        let (Some(rustc), Some(Pins { glibc, buildx }), Some(nixpkgs), Some(rust_overlay)) =
            (rustc, pins, nixpkgs, rust_overlay)
        else {
            return Err(Problems(problems));
        };
        let mut toolchain = Self {
            buildx,
            glibc,
            id: String::new(),
            nixpkgs,
            rust_overlay,
            rustc,
            version: VERSION,
        };
        toolchain.id = toolchain.identity();
        Ok(toolchain)
    }

    /// Computes the identity from the other values.
    pub(super) fn identity(&self) -> String {
        let Self {
            glibc,
            nixpkgs,
            rust_overlay,
            rustc,
            // buildx compiles nothing.
            buildx: _,
            // The identity itself, and the version of the file format.
            id: _,
            version: _,
        } = self;
        Identity {
            glibc,
            nixpkgs,
            rust_overlay,
            rustc,
        }
        .id()
    }

    /// Returns the text of `toolchain.json`.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings are JSON") + "\n"
    }
}

/// Returns the value, or `None` after adding the error to `problems`.
fn noted<T>(result: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}
