//! `platforms` in `bakehouse.toml`: the compiler of the stages for each platform, and the message if there is none.
//! `tools/e2e/tests/cross.rs` builds with it.

use std::path::Path;
use std::process::Command;

use crate::shop::Shop;
use crate::steps;

fn with(keys: &str) -> Shop {
    let shop = Shop::new();
    shop.edit(
        "bakehouse.toml",
        "platforms = [\"linux/amd64\", \"linux/arm64\"]",
        keys,
    );
    shop.generate();
    shop
}

fn dockerfile(keys: &str) -> String {
    with(keys).read("docker/Dockerfile")
}

const BOTH: &str = "platforms = [\"linux/amd64\", \"linux/arm64\"]";

#[test]
fn other_platforms_are_compiled_for_and_emulated_on_request() {
    let cross = dockerfile(BOTH);
    assert!(cross.contains("FROM --platform=$BUILDPLATFORM ${BUILDER_BASE} AS toolchain\n"));
    assert!(cross.contains("FROM cross AS cargo\n"));
    for emulated in [
        dockerfile(&format!("emulate = true\n{BOTH}")),
        dockerfile(""),
    ] {
        assert!(emulated.contains("FROM ${BUILDER_BASE} AS toolchain\n"));
        assert!(emulated.contains("FROM toolchain AS cargo\n"));
        assert!(!emulated.contains(" AS cross\n"));
    }
}

#[test]
fn what_is_shared_by_platforms_does_not_know_them() {
    let text = dockerfile(BOTH);
    for stage in ["toolchain", "vendor", "glibc-runtime"] {
        let (_, stage) = text.split_once(&format!(" AS {stage}\n")).unwrap();
        let stage = stage.split("\n\n").next().unwrap();
        assert!(!stage.contains("TARGET"), "{stage}");
    }
}

/// A builder base as the script sees it.
struct Builder {
    /// Names of installed packages.
    libraries: &'static str,
    folder: tempfile::TempDir,
    script: String,
}

impl Builder {
    /// Creates a builder for this host with these programs: name and script.
    fn new(host: &str, programs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap().to_owned();
        let shop = with(BOTH);
        let step = steps::of(&shop.read("docker/Dockerfile"), "cross").remove(0);
        assert_eq!(
            step.command,
            "LINKER=gcc LIBRARIES=libsqlite3-dev sh /run/cross.sh"
        );
        let script = shop.read("docker/stages/cross.sh");
        let script = script.replace("/cross/", &format!("{root}/cross/"));
        let script = script.replace("-p /cross\n", &format!("-p {root}/cross\n"));
        let rustc = format!(
            "case \"$*\" in -vV) echo 'host: {host}' ;; *target-libdir*) echo {root}/std/$4 ;; esac"
        );
        let builder = Self {
            libraries: "",
            script: script.replace("/var/lib/apt/lists", &format!("{root}/lists")),
            folder,
        };
        builder.program("rustc", &rustc);
        for (name, does) in programs {
            builder.program(name, &does.replace("ROOT", &root));
        }
        builder
    }

    fn program(&self, name: &str, does: &str) {
        let folder = self.folder.path().join("bin");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), format!("#!/bin/sh\n{does}\n")).unwrap();
        let _ = Command::new("chmod")
            .arg("+x")
            .arg(folder.join(name))
            .status()
            .unwrap();
    }

    /// Returns the content of `/cross/env` after the script ran, or its error.
    fn env_for(&self, arch: &str, variant: &str) -> Result<String, String> {
        // Only the basic tools of this machine.
        let tools = self.folder.path().join("tools");
        std::fs::create_dir_all(&tools).unwrap();
        for tool in ["sh", "mkdir", "sed", "ls", "tr", "cat", "rm"] {
            let path = ["/bin", "/usr/bin"]
                .map(|folder| Path::new(folder).join(tool))
                .into_iter()
                .find(|path| path.exists())
                .unwrap();
            let _ = std::os::unix::fs::symlink(path, tools.join(tool));
        }
        let bin = self.folder.path().join("bin");
        let path = format!("{}:{}", bin.display(), tools.display());
        let ran = Command::new("/bin/sh")
            .args(["-c", &self.script])
            .env_clear()
            .env("PATH", path)
            .env("TARGETPLATFORM", format!("linux/{arch}{variant}"))
            .env("TARGETARCH", arch)
            .env("TARGETVARIANT", variant)
            .env("LINKER", "gcc")
            .env("LIBRARIES", self.libraries)
            .output()
            .unwrap();
        if ran.status.success() {
            Ok(std::fs::read_to_string(self.folder.path().join("cross/env")).unwrap())
        } else {
            Err(String::from_utf8(ran.stderr).unwrap())
        }
    }
}

const GNU: &str = "x86_64-unknown-linux-gnu";
const RUSTUP: (&str, &str) = (
    "rustup",
    "mkdir -p ROOT/std/$3 && : >ROOT/std/$3/libstd-1.rlib",
);
const NOTHING: (&str, &str) = ("true", "");

#[test]
fn the_builders_own_platform_needs_nothing() {
    for (host, arch, variant) in [
        (GNU, "amd64", ""),
        (GNU, "amd64", "v2"),
        ("x86_64-alpine-linux-musl", "amd64", ""),
        ("aarch64-unknown-linux-gnu", "arm64", ""),
        ("armv7-unknown-linux-gnueabihf", "arm", "v7"),
    ] {
        let env = Builder::new(host, &[NOTHING]).env_for(arch, variant);
        let expected = format!("target={host}\nexport linker=cc\n");
        assert_eq!(env, Ok(expected), "{host} {arch}{variant}");
    }
}

#[test]
fn another_platform_has_its_target_and_its_linker() {
    for (arch, variant, target, gcc) in [
        (
            "arm64",
            "",
            "aarch64-unknown-linux-gnu",
            "aarch64-linux-gnu",
        ),
        (
            "arm",
            "v7",
            "armv7-unknown-linux-gnueabihf",
            "arm-linux-gnueabihf",
        ),
        ("386", "", "i686-unknown-linux-gnu", "i686-linux-gnu"),
        (
            "riscv64",
            "",
            "riscv64gc-unknown-linux-gnu",
            "riscv64-linux-gnu",
        ),
        (
            "ppc64le",
            "",
            "powerpc64le-unknown-linux-gnu",
            "powerpc64le-linux-gnu",
        ),
        ("s390x", "", "s390x-unknown-linux-gnu", "s390x-linux-gnu"),
    ] {
        let linker = format!("{gcc}-gcc");
        let env = Builder::new(GNU, &[RUSTUP, (&linker, "")]).env_for(arch, variant);
        let env = env.unwrap();
        let lines = [
            format!("target={target} for_target=\"--target {target}\" built=target/{target}\n"),
            format!("build=\"cargo build --target {target}\"\n"),
            format!("_LINKER={linker}\n"),
            format!("export CC_{}={linker} ", target.replace('-', "_")),
        ];
        for line in lines {
            assert!(env.contains(&line), "{line}: {env}");
        }
    }
    let musl = "x86_64-unknown-linux-musl";
    let has = [RUSTUP, ("aarch64-linux-musl-gcc", "")];
    let env = Builder::new(musl, &has).env_for("arm64", "").unwrap();
    assert!(env.contains("target=aarch64-unknown-linux-musl "), "{env}");
    assert!(env.contains("_LINKER=aarch64-linux-musl-gcc\n"), "{env}");
}

/// Host, available programs, architecture, expected output.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

/// Debian's compilers are called by their names. A missing one is an error with a remedy.
#[test]
fn what_is_missing_is_fetched_or_named() {
    let apt = ("apt-get", "echo \"$*\" >>ROOT/asked");
    let dpkg = ("dpkg", "echo \"dpkg $*\" >>ROOT/asked");
    for (libraries, first, packages) in [
        (
            "",
            "update -qq",
            "gcc-aarch64-linux-gnu libc6-dev-arm64-cross g++-aarch64-linux-gnu",
        ),
        (
            "libsqlite3-dev",
            "dpkg --add-architecture arm64",
            "g++-aarch64-linux-gnu libsqlite3-dev:arm64",
        ),
    ] {
        let mut builder = Builder::new(GNU, &[RUSTUP, apt, dpkg, ("g++", "")]);
        builder.libraries = libraries;
        builder.env_for("arm64", "").unwrap();
        let asked = std::fs::read_to_string(builder.folder.path().join("asked")).unwrap();
        assert!(asked.starts_with(first), "{asked}");
        assert!(asked.trim_end().ends_with(packages), "{asked}");
    }

    let remedy =
        "Name one that can with bases.builder in bakehouse.toml, or set emulate = true there";
    let failing = ("apt-get", "exit 100");
    let no_network = ("rustup", "exit 1");
    let rows: [Row<'_>; 6] = [
        (
            GNU,
            &[RUSTUP],
            "arm64",
            "it lacks gcc-aarch64-linux-gnu libc6-dev-arm64-cross, and has no apt-get",
        ),
        (
            GNU,
            &[RUSTUP, failing],
            "arm64",
            "apt-get cannot install gcc-aarch64-linux-gnu",
        ),
        (
            GNU,
            &[NOTHING],
            "arm64",
            "it has no standard library for aarch64-unknown-linux-gnu",
        ),
        (
            GNU,
            &[no_network],
            "arm64",
            "rustup cannot fetch the standard library for aarch64-unknown-linux-gnu",
        ),
        (
            "x86_64-unknown-linux-musl",
            &[RUSTUP],
            "arm64",
            "it has no aarch64-linux-musl-gcc",
        ),
        (
            GNU,
            &[RUSTUP],
            "mips64le",
            "it is not known what Rust calls that",
        ),
    ];
    for (host, programs, arch, says) in rows {
        let said = Builder::new(host, programs).env_for(arch, "").unwrap_err();
        let begins = format!("error: BUILDER_BASE cannot compile for linux/{arch}: {says}");
        assert!(said.contains(&begins) && said.contains(remedy), "{said}");
    }
}
