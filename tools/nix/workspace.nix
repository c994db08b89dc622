# The flake's outputs for the Rust workspace at `root`: its toolchain, a shell that has it, the pair of base images, and
# the check that toolchain.json agrees. `pkgs` and `generator` are attribute sets by system.
{
  root,
  pkgs,
  generator,
}:
let
  inherit (import ./systems.nix) linux all forAll;
  toolchain = import ./toolchain.nix root;

  # A plugin in the user's own folder takes precedence over the one that the shell's docker client was built with.
  warnOfShadow = buildx: ''
    bakehouse_plugin="''${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins/docker-buildx"
    if [ -e "$bakehouse_plugin" ]; then
      case "$("$bakehouse_plugin" version 2>/dev/null)" in
      *" v${buildx.version} "*) ;;
      *) echo "warning: $bakehouse_plugin hides the pinned docker buildx ${buildx.version}: remove it, or run 'docker-buildx bake'" >&2 ;;
      esac
    fi
    unset bakehouse_plugin
  '';

  shell =
    pkgs: more:
    pkgs.mkShell {
      packages = [
        pkgs.rustToolchain
        pkgs.docker-buildx
        pkgs.docker-client
        pkgs.git
      ]
      ++ more;
      shellHook = warnOfShadow pkgs.docker-buildx;
    };
in
{
  inherit toolchain;

  devShells = forAll all (system: {
    default = shell pkgs.${system} [ generator.${system} ];
    # A shell for work on the generator itself, which cargo builds in it.
    bare = shell pkgs.${system} [ ];
  });

  packages = forAll linux (system: import ./images.nix { inherit toolchain; } pkgs.${system});

  # This fails during evaluation, so `nix flake check --no-build` is enough.
  checks = forAll all (system: {
    toolchain-json =
      if builtins.fromJSON (builtins.readFile (root + "/toolchain.json")) == toolchain then
        pkgs.${system}.runCommand "toolchain-json" { } "touch $out"
      else
        throw "toolchain.json is out of date: run `bakehouse pin` and commit what it writes";
  });

  formatter = forAll all (system: pkgs.${system}.nixfmt-tree);
}
