# The Nix-made pair of bases: what is linked in the one finds its loader and C library in the other, under the very same
# /nix/store path. Binaries of this pair run on no Debian base, and binaries of a Debian builder not on this one.
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
  # What the stages of a generated Dockerfile call, and nothing else.
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
