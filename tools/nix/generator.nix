# The generator, with its manual and completions.
pkgs:
let
  inherit (pkgs.lib) fileset;
  manifest = builtins.fromTOML (builtins.readFile ../../Cargo.toml);
  rustPlatform = pkgs.makeRustPlatform {
    cargo = pkgs.rustToolchain;
    rustc = pkgs.rustToolchain;
  };
  # Cargo reads every member's manifest and looks for all targets, even if it builds only one.
  members = fileset.fileFilter (file: file.name == "Cargo.toml" || file.hasExt "rs");
in
rustPlatform.buildRustPackage {
  pname = "bakehouse";
  inherit (manifest.workspace.package) version;
  src = fileset.toSource {
    root = ../../.;
    fileset = fileset.unions [
      ../../Cargo.toml
      ../../Cargo.lock
      (members ../../crates)
      (members ../../tools)
      # Includes its templates, which are not Rust.
      ../../crates/bakehouse/src
    ];
  };
  cargoLock.lockFile = ../../Cargo.lock;
  cargoBuildFlags = [ "--package=bakehouse" ];
  # The tests need the whole repository, git and cargo: tools/test runs them.
  doCheck = false;

  nativeBuildInputs = [ pkgs.installShellFiles ];
  postInstall = ''
    $out/bin/bakehouse manpages manual
    installManPage manual/*.1
    for shell in bash fish zsh; do
      $out/bin/bakehouse completions $shell >bakehouse.$shell
    done
    installShellCompletion bakehouse.bash bakehouse.fish bakehouse.zsh
  '';

  meta = {
    description = "Generates precise Bake and Docker files for a Cargo workspace";
    license = [
      pkgs.lib.licenses.mit
      pkgs.lib.licenses.asl20
    ];
    mainProgram = "bakehouse";
  };
}
