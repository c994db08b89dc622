//! Standard output and standard error: what is lost is told, and `--quiet` prints what it has to.

#![cfg(unix)]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use crate::grove::Grove;

/// Commands that print something.
const PRINTING: &[&[&str]] = &[
    &["plan"],
    &["plan", "--format", "json"],
    &["generate"],
    &["graph", "--format", "dot"],
    &["why", "api"],
    &["init", "--print"],
    &["completions", "bash"],
];

fn grove() -> Grove {
    Grove::new(&[
        ("crates/api/src/main.rs", "fn main() {}"),
        ("bakehouse.toml", "[services.api]\n"),
    ])
}

fn command(grove: &Grove, arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("bakehouse"));
    command
        .current_dir(grove.path(""))
        .env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"))
        .args(arguments);
    command
}

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_output_that_is_lost_is_told_and_nothing_panics() {
    for arguments in PRINTING {
        let grove = grove();
        let output = command(&grove, arguments).stdout(full()).output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("file-unwritable"), "{arguments:?}: {said}");
        assert!(
            said.contains("No space left on device"),
            "{arguments:?}: {said}"
        );
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
    // The command did its work before it printed.
    let grove = grove();
    command(&grove, &["generate"])
        .stdout(full())
        .output()
        .unwrap();
    let check = command(&grove, &["generate", "--check"]).output().unwrap();
    assert!(check.status.success(), "{}", stderr(&check));
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    for arguments in PRINTING {
        let grove = grove();
        let mut child = command(&grove, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert_eq!(stderr(&output), "", "{arguments:?}");
    }
}

#[test]
fn an_error_that_nobody_can_be_told_keeps_its_exit_code() {
    let grove = grove();
    grove.write("bakehouse.toml", "registri = \"x\"\n");
    let output = command(&grove, &["plan"]).stderr(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// An engine that prints progress, and fails where there is a file `fails`.
const DOCKER: &str = r#"#!/bin/sh
here=$(dirname "$0")
case "$1 $2" in
"version --format") echo 28.5.2 ;;
"buildx version") echo github.com/docker/buildx v0.29.1 0 ;;
"buildx bake")
    printf '#1 [deps 1/1] RUN\n#1 DONE 1.0s\n\n#2 [build-api 1/1] RUN\n#2 0.1 some error\n' >&2
    test ! -e "$here/fails" || { printf '#2 ERROR: exit code: 101\nERROR: failed to solve\n' >&2; exit 1; } ;;
esac
"#;

#[test]
fn quiet_prints_results_and_errors_and_nothing_else() {
    let grove = grove();
    grove.write("bin/docker", DOCKER);
    let docker = grove.path("bin/docker");
    std::fs::set_permissions(docker, std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = |arguments: &[&str]| {
        let output = grove.command(&[arguments, &["--quiet"]].concat());
        (
            String::from_utf8(output.stdout.clone()).unwrap(),
            stderr(&output),
        )
    };
    for arguments in [&["generate"][..], &["generate", "--check"], &["build"]] {
        assert_eq!(
            said(arguments),
            (String::new(), String::new()),
            "{arguments:?}"
        );
    }
    for arguments in [
        &["plan"][..],
        &["why", "api"],
        &["graph", "--format", "dot"],
    ] {
        let loud = grove.command(arguments);
        let loud = String::from_utf8(loud.stdout).unwrap();
        assert_eq!(said(arguments), (loud, String::new()), "{arguments:?}");
    }
    grove.write("bin/fails", "");
    let (out, err) = said(&["build", "--force"]);
    assert_eq!(out, "");
    let expected = "#2 [build-api 1/1] RUN\n#2 0.1 some error\n#2 ERROR: exit code: 101\nERROR: failed to solve\n";
    assert!(err.starts_with(expected), "{err}");
    assert!(err.contains("bake-failed"), "{err}");
}

#[test]
fn a_shell_completes_the_names_of_the_workspace() {
    let grove = grove();
    grove.write(
        "bakehouse.toml",
        "[services.api]\n[services.worker]\npackage = \"api\"\n[packs.p]\npath = \"p\"\n",
    );
    let program = assert_cmd::cargo::cargo_bin("bakehouse");
    let folder = program.parent().unwrap().display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    let completed = |words: &str| {
        let script = format!(
            "source <(bakehouse completions bash)
             COMP_WORDS=({words} '') COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) COMP_TYPE=9
             $(complete -p bakehouse | sed 's/.* -F \\([^ ]*\\).*/\\1/') bakehouse
             echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash")
            .current_dir(grove.path(""))
            .env("PATH", &path)
            .env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"))
            .args(["-c", &script])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(output.status.success(), "{said}{}", stderr(&output));
        said
    };
    for (words, expected) in [
        (
            "bakehouse build",
            &["api", "worker", "packs", "compiled"][..],
        ),
        ("bakehouse why", &["api", "worker"]),
        ("bakehouse packs check", &["p"]),
        ("bakehouse completions", &["bash", "zsh", "fish"]),
    ] {
        let said = completed(words);
        let said: Vec<&str> = said.split_whitespace().collect();
        for name in expected {
            assert!(said.contains(name), "{words}: {said:?}");
        }
    }
    assert!(!completed("bakehouse packs check").contains("api"));
    // A workspace that cannot be read has no names, and is no error.
    grove.write("bakehouse.toml", "registri");
    assert!(!completed("bakehouse why").contains("api"));
}
