{
  description = "Bakehouse: Docker images for Rust workspaces";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    rust-overlay = {
      url = "github:oxalica/rust-overlay";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    { nixpkgs, rust-overlay, ... }:
    let
      inherit (import ./tools/nix/systems.nix) all forAll;
      packagesOf = import ./tools/nix/packages.nix { inherit nixpkgs rust-overlay; };
      pkgs = packagesOf ./.;
      generator = forAll all (system: import ./tools/nix/generator.nix pkgs.${system});
      workspace =
        root:
        import ./tools/nix/workspace.nix {
          inherit root generator;
          pkgs = packagesOf root;
        };
      own = workspace ./.;
    in
    own
    // {
      # For the flake of another workspace: `bakehouse.lib.workspace ./.` are all its outputs.
      lib.workspace = workspace;

      templates.default = {
        path = ./tools/nix/template;
        description = "A Rust workspace with a pinned toolchain, baked by Bakehouse";
        welcomeText = builtins.readFile ./tools/nix/template/welcome.md;
      };

      packages = forAll all (
        system:
        {
          default = generator.${system};
          bakehouse = generator.${system};
        }
        // own.packages.${system} or { }
      );

      # `nix run` in any workspace. The user's own cargo and git come first.
      apps = forAll all (system: {
        default = {
          type = "app";
          program = "${pkgs.${system}.writeShellScript "bakehouse" ''
            PATH="$PATH:${
              pkgs.${system}.lib.makeBinPath [
                pkgs.${system}.rustToolchain
                pkgs.${system}.git
              ]
            }" exec ${generator.${system}}/bin/bakehouse "$@"
          ''}";
          meta.description = "Generates Bake and Docker files for a Cargo workspace";
        };
      });

      checks = forAll all (
        system:
        let
          inherit (pkgs.${system}) runCommand nixfmt deadnix;
          sources = pkgs.${system}.lib.fileset.toSource {
            root = ./.;
            fileset = pkgs.${system}.lib.fileset.unions [
              ./flake.nix
              ./tools/nix
            ];
          };
        in
        own.checks.${system}
        // {
          bakehouse = generator.${system};
          shell = own.devShells.${system}.bare;
          nix-files =
            runCommand "nix-files"
              {
                nativeBuildInputs = [
                  nixfmt
                  deadnix
                ];
              }
              ''
                find ${sources} -name '*.nix' -exec nixfmt --check {} +
                deadnix --fail ${sources}
                touch $out
              '';
        }
      );
    };
}
