# The toolchain of the workspace at `root`, as data: versions and hashes, and one identity for everything that compiles.
# `bakehouse pin` computes the same from the same files. This file uses only builtins, and the lock instead of the inputs.
# So it is evaluated without fetching anything, and returns the pinned versions even with --override-input.
root:
let
  rustc = (builtins.fromTOML (builtins.readFile (root + "/rust-toolchain.toml"))).toolchain.channel;
  pins = builtins.fromTOML (builtins.readFile (root + "/pins.toml"));
  lock = builtins.fromJSON (builtins.readFile (root + "/flake.lock"));

  # The node that a chain of inputs leads to from the root. An input is a node's name, or such a chain (`follows`).
  find = builtins.foldl' (
    node: name:
    let
      input = node.inputs.${name};
    in
    if builtins.isList input then find input else lock.nodes.${input}
  ) lock.nodes.${lock.root};

  # In another workspace, the toolchain comes from Bakehouse's inputs as that workspace locks them.
  via = if lock.nodes.${lock.root}.inputs ? bakehouse then [ "bakehouse" ] else [ ];
  locked = name: { inherit ((find (via ++ [ name ])).locked) rev narHash; };

  identity = {
    inherit rustc;
    inherit (pins) glibc;
    nixpkgs = locked "nixpkgs";
    rust-overlay = locked "rust-overlay";
  };
in
identity
// (if pins ? buildx then { buildx = pins.buildx.version; } else { })
// {
  version = 1;
  id = builtins.substring 0 16 (builtins.hashString "sha256" (builtins.toJSON identity));
}
