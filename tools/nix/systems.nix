# Systems of the flake's outputs. `forAll` is genAttrs of nixpkgs, written here so that nixpkgs is not fetched for it.
rec {
  linux = [
    "x86_64-linux"
    "aarch64-linux"
  ];
  # Systems with a shell and the generator; images are for Linux only.
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
