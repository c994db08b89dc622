# Where the flake has outputs. `forAll` is nixpkgs' genAttrs without nixpkgs, which it would fetch.
rec {
  linux = [
    "x86_64-linux"
    "aarch64-linux"
  ];
  # A shell and the generator; images are for Linux.
  darwin = [
    "x86_64-darwin"
    "aarch64-darwin"
  ];
  all = linux ++ darwin;

  forAll =
    systems: value:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = value name;
      }) systems
    );
}
