//! Images that `bakehouse build` skips: exactly those with this input hash and for this platform.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use crate::grove::Grove;

/// A fake engine that has the image of `api`, for the platform in the file `image`. The engine's own platform is in the
/// file `engine`.
const DOCKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
case "$1 $2" in
"version --format")
    case "$3" in
    *Arch*) cat "$here/engine" ;;
    *) echo 28.5.2 ;;
    esac ;;
"buildx version") echo github.com/docker/buildx v0.29.1 0 ;;
"buildx bake") echo "$@" "PLATFORMS=$PLATFORMS" >> "$here/baked" ;;
"image ls")
    for tag in "in-$(cat "$here/hash")" latest; do
        echo "{\"ID\":\"sha256:1\",\"Repository\":\"api\",\"Tag\":\"$tag\",\"Size\":\"1MB\"}"
    done ;;
"image inspect") echo "sha256:1 $(cat "$here/image")" ;;
esac
"#;

fn grove(platforms: &str) -> Grove {
    let config = format!("platforms = [{platforms}]\n[services.api]\n");
    let grove = Grove::new(&[
        ("crates/api/src/main.rs", "fn main() {}"),
        ("bakehouse.toml", &config),
        ("bin/docker", DOCKER),
        ("bin/engine", "linux/amd64"),
        ("bin/image", "linux/amd64"),
    ]);
    let docker = grove.path("bin/docker");
    std::fs::set_permissions(docker, std::fs::Permissions::from_mode(0o755)).unwrap();
    let plan = grove.run(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let hash = plan["services"][0]["input_hash"].as_str().unwrap();
    grove.write("bin/hash", hash);
    grove.run(&["generate"]);
    grove
}

/// Returns whether a build bakes the service.
fn bakes(grove: &Grove) -> bool {
    let log = grove.path("bin/baked");
    let _ = std::fs::remove_file(&log);
    grove.run(&["build"]);
    let said = std::fs::read_to_string(log).unwrap_or_default();
    said.split_whitespace().any(|word| word == "api")
}

#[test]
fn what_is_for_another_machine_is_built_where_no_platform_is_configured() {
    let grove = grove("");
    assert!(!bakes(&grove));
    grove.write("bin/image", "linux/arm64");
    assert!(bakes(&grove));
    grove.write("bin/engine", "linux/arm64");
    assert!(!bakes(&grove));
    // An engine that does not report its platform has no image that could be skipped.
    grove.write(
        "bin/docker",
        &DOCKER.replace("*Arch*)", "*Arch*) exit 1 ;; *none*)"),
    );
    assert!(bakes(&grove));
}

#[test]
fn a_configured_platform_is_in_the_hash() {
    let grove = grove("\"linux/arm64\"");
    assert!(!bakes(&grove));
    grove.write("bin/image", "linux/arm64");
    assert!(!bakes(&grove));
}

#[test]
fn a_dry_run_tells_what_is_baked_and_bakes_nothing() {
    let grove = grove("");
    let said = |arguments: &[&str]| {
        let _ = std::fs::remove_file(grove.path("bin/baked"));
        let said = grove.run(&[&["build", "--dry-run"][..], arguments].concat());
        assert!(!grove.path("bin/baked").exists(), "{said}");
        said
    };
    let hash = std::fs::read_to_string(grove.path("bin/hash")).unwrap();
    for image in ["linux/amd64", "linux/arm64"] {
        grove.write("bin/image", image);
        let expected = if bakes(&grove) { "bake" } else { "skip" };
        assert_eq!(said(&[]), format!("{expected}  api  {hash}\n"), "{image}");
        assert_eq!(
            said(&["--force"]),
            format!("bake  api  {hash}\n"),
            "{image}"
        );
    }
}

#[test]
fn a_build_writes_files_that_are_out_of_date_only_if_asked() {
    let grove = grove("");
    grove.write("bakehouse.toml", "[services.api]\nuser = \"7:7\"\n");
    let output = grove.command(&["build"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("bakehouse build --generate"), "{said}");
    let before = std::fs::read_to_string(grove.path("docker/Dockerfile")).unwrap();
    grove.run(&["build", "--generate", "--dry-run"]);
    let after = || std::fs::read_to_string(grove.path("docker/Dockerfile")).unwrap();
    assert_eq!(before, after(), "a dry run writes nothing");
    grove.run(&["build", "--generate"]);
    assert!(after().contains("7:7"));
    grove.run(&["generate", "--check"]);
    grove.write("docker/Dockerfile", "FROM scratch\n");
    let output = grove.command(&["build", "--generate"]);
    assert_eq!(output.status.code(), Some(3), "an edit by hand is kept");
}

#[test]
fn a_build_for_other_platforms_hands_them_to_bake_and_skips_nothing() {
    let grove = grove("");
    grove.run(&["build", "--platform", "linux/arm64,linux/amd64"]);
    let baked = std::fs::read_to_string(grove.path("bin/baked")).unwrap();
    assert!(
        baked.ends_with("api PLATFORMS=linux/arm64,linux/amd64\n"),
        "{baked}"
    );
    assert!(
        !baked.contains("hashes"),
        "the hash is of the configured platforms: {baked}"
    );
}
