# Packages that can be evaluated but not built. All others are missing on purpose, so that a new dependency of the flake is
# noticed. Functions take only the arguments of those in nixpkgs, so a misspelt argument fails.
{
  system,
  config,
  overlays,
}:
let
  lib = import ./lib.nix;

  package =
    name: attributes:
    derivation (
      {
        inherit name system;
        builder = "/bin/sh";
      }
      // attributes
    )
    // {
      inherit name;
    };

  names = [
    "binutils"
    "cacert"
    "coreutils"
    "deadnix"
    "diffutils"
    "docker-client"
    "findutils"
    "gawk"
    "git"
    "gnugrep"
    "gnused"
    "installShellFiles"
    "nixfmt"
    "nixfmt-tree"
    "pkg-config"
  ];

  base =
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = package name { };
      }) names
    )
    // {
      inherit lib;
      stubPackage = package;

      glibc = package "glibc-2.42-61" { } // {
        version = "2.42-61";
      };

      stdenv.cc = package "gcc-wrapper" { } // {
        libc = package "glibc-2.42-61" { };
        cc.lib = package "gcc-lib" { };
      };

      # Older than the pin, so that the flake has to override it.
      docker-buildx =
        let
          make =
            attributes:
            package "docker-buildx-${attributes.version}" { src = attributes.src or "none"; }
            // attributes
            // {
              overrideAttrs = change: make (attributes // change attributes);
            };
        in
        make { version = "0.34.0"; };

      fetchFromGitHub =
        {
          owner,
          repo,
          rev,
          hash,
        }:
        "${owner}/${repo} ${rev} ${hash}";

      mkShell = { packages, shellHook }: package "shell" { inherit packages shellHook; };

      runCommand =
        name: environment: script:
        package name (environment // { inherit script; });

      writeShellScript = name: text: package name { inherit text; };

      makeRustPlatform =
        { cargo, rustc }:
        {
          buildRustPackage =
            {
              pname,
              version,
              src,
              cargoLock,
              cargoBuildFlags,
              doCheck,
              nativeBuildInputs,
              postInstall,
              meta,
            }:
            package "${pname}-${version}" {
              inherit
                cargo
                rustc
                src
                cargoBuildFlags
                doCheck
                nativeBuildInputs
                postInstall
                ;
              lock = cargoLock.lockFile;
            }
            // {
              inherit src meta;
            };
        };

      dockerTools = {
        binSh = package "bin-sh" { };
        caCertificates = package "ca-certificates" { };
        fakeNss = package "fake-nss" { };
        usrBinEnv = package "usr-bin-env" { };
        streamLayeredImage =
          {
            name,
            tag,
            contents,
            extraCommands,
            config,
          }:
          package name { inherit tag contents extraCommands; }
          // {
            inherit tag contents config;
          };
      };
    };

  apply =
    overlays: packages:
    if overlays == [ ] then
      packages
    else
      let
        previous = packages;
        more = builtins.head overlays;
      in
      apply (builtins.tail overlays) (final: previous final // more final (previous final));

  final = apply overlays (_: base) final;
in
assert config == { };
final
