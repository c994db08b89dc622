//! `bakehouse pin`: base images get the digests that their registries have, and nothing else in bakehouse.toml changes.
//! A fake `docker` stands for all registries; `tools/e2e/tests/pin.rs` uses a real one.

use std::os::unix::fs::PermissionsExt;

use crate::grove::Grove;

const CONFIG: &str = r#"# Who may touch this: the platform team.
registry = "r"

[bases]
builder = 'registry.example/rust:1.95'   # with our CA
runtime = "registry.example/debian:12@sha256:0000000000000000000000000000000000000000000000000000000000000000"
glibc = { "registry.example/odd:1" = "2.36" }

[services.api]
package = "api"   # the only one

[services.api.variants]
plain = {}
odd = { runtime = "registry.example/odd:1",  env = { A = "b" } }
digest = { runtime = "registry.example/kept@sha256:1111111111111111111111111111111111111111111111111111111111111111" }
own = { runtime = "bakehouse-runtime:here" } # from the flake
none = { runtime = "scratch" }
"#;

/// Answers like buildx, with digests made of the first letter of an image's last name.
const DOCKER: &str = r#"#!/bin/sh
image=$4
case "$1 $2" in
"buildx imagetools")
  case "$image" in
  registry.example/kept* | *@* | scratch) echo "nobody should ask for $image" >>"$0.asked"; exit 1 ;;
  registry.example/rust:1.95) letter=a ;;
  registry.example/debian:12) letter=b ;;
  registry.example/odd:1) letter=c ;;
  docker.io/library/*) letter=d ;;
  *) echo "ERROR: $image: not found" >&2; exit 1 ;;
  esac
  echo "{\"schemaVersion\":2,\"digest\":\"sha256:$(printf "%064d" 0 | tr 0 $letter)\",\"size\":1}" ;;
"image inspect") for image; do :; done; [ "$image" = bakehouse-runtime:here ] ;;
*) exit 1 ;;
esac
"#;

fn grove(config: &str) -> Grove {
    let grove = Grove::new(&[
        ("crates/api/src/main.rs", "fn main() {}\n"),
        ("bin/docker", DOCKER),
    ]);
    if !config.is_empty() {
        grove.write("bakehouse.toml", config);
    }
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(grove.path("bin/docker"), executable).unwrap();
    grove
}

fn read(grove: &Grove) -> String {
    std::fs::read_to_string(grove.path("bakehouse.toml")).unwrap()
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn bases_are_pinned_in_their_places_and_all_else_stays() {
    let grove = grove(CONFIG);
    let output = grove.command(&["pin"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let digest = |letter: &str| format!("@sha256:{}", letter.repeat(64));
    let expected = CONFIG
        .replace(
            "'registry.example/rust:1.95'",
            &format!("\"registry.example/rust:1.95{}\"", digest("a")),
        )
        .replace(&digest("0"), &digest("b"))
        .replace(
            "runtime = \"registry.example/odd:1\"",
            &format!("runtime = \"registry.example/odd:1{}\"", digest("c")),
        );
    assert_eq!(read(&grove), expected);
    assert!(!grove.path("bin/docker.asked").exists());
    let said = stderr(&output);
    assert!(
        said.contains("bakehouse-runtime:here stays as it is: this engine has it")
            && said.contains("bakehouse-runtime:here: not found"),
        "{said}"
    );

    // The written file is a valid configuration and up to date.
    grove.run(&["generate"]);
    grove.run(&["pin", "--check"]);
    assert_eq!(read(&grove), expected);
}

#[test]
fn a_base_that_is_not_what_its_registry_has_is_found_and_nothing_is_written() {
    let grove = grove(CONFIG);
    let output = grove.command(&["pin", "--check", "--only", "bases"]);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    assert!(
        said.contains("pin-stale") && said.contains("help:"),
        "{said}"
    );
    assert!(
        said.contains("-runtime = \"registry.example/debian:12@sha256:00")
            && said.contains("+runtime = \"registry.example/debian:12@sha256:bb"),
        "{said}"
    );
    assert_eq!(read(&grove), CONFIG);
}

#[test]
fn what_the_configuration_leaves_to_the_default_is_pinned_too() {
    let digest = "d".repeat(64);
    let bases = format!(
        "[bases]\nbuilder = \"docker.io/library/rust:slim-bookworm@sha256:{digest}\"\n\
         runtime = \"docker.io/library/debian:bookworm-slim@sha256:{digest}\"\n"
    );
    let table = [
        ("", bases.clone()),
        (
            "# mine\nregistry = \"r\" # yes\n",
            format!("# mine\nregistry = \"r\" # yes\n\n{bases}"),
        ),
    ];
    for (config, expected) in table {
        let grove = grove(config);
        grove.run(&["pin"]);
        assert_eq!(read(&grove), expected);
    }
}

#[test]
fn a_base_that_is_nowhere_is_an_error_and_nothing_is_written() {
    let config = "[bases]\nbuilder = \"registry.example/rust:1.95\"\nruntime = \"registry.example/debain:12\"\n";
    let grove = grove(config);
    let output = grove.command(&["pin"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("base-unknown") && said.contains("help:"),
        "{said}"
    );
    assert!(said.contains("registry.example/debain:12"), "{said}");
    assert_eq!(read(&grove), config);
}
