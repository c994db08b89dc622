//! Formatting of the files in Nix's language.

use std::process::Command;

use bakehouse_flake::Flake;
use bakehouse_testkit::Ran;

#[test]
#[ignore = "needs nixfmt and deadnix: tools/test --nix-format"]
fn nix_files_are_formatted_and_hold_no_dead_code() {
    let flake = Flake::copy();
    let format = || {
        Ran::of(
            Command::new("nixfmt")
                .arg("--check")
                .args(flake.nix_files()),
        )
    };
    let lint = || {
        Ran::of(
            Command::new("deadnix")
                .arg("--fail")
                .args(flake.nix_files()),
        )
    };
    let _ = format().succeeded();
    let _ = lint().succeeded();

    flake.edit("tools/nix/images.nix", "{ toolchain }:", "{  toolchain  }:");
    assert_ne!(format().code, Some(0));
    flake.edit("tools/nix/systems.nix", "rec {", "let unused = 1; in rec {");
    assert_ne!(lint().code, Some(0));
}
