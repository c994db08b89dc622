# nixpkgs per system, with the Rust and the buildx that the workspace at `root` pins.
{ nixpkgs, rust-overlay }:
root:
let
  inherit (nixpkgs) lib;
  inherit (import ./systems.nix) linux all forAll;
  pinsOf = folder: builtins.fromTOML (builtins.readFile (folder + "/pins.toml"));
  pins = pinsOf root;
  buildx = pins.buildx or (pinsOf ../../.).buildx;

  overlay = final: prev: {
    rustToolchain = final.rust-bin.fromRustupToolchainFile (root + "/rust-toolchain.toml");
    # nixpkgs' own if it is the pinned version, because it is in the binary cache.
    docker-buildx =
      if prev.docker-buildx.version == buildx.version then
        prev.docker-buildx
      else
        prev.docker-buildx.overrideAttrs (_: {
          inherit (buildx) version;
          src = final.fetchFromGitHub {
            owner = "docker";
            repo = "buildx";
            rev = "v${buildx.version}";
            inherit (buildx) hash;
          };
          ldflags = [
            "-w"
            "-s"
            "-X github.com/docker/buildx/version.Package=github.com/docker/buildx"
            "-X github.com/docker/buildx/version.Version=v${buildx.version}"
          ];
        });
  };
in
forAll all (
  system:
  let
    pkgs = import nixpkgs {
      inherit system;
      config = { };
      overlays = [
        rust-overlay.overlays.default
        overlay
      ];
    };
    found = lib.versions.majorMinor pkgs.glibc.version;
  in
  if builtins.elem system linux && found != pins.glibc then
    throw "pins.toml pins glibc ${pins.glibc}, but the locked nixpkgs has ${found}"
  else
    pkgs
)
