//! `bakehouse doctor`: a table of machines with the expected checks.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::grove::Grove;

/// A fake engine that answers from the files beside it.
const DOCKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
case "$1 $2" in
"version --format") cat "$here/version" ;;
"buildx version") echo "github.com/docker/buildx $(cat "$here/buildx") 0" ;;
"buildx inspect") cat "$here/builder" ;;
"buildx du") cat "$here/du" ;;
"buildx build") cat "$here/frontend" >&2; ! test -s "$here/frontend" ;;
"buildx imagetools")
    if grep -q "^$4\$" "$here/registry"; then
        echo '{"digest":"sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"}'
    else
        echo "ERROR: $4: not found" >&2; exit 1
    fi ;;
"image inspect") grep -q "^$5\$" "$here/images" ;;
"context inspect") cat "$here/endpoint" ;;
"info --format")
    case "$3" in
    *DriverStatus*) cat "$here/store" ;;
    *) cat "$here/root" ;;
    esac ;;
esac
"#;

const BUILDER: &str = "\
Name:          default
Driver:        docker
Nodes:
BuildKit version: v0.26.3
Platforms:     linux/amd64, linux/amd64/v2
GC Policy rule#0:
 All:            false
 Filters:        type==source.local,type==exec.cachemount
 Keep Duration:  48h0m0s
 Max Used Space: 2GiB
GC Policy rule#1:
 All:            true
 Min Free Space: 1MiB
";

/// The cache of a builder, with `MINE` for the id of one of the workspace's mounts. Another workspace's name begins with
/// this one's.
const DU: &str = "\
ID:		one
Size:		300MB
Description:	cached mount /build/target from exec /bin/sh -c sh /run/deps.sh
 'two lines' with id \"/MINE\"
Type:		exec.cachemount

ID:		three
Size:		20MB
Description:	cached mount /build/target from exec /bin/sh with id \"/mine-shop-deps-1.95.0-linux/amd64\"
Type:		exec.cachemount

ID:		two
Size:		1GB
Description:	mount / from exec /bin/sh
Type:		regular
";

const BUILDER_BASE: &str = "docker.io/library/rust:1.95.0-slim-bookworm";
const RUNTIME_BASE: &str = "docker.io/library/debian:bookworm-slim";

/// Returns a machine without problems.
fn healthy() -> Grove {
    let config = format!(
        "name = \"mine\"\n[bases]\nbuilder = \"{BUILDER_BASE}\"\nruntime = \"{RUNTIME_BASE}\"\n[services.api]\n"
    );
    let registry = format!("{BUILDER_BASE}\n{RUNTIME_BASE}\n");
    let grove = Grove::new(&[
        ("crates/api/src/main.rs", "fn main() {}"),
        ("bakehouse.toml", &config),
        (
            "rust-toolchain.toml",
            &format!("[toolchain]\nchannel = \"{}\"\n", release()),
        ),
        ("bin/docker", DOCKER),
        ("bin/version", "28.5.2"),
        ("bin/buildx", "v0.29.1"),
        ("bin/builder", BUILDER),
        ("bin/du", DU),
        ("bin/frontend", ""),
        ("bin/registry", &registry),
        ("bin/images", ""),
        ("bin/endpoint", "ssh://elsewhere"),
        ("bin/root", "/"),
        (
            "bin/store",
            r#"[["driver-type","io.containerd.snapshotter.v1"]]"#,
        ),
    ]);
    let docker = grove.path("bin/docker");
    std::fs::set_permissions(docker, std::fs::Permissions::from_mode(0o755)).unwrap();
    grove.run(&["generate"]);
    let dockerfile = std::fs::read_to_string(grove.path("docker/Dockerfile")).unwrap();
    let (_, mount) = dockerfile.split_once("id=mine-deps-").unwrap();
    let (mount, _) = mount.split_once(',').unwrap();
    let mount = mount.replace("${TARGETPLATFORM}", "linux/amd64");
    grove.write("bin/du", &DU.replace("MINE", &format!("mine-deps-{mount}")));
    grove
}

/// Returns the release of the current compiler.
fn release() -> String {
    let output = std::process::Command::new("rustc")
        .arg("--version")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.split(' ').nth(1).unwrap().to_owned()
}

/// Returns the checks and the exit code.
fn checks(grove: &Grove) -> (Vec<Value>, Option<i32>) {
    let output = grove.command(&["doctor", "--format", "json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["version"], 1);
    (
        said["checks"].as_array().unwrap().clone(),
        output.status.code(),
    )
}

#[test]
fn a_machine_on_which_all_is_well_has_nothing_to_mend() {
    let (checks, exit) = checks(&healthy());
    assert_eq!(exit, Some(0), "{checks:#?}");
    let names: Vec<&str> = checks
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "engine",
            "buildx",
            "packs",
            "buildkit",
            "frontend",
            "store",
            "platforms",
            "disk",
            "cache",
            "bases",
            "rust",
            "files",
            "dockerfiles",
            "strategy",
            "times"
        ]
    );
    for check in &checks {
        let expected = if check["name"] == "disk" {
            "unknown"
        } else {
            "good"
        };
        assert_eq!(check["verdict"], expected, "{check}");
        assert_eq!(check["remedy"], "", "{check}");
        assert_ne!(check["needed"], "", "{check}");
    }
    let cache = &checks[8]["found"];
    assert_eq!(
        cache,
        "1258 MiB of cache, 286 MiB of it the mounts of this workspace"
    );
}

#[test]
fn what_is_not_well_is_told_with_its_remedy() {
    let race = "FROM rust\nRUN --mount=type=cache,target=/usr/local/cargo/registry cargo build\n";
    let stale = "FROM rust\n# slow\nRUN --mount=type=cache,target=/app/target \\\n  cargo build --release\n";
    // Change, new content; check, verdict, finding, remedy.
    let table: [(&str, &str, &str, &str, &str, &str); 19] = [
        (
            "bin/version",
            "27.1.0",
            "engine",
            "bad",
            "27.1.0 is too old",
            "28.0.0 or newer",
        ),
        (
            "bin/buildx",
            "v0.10.0",
            "buildx",
            "bad",
            "0.10.0 is too old",
            "0.19.0 or newer",
        ),
        (
            "bin/builder",
            &BUILDER.replace("v0.26.3", "v0.35.0"),
            "buildkit",
            "warning",
            "0.35.0 can fail on a long .dockerignore",
            "0.35.1 or newer",
        ),
        (
            "bin/frontend",
            "ERROR: unknown instruction",
            "frontend",
            "bad",
            "unknown instruction",
            "--check --file docker/Dockerfile",
        ),
        (
            "bin/frontend",
            "ERROR: debian:12: failed to resolve source metadata for debian:12: no such host",
            "frontend",
            "unknown",
            "no such host",
            "",
        ),
        (
            "bin/store",
            r#"[["Backing Filesystem","extfs"]]"#,
            "store",
            "warning",
            "old image store",
            "containerd-snapshotter",
        ),
        (
            "bakehouse.toml",
            "platforms = [\"linux/amd64\", \"linux/arm64\"]\nemulate = true\n",
            "platforms",
            "bad",
            "not linux/arm64",
            "binfmt",
        ),
        (
            "bakehouse.toml",
            "platforms = [\"linux/amd64\", \"linux/arm64\"]\n",
            "platforms",
            "good",
            "cross-compiled, not emulated",
            "",
        ),
        (
            "bin/endpoint",
            "unix:///run/docker.sock",
            "disk",
            "good",
            "free where the engine keeps its data",
            "",
        ),
        (
            "bin/du",
            &DU.replace("300MB", "30GB"),
            "cache",
            "warning",
            "fall under the rule for mounts",
            "gc.policy",
        ),
        (
            "bin/registry",
            BUILDER_BASE,
            "bases",
            "bad",
            "debian:bookworm-slim cannot be found",
            "docker login",
        ),
        ("bin/images", RUNTIME_BASE, "bases", "good", "2 bases", ""),
        (
            "rust-toolchain.toml",
            "[toolchain]\nchannel = \"1.70.0\"\n",
            "rust",
            "warning",
            "rustc",
            "rustup toolchain install 1.70.0",
        ),
        (
            "docker/Dockerfile",
            "FROM scratch\n",
            "files",
            "bad",
            "docker/Dockerfile",
            "bakehouse generate",
        ),
        (
            "Dockerfile",
            race,
            "dockerfiles",
            "warning",
            "Dockerfile:2 mounts a cache on /usr/local/cargo/registry",
            "sharing=locked",
        ),
        (
            "ops/api.Dockerfile",
            stale,
            "dockerfiles",
            "warning",
            "ops/api.Dockerfile:3 mounts a cache on /app/target",
            "migration",
        ),
        (
            "ops/Dockerfile",
            "FROM rust\nRUN cargo build\n",
            "dockerfiles",
            "good",
            "1 checked",
            "",
        ),
        (
            "ops/Dockerfile",
            "RUN --mount\n\"",
            "dockerfiles",
            "unknown",
            "cannot be read",
            "",
        ),
        (".gitignore", "ops\n", "dockerfiles", "good", "none", ""),
    ];
    for (file, text, name, verdict, found, remedy) in table {
        let grove = healthy();
        if file == ".gitignore" {
            grove.write("ops/Dockerfile", race);
        }
        grove.write(file, text);
        let (checks, exit) = checks(&grove);
        let check = checks.iter().find(|check| check["name"] == name);
        let check = check.unwrap_or_else(|| panic!("{file}: {checks:#?}"));
        assert_eq!(check["verdict"], verdict, "{file}: {check:#}");
        let has = |key: &str, words: &str| check[key].as_str().unwrap().contains(words);
        assert!(has("found", found), "{file}: {check:#}");
        assert!(has("remedy", remedy), "{file}: {check:#}");
        let is_bad = checks.iter().any(|check| check["verdict"] == "bad");
        assert_eq!(exit, Some(i32::from(is_bad)), "{file}: {checks:#?}");
    }
}

#[test]
fn a_base_that_only_this_engine_has_is_told_of() {
    let grove = healthy();
    grove.write("bin/registry", BUILDER_BASE);
    grove.write("bin/images", RUNTIME_BASE);
    let (checks, exit) = checks(&grove);
    let base = checks
        .iter()
        .find(|check| check["name"] == "bases")
        .unwrap();
    assert_eq!(base["verdict"], "warning");
    assert!(
        base["found"].as_str().unwrap().contains(
            "debian:bookworm-slim is on this engine, but its registry does not confirm it: "
        ),
        "{base}"
    );
    assert_eq!(exit, Some(0));
}

#[test]
fn without_an_engine_the_rest_is_looked_at() {
    let grove = healthy();
    grove.write(
        "bin/docker",
        "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n",
    );
    let output = grove.command(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    for words in [
        "bad   engine",
        "Cannot connect",
        "fix it: start the engine",
        "good  files",
        "good  rust",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(!said.contains("bases"), "{said}");
    assert!(
        said.lines().all(|line| line.chars().count() <= 80),
        "{said}"
    );
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("doctor-found"), "{error}");
}

#[test]
fn without_docker_the_needed_version_is_the_one_that_is_asked_for() {
    let grove = healthy();
    let (with, _) = checks(&grove);
    let needed = with[0]["needed"].as_str().unwrap().to_owned();
    let folder = grove.path("programs");
    std::fs::create_dir(&folder).unwrap();
    for program in ["cargo", "rustc", "git"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|folder| folder.join(program))
            .find(|path| path.exists());
        std::os::unix::fs::symlink(found.unwrap(), folder.join(program)).unwrap();
    }
    let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("bakehouse"))
        .current_dir(grove.path(""))
        .env("PATH", &folder)
        .env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"))
        .args(["doctor", "--format", "json"])
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let engine = &said["checks"][0];
    assert_eq!(engine["verdict"], "bad", "{engine}");
    let version = needed.trim_end_matches(" or newer");
    assert!(version.starts_with("Docker Engine "), "{needed}");
    assert!(
        engine["remedy"].as_str().unwrap().contains(version),
        "{engine}"
    );
}

#[test]
fn the_strategy_with_which_past_commits_would_be_faster_is_named() {
    let grove = healthy();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.invalid"];
        let output = std::process::Command::new("git")
            .current_dir(grove.path(""))
            .args([&identity[..], arguments].concat())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let commit = |path: &str, text: &str| {
        grove.write(path, text);
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message", path]);
    };
    let found = || {
        let (checks, _) = checks(&grove);
        let mut checks = checks.into_iter();
        let check = checks.find(|check| check["name"] == "strategy").unwrap();
        let text = |key: &str| check[key].as_str().unwrap().to_owned();
        (text("verdict"), text("found"), text("remedy"))
    };
    let measured = |library: f64, of_cargo: f64| {
        let text = format!(
            r#"{{"version": 1, "stages": {{"lib-common": {library}, "build-api": 2}}, "cargo": {{"lib-common": {of_cargo}, "build-api": 1}}}}"#
        );
        grove.write("target/bakehouse/build.json", &text);
    };
    let nothing =
        "`layer`; nothing to compare: `bakehouse build` measures stages, and git has the commits";
    measured(1.5, 0.3);
    assert_eq!(found().1, nothing);
    git(&["init", "--quiet"]);
    grove.write(".gitignore", "target\n");
    commit("crates/common/src/lib.rs", "// One.");
    commit("crates/common/src/lib.rs", "// Two.");
    commit("crates/api/src/main.rs", "fn main() { loop {} }");
    // Two commits run both stages, and one runs that of the binary alone.
    let (verdict, said, remedy) = found();
    assert_eq!(
        said,
        "`layer`: the stages that a commit runs take 3.0 s on average, with `mount` about 2.2 s"
    );
    assert_eq!(verdict, "warning");
    assert!(
        remedy.starts_with("set cache.strategy = \"mount\""),
        "{remedy}"
    );
    measured(1.5, 1.4);
    assert_eq!(found().0, "good");
    measured(1.5, 0.3);
    let config = std::fs::read_to_string(grove.path("bakehouse.toml")).unwrap();
    grove.write(
        "bakehouse.toml",
        &format!("{config}[cache]\nref = \"registry.example/cache\"\n"),
    );
    assert_eq!(found().0, "good");
    grove.write(
        "bakehouse.toml",
        &format!("{config}[cache]\nstrategy = \"mount\"\n"),
    );
    let (verdict, said, _) = found();
    assert_eq!(verdict, "good");
    assert!(said.starts_with("`mount`: "), "{said}");
    std::fs::remove_file(grove.path("target/bakehouse/build.json")).unwrap();
    grove.write("bakehouse.toml", &config);
    assert_eq!(found().1, nothing);
}
