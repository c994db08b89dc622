{
  description = "A stand-in for rust-overlay: a package named after the channel";

  outputs = _: {
    overlays.default = _: previous: {
      rust-bin.fromRustupToolchainFile =
        file:
        let
          toolchain = (builtins.fromTOML (builtins.readFile file)).toolchain;
        in
        previous.stubPackage "rust-${toolchain.channel}" { inherit (toolchain) profile components; };
    };
  };
}
