# The Nix-made pair of bases. A program linked in the builder finds its loader and C library in the runtime base under the
# same /nix/store path. So its programs do not run on a Debian base, and programs of a Debian builder do not run on this one.
{ toolchain }:
pkgs:
let
  image =
    name: contents: env:
    pkgs.dockerTools.streamLayeredImage {
      inherit name;
      tag = toolchain.id;
      contents = contents ++ [
        pkgs.coreutils
        pkgs.dockerTools.binSh
        pkgs.dockerTools.caCertificates
        pkgs.dockerTools.fakeNss
      ];
      extraCommands = "mkdir -m 1777 tmp";
      config = {
        Cmd = [ "/bin/sh" ];
        Env = [
          "PATH=/usr/local/bin:/bin"
          "SSL_CERT_FILE=/etc/ssl/certs/ca-bundle.crt"
        ]
        ++ env;
        Labels."dev.bakehouse.toolchain" = toolchain.id;
      };
    };
in
{
  # Exactly the programs that the stages of a generated Dockerfile call.
  builder-image =
    image "bakehouse-builder"
      [
        pkgs.rustToolchain
        pkgs.stdenv.cc
        pkgs.pkg-config
        pkgs.binutils
        pkgs.diffutils
        pkgs.findutils
        pkgs.gawk
        pkgs.git
        pkgs.gnugrep
        pkgs.gnused
        pkgs.dockerTools.usrBinEnv
      ]
      [ "BAKEHOUSE_TOOLCHAIN_ID=${toolchain.id}" ];

  runtime-image =
    image "bakehouse-runtime"
      [
        pkgs.stdenv.cc.libc
        pkgs.stdenv.cc.cc.lib
      ]
      [ ];
}
