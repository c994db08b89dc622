{
  description = "A Rust workspace, baked by Bakehouse";

  # The source of Bakehouse: a URL, a folder (path:…), or this name in `nix registry`. The toolchain comes from the
  # nixpkgs and rust-overlay in Bakehouse's lock; select others with `inputs.bakehouse.inputs.nixpkgs.follows`.
  inputs.bakehouse.url = "flake:bakehouse";

  outputs = { bakehouse, ... }: bakehouse.lib.workspace ./.;
}
