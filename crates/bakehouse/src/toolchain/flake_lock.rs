//! `flake.lock`: which revision of an input a flake uses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::problem::{Code, Problem};

/// A `flake.lock`, as Nix writes it.
#[derive(Debug, Deserialize)]
pub struct FlakeLock {
    root: String,
    nodes: BTreeMap<String, Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    #[serde(default)]
    inputs: BTreeMap<String, Input>,
    locked: Option<RawLocked>,
}

/// Where an input leads: to a node by its name, or along the names of inputs from the root (`follows`).
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    Node(String),
    Follows(Vec<String>),
}

/// What a node is locked to. A folder on this machine (`path:`) has no revision.
#[derive(Debug, Deserialize)]
struct RawLocked {
    #[serde(rename = "narHash")]
    nar_hash: Option<String>,
    rev: Option<String>,
}

/// The very source of an input.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Locked {
    /// Nix's hash of the source tree: `sha256-` and Base64.
    #[serde(rename = "narHash")]
    pub nar_hash: String,
    /// The commit: 40 hex digits.
    pub rev: String,
}

/// `follows` may lead to `follows`, but a lock of Nix's never so far.
const LONGEST_WAY: usize = 32;

impl FlakeLock {
    /// Reads the text of a `flake.lock`.
    ///
    /// # Errors
    /// `pin-invalid`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        serde_json::from_str(text).map_err(|error| {
            Problem::new(
                Code::PinInvalid,
                format!("flake.lock cannot be read: {error}"),
            )
            .hint("take it from version control again, or write it anew with `nix flake lock`")
            .caused_by(error)
        })
    }

    /// What the toolchain's input `name` is locked to. In a workspace whose flake has Bakehouse as its input
    /// `bakehouse`, the toolchain is made from what Bakehouse's own inputs are locked to there.
    ///
    /// # Errors
    /// `pin-missing`, `pin-invalid`.
    pub fn toolchain_input(&self, name: &str) -> Result<Locked, Problem> {
        let below = self.find(&["bakehouse"], LONGEST_WAY).is_some();
        let way: &[&str] = if below { &["bakehouse", name] } else { &[name] };
        let Some(node) = self.find(way, LONGEST_WAY) else {
            return Err(Problem::new(
                Code::PinMissing,
                format!("flake.lock has no input `{name}`"),
            )
            .hint("give flake.nix the input `bakehouse`, as its template has it, and run `nix flake lock`"));
        };
        node.locked
            .as_ref()
            .and_then(RawLocked::exact)
            .ok_or_else(|| {
                Problem::new(
                    Code::PinInvalid,
                    format!("flake.lock does not tie the input `{name}` to a commit and a hash of its content"),
                )
                .hint("let the input be a repository, not a folder of this machine, and run `nix flake lock`")
            })
    }

    /// The node that the inputs `way` lead to from the root, in at most `steps` of `follows`.
    fn find<S: AsRef<str>>(&self, way: &[S], steps: usize) -> Option<&Node> {
        let mut node = self.nodes.get(&self.root)?;
        for name in way {
            node = match node.inputs.get(name.as_ref())? {
                Input::Node(name) => self.nodes.get(name)?,
                Input::Follows(way) => self.find(way, steps.checked_sub(1)?)?,
            };
        }
        Some(node)
    }
}

impl RawLocked {
    fn exact(&self) -> Option<Locked> {
        let rev = self.rev.clone()?;
        let nar_hash = self.nar_hash.clone()?;
        let is_commit = rev.len() == 40 && rev.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_commit && nar_hash.starts_with("sha256-")).then_some(Locked { nar_hash, rev })
    }
}
