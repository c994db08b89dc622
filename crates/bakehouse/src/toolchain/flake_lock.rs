//! `flake.lock`: the revisions of a flake's inputs.

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

/// The target of an input: the name of a node, or a path of input names from the root (`follows`).
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    Node(String),
    Follows(Vec<String>),
}

/// The locked source of a node. A folder on this machine (`path:`) has no revision.
#[derive(Debug, Deserialize)]
struct RawLocked {
    #[serde(rename = "narHash")]
    nar_hash: Option<String>,
    rev: Option<String>,
}

/// The exact source of an input.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Locked {
    /// Nix's hash of the source tree: `sha256-` and Base64.
    #[serde(rename = "narHash")]
    pub nar_hash: String,
    /// The commit: 40 hex digits.
    pub rev: String,
}

/// The limit on chains of `follows`. Locks that Nix writes have none longer than one step so far.
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
            .hint("restore it from version control, or write it again with `nix flake lock`")
            .caused_by(error)
        })
    }

    /// Returns the locked source of the toolchain's input `name`. If the workspace's flake has Bakehouse as its input
    /// `bakehouse`, the toolchain consists of the sources to which Bakehouse's own inputs are locked there.
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
                    format!("flake.lock does not lock the input `{name}` to a commit and a hash of its content"),
                )
                .hint("make the input a repository, not a folder on this machine, and run `nix flake lock`")
            })
    }

    /// Returns the node that the inputs `way` lead to from the root, following at most `steps` of `follows`.
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
