{
  description = "A Rust workspace, baked by Bakehouse";

  # Where Bakehouse is to be had: a URL, a folder (path:…), or this name in `nix registry`. The toolchain comes from the
  # nixpkgs and the rust-overlay that it is locked to; give it others with `inputs.bakehouse.inputs.nixpkgs.follows`.
  inputs.bakehouse.url = "flake:bakehouse";

  outputs = { bakehouse, ... }: bakehouse.lib.workspace ./.;
}
