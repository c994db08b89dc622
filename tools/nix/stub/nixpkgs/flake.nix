{
  description = "A stand-in for nixpkgs: just what this repository's flake uses of it";

  outputs = _: { lib = import ./lib.nix; };
}
