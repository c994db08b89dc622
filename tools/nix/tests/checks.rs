//! The flake is sound, and each check fails if its subject is broken.

use bakehouse_flake::Flake;
use bakehouse_flake::check::{CHECKS, Check};

#[test]
fn the_flake_passes_every_check() {
    let flake = Flake::copy();
    for check in CHECKS {
        check
            .of(&flake)
            .unwrap_or_else(|wrong| panic!("{check:?}: {wrong}"));
    }
}

/// `(check, file, text, its replacement, expected message of the check)`; `{copy}` is the folder of the flake.
type Break = (
    Check,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// Nix's message about a lock that does not match.
const BEHIND: &str = "requires lock file changes";

const BREAKS: [Break; 27] = [
    (
        Check::Parse,
        "flake.nix",
        "outputs =",
        "outputs",
        "syntax error",
    ),
    (
        Check::Parse,
        "tools/nix/images.nix",
        "in\n{",
        "{",
        "syntax error",
    ),
    (
        Check::Parse,
        "tools/nix/stub/nixpkgs/lib.nix",
        "{",
        "",
        "syntax error",
    ),
    // The lock is outdated.
    (
        Check::Lock,
        "flake.nix",
        "github:NixOS/nixpkgs/nixos-26.05",
        "path:{copy}/tools/nix/stub/nixpkgs",
        BEHIND,
    ),
    (
        Check::Lock,
        "flake.nix",
        "github:oxalica/rust-overlay",
        "path:{copy}/tools/nix/stub/rust-overlay",
        BEHIND,
    ),
    (
        Check::Lock,
        "flake.nix",
        "inputs = {",
        "inputs = { more.follows = \"nixpkgs\";",
        BEHIND,
    ),
    (
        Check::Lock,
        "flake.lock",
        "\"nixpkgs\": \"nixpkgs\"",
        "\"left\": \"nixpkgs\", \"nixpkgs\": \"nixpkgs\"",
        BEHIND,
    ),
    // A pin changed without a run of `bakehouse pin`.
    (
        Check::Toolchain,
        "rust-toolchain.toml",
        "1.95.0",
        "1.96.0",
        "toolchain.json says",
    ),
    (
        Check::Toolchain,
        "flake.lock",
        "c84e121a",
        "c84e121b",
        "toolchain.json says",
    ),
    (
        Check::Toolchain,
        "flake.lock",
        "sha256-ugps",
        "sha256-Ugps",
        "toolchain.json says",
    ),
    (
        Check::Toolchain,
        "pins.toml",
        "2.42",
        "2.43",
        "toolchain.json says",
    ),
    (
        Check::Toolchain,
        "pins.toml",
        "0.35.0",
        "0.36.0",
        "toolchain.json says",
    ),
    (
        Check::Toolchain,
        "toolchain.json",
        "\"id\": \"",
        "\"id\": \"0",
        "toolchain.json says",
    ),
    // The flake computes a different result.
    (
        Check::Toolchain,
        "tools/nix/toolchain.nix",
        "substring 0 16",
        "substring 0 8",
        "the flake says",
    ),
    (
        Check::Toolchain,
        "tools/nix/toolchain.nix",
        "toJSON identity",
        "toJSON (identity // { a = 1; })",
        "the flake says",
    ),
    // Errors that `nix flake check` finds.
    (
        Check::Evaluation,
        "toolchain.json",
        "1.95.0",
        "1.94.0",
        "toolchain.json is out of date",
    ),
    (
        Check::Evaluation,
        "pins.toml",
        "2.42",
        "2.41",
        "pins glibc 2.41, but the locked nixpkgs has 2.42",
    ),
    (
        Check::Evaluation,
        "tools/nix/stub/nixpkgs/default.nix",
        "2.42-61",
        "2.43-3",
        "the locked nixpkgs has 2.43",
    ),
    (
        Check::Evaluation,
        "tools/nix/images.nix",
        "pkgs.findutils",
        "pkgs.findutil",
        "findutil",
    ),
    (
        Check::Evaluation,
        "tools/nix/images.nix",
        "extraCommands",
        "extraCommand",
        "extraCommand",
    ),
    (
        Check::Evaluation,
        "tools/nix/generator.nix",
        "(members ../../crates)",
        "(members ../crate)",
        "does not exist",
    ),
    (
        Check::Evaluation,
        "tools/nix/workspace.nix",
        "import ./images.nix",
        "if system == \"aarch64-linux\" then { builder-image = throw \"only there\"; } else import ./images.nix",
        "only there",
    ),
    // `nix run`, `nix develop .#bare` or `nix build .#runtime-image` would fail.
    (
        Check::Outputs,
        "tools/nix/images.nix",
        "runtime-image =",
        "run-image =",
        "packages.x86_64-linux: bakehouse builder-image default run-image",
    ),
    (
        Check::Outputs,
        "tools/nix/workspace.nix",
        "bare =",
        "naked =",
        "default naked",
    ),
    (
        Check::Outputs,
        "tools/nix/workspace.nix",
        ".nixfmt-tree",
        ".nixfmt",
        "formatter.x86_64-linux: nixfmt\n",
    ),
    (Check::Outputs, "flake.nix", "apps =", "app =", "apps"),
    (
        Check::Outputs,
        "flake.nix",
        "lib.workspace",
        "lib.outputs",
        "lib: outputs",
    ),
];

#[test]
#[ignore = "evaluates the flake two dozen times, a minute: tools/test --slow"]
fn each_check_fails_when_what_it_checks_is_broken() {
    for (check, file, from, to, says) in BREAKS {
        let flake = Flake::copy();
        flake.edit(
            file,
            from,
            &to.replace("{copy}", &flake.dir().to_string_lossy()),
        );
        let Err(wrong) = check.of(&flake) else {
            panic!("{check:?} passes with {to:?} in {file}");
        };
        assert!(
            wrong.contains(says),
            "{check:?} with {to:?} in {file} says:\n{wrong}"
        );
    }
}
