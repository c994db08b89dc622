//! `[ci] install`: the step of both workflows that puts the program on a runner, played with a server on this machine.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::served::Served;
use crate::shop::{Shop, stderr};

const GITHUB: &str = ".github/workflows/bakehouse.yml";
const GITLAB: &str = ".gitlab/bakehouse.yml";

/// The line of the shop's `bakehouse.toml` that says how CI installs the program.
const COMMAND: &str = "install = \"cargo install --locked --git https://git.example/bakehouse --rev 0123456789abcdef0123456789abcdef01234567 bakehouse\"";

const SUM: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn machine() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "aarch64",
        _ => "x86_64",
    }
}

/// Returns the key `install` of a release with these checksums, by machine.
fn install(url: &str, sums: &[(&str, &str)]) -> String {
    let sums = sums
        .iter()
        .map(|(machine, sum)| format!("{machine}-unknown-linux-musl = \"{sum}\""));
    let sums = sums.collect::<Vec<_>>().join(", ");
    format!("install = {{ version = \"1.2.3\", url = \"{url}\", sha256 = {{ {sums} }} }}")
}

/// Returns the shop in a repository, with this `install`.
fn shop(install: &str) -> Shop {
    let shop = Shop::new();
    shop.git(&["init", "--quiet", "--initial-branch", "main"]);
    // Nobody knows which machine this runner is.
    let runner = format!("{install}\nrunner = \"own\"");
    shop.edit("bakehouse.toml", COMMAND, &runner);
    shop
}

/// Returns the scripts of all steps that install, which are alike, and the text of the workflow.
fn step(shop: &Shop, service: &str, file: &str) -> (String, String) {
    let output = shop.bakehouse(&["ci", service]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = shop.read(file);
    let workflow: Value = serde_saphyr::from_str(&text).unwrap();
    let mut scripts = Vec::new();
    collect(&workflow, &mut scripts);
    scripts.retain(|script| script.contains("sha256sum"));
    let first = scripts.first().unwrap().clone();
    assert!(scripts.iter().all(|script| *script == first), "{scripts:?}");
    (first, text)
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, texts)),
        _ => {}
    }
}

/// A runner: the shell that runs the step, as the service starts it.
const RUNNERS: [(&str, &str, &[&str]); 3] = [
    ("github", GITHUB, &["bash", "-e"]),
    ("gitlab", GITLAB, &["sh"]),
    ("gitlab", GITLAB, &["busybox", "sh"]),
];

/// Runs the step in an empty folder.
fn run(script: &str, shell: &[&str], folder: &Path) -> Output {
    let file = folder.join("step.sh");
    std::fs::write(&file, script).unwrap();
    Command::new(shell[0])
        .args(&shell[1..])
        .arg(file)
        .env("RUNNER_TEMP", folder)
        .env("CI_PROJECT_DIR", folder)
        .env("GITHUB_PATH", folder.join("path"))
        .output()
        .unwrap()
}

/// Serves an archive of version 1.2.3 whose program says so, and returns its checksum.
fn publish(served: &Served) -> String {
    let name = format!("bakehouse-1.2.3-{}-unknown-linux-musl", machine());
    let program = served.path(&format!("{name}/bakehouse"));
    std::fs::write(&program, "#!/bin/sh\necho bakehouse 1.2.3\n").unwrap();
    std::fs::write(program.with_file_name("README.md"), "Read me.\n").unwrap();
    let archive = served.path(&format!("v1.2.3/{name}.tar.gz"));
    let folder = program.parent().unwrap().parent().unwrap();
    for command in [
        Command::new("chmod").arg("+x").arg(&program),
        Command::new("tar")
            .arg("-czf")
            .arg(&archive)
            .arg("-C")
            .arg(folder)
            .arg(&name),
    ] {
        assert!(command.status().unwrap().success());
    }
    let sum = Command::new("sha256sum").arg(&archive).output().unwrap();
    String::from_utf8(sum.stdout).unwrap()[..64].to_owned()
}

const PATH: &str = "v{version}/bakehouse-{version}-{target}.tar.gz";

#[test]
fn a_release_is_on_the_path_after_its_checksum_was_compared() {
    let served = Served::start();
    let sum = publish(&served);
    let shop = shop(&install(&served.url(PATH), &[(machine(), &sum)]));
    for (service, file, shell) in RUNNERS {
        if which::which(shell[0]).is_err() {
            println!("{shell:?} is not tried: there is none");
            continue;
        }
        let (script, text) = step(&shop, service, file);
        // No command that anybody could have put there before is taken in its place.
        assert!(
            !script.contains("command -v") && !text.contains("actions/cache"),
            "{text}"
        );
        let runner = tempfile::tempdir().unwrap();
        let output = run(&script, shell, runner.path());
        assert!(output.status.success(), "{shell:?}: {}", stderr(&output));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.ends_with("bakehouse 1.2.3\n"), "{said}");
        let folder = if service == "github" {
            let path = std::fs::read_to_string(runner.path().join("path")).unwrap();
            Path::new(path.trim_end()).to_owned()
        } else {
            assert!(text.contains("export PATH=\"$CI_PROJECT_DIR/.bakehouse/bin:$PATH\""));
            runner.path().join(".bakehouse/bin")
        };
        assert!(folder.join("bakehouse").is_file(), "{}", folder.display());
    }
}

#[test]
fn nothing_of_an_archive_runs_that_is_not_the_one() {
    for (about, sum, cut, expected) in [
        ("another checksum", Some(SUM), false, "FAILED"),
        ("half an archive", None, true, "curl"),
    ] {
        let served = Served::start();
        let right = publish(&served);
        let shop = shop(&install(
            &served.url(PATH),
            &[(machine(), sum.unwrap_or(&right))],
        ));
        if cut {
            let name = format!("bakehouse-1.2.3-{}-unknown-linux-musl", machine());
            served.cut(&format!("v1.2.3/{name}.tar.gz"));
        }
        refused(about, &shop, expected);
    }
    let served = Served::start();
    let shop_without = shop(&install(&served.url(PATH), &[(machine(), SUM)]));
    refused("no such version", &shop_without, "404");
    let other = if machine() == "x86_64" {
        "aarch64"
    } else {
        "x86_64"
    };
    let shop_of_another = shop(&install(&served.url(PATH), &[(other, SUM)]));
    refused(
        "no checksum for the runner",
        &shop_of_another,
        "has no checksum for Linux",
    );
}

/// Asserts that the step of each service fails and leaves no program.
fn refused(about: &str, shop: &Shop, expected: &str) {
    for (service, file, shell) in RUNNERS {
        if which::which(shell[0]).is_err() {
            continue;
        }
        let (script, _) = step(shop, service, file);
        let runner = tempfile::tempdir().unwrap();
        let output = run(&script, shell, runner.path());
        assert!(!output.status.success(), "{about}, {shell:?}");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            stderr(&output)
        );
        assert!(said.contains(expected), "{about}, {shell:?}: {said}");
        for place in ["bakehouse/bakehouse", ".bakehouse/bin/bakehouse", "path"] {
            assert!(
                !runner.path().join(place).exists(),
                "{about}, {shell:?}: {place}"
            );
        }
    }
}

#[test]
fn a_release_that_cannot_be_downloaded_is_refused_where_it_stands() {
    let good = "https://example.com/v{version}/bakehouse-{version}-{target}.tar.gz";
    let of = |url: &str| install(url, &[("x86_64", SUM), ("aarch64", SUM)]);
    for (install, expected) in [
        (
            of("ftp://example.com/bakehouse-{target}.tar.gz"),
            "is not the URL of a file",
        ),
        (
            of("https:///bakehouse-{target}.tar.gz"),
            "is not the URL of a file",
        ),
        (
            of("https://me:secret@example.com/{target}.tar.gz"),
            "contains a user or a password",
        ),
        (
            of("https://example.com/$(id)-{target}.tar.gz"),
            "contains what a URL in a script cannot have",
        ),
        (
            of("https://example.com/{arch}-{target}.tar.gz"),
            "contains what a URL in a script cannot have",
        ),
        (
            of("https://example.com/bakehouse-{target}.zip"),
            "is not a `.tar.gz`",
        ),
        (
            of("https://example.com/bakehouse.tar.gz"),
            "cannot have the archives of several targets",
        ),
        (
            of(good).replace("1.2.3", "v1.2.3"),
            "`v1.2.3` is not a version",
        ),
        (
            of(good).replace("1.2.3", "latest"),
            "`latest` is not a version",
        ),
        (
            of(good).replace(SUM, "abc"),
            "`abc` is not a SHA-256 checksum",
        ),
        (
            of(good).replace("linux-musl", "linux-gnu"),
            "no runner is a `x86_64-unknown-linux-gnu`",
        ),
        (install(good, &[]), "no archive has a checksum"),
        (of(good).replace("url", "uri"), "there is no key `uri` here"),
        (
            of(good).replace("version = \"1.2.3\", ", ""),
            "missing field `version`",
        ),
        (
            "install = [\"cargo\"]".to_owned(),
            "a shell command, or a table { version, url, sha256 }",
        ),
    ] {
        let output = shop(&install).bakehouse(&["ci", "github"]);
        assert_eq!(output.status.code(), Some(2), "{install}");
        let said = stderr(&output);
        // Long messages are wrapped.
        let words = said.replace("│", " ");
        let words: Vec<&str> = words.split_whitespace().collect();
        assert!(words.join(" ").contains(expected), "{install}: {said}");
        assert!(said.contains("bakehouse.toml:"), "{said}");
    }
}

#[test]
fn a_release_that_the_file_is_not_for_is_refused_with_both_places() {
    let url = "https://example.com/bakehouse-{target}.tar.gz";
    let shop = shop(&install(url, &[("x86_64", SUM)]));
    let text = shop.read("bakehouse.toml");
    for (requires, fits) in [("<1.2.3", false), (">=0.1, <2", true)] {
        let line = format!("requires = \"{requires}\"\n");
        shop.write("bakehouse.toml", &(line + &text));
        let output = shop.bakehouse(&["ci", "github"]);
        let said = stderr(&output);
        assert_eq!(output.status.success(), fits, "{said}");
        let told = said.contains("CI installs 1.2.3, which `requires` excludes");
        assert!(fits || (told && said.contains("and here")), "{said}");
    }
}

/// Label of the runner → machines that have a checksum → what is said of the others.
#[test]
fn a_runner_without_a_checksum_is_told_in_its_place() {
    const REFUSED: &str = "has no checksum for the runner";
    const TOLD: &str = "has no checksum for runners that are";
    let url = "https://example.com/bakehouse-{target}.tar.gz";
    let (amd64, arm64) = (("x86_64", SUM), ("aarch64", SUM));
    let table = [
        ("github", "ubuntu-24.04", &[amd64][..], None),
        ("github", "ubuntu-24.04", &[arm64], Some((false, REFUSED))),
        ("github", "ubuntu-24.04-arm", &[arm64], None),
        (
            "github",
            "ubuntu-24.04-arm",
            &[amd64],
            Some((false, REFUSED)),
        ),
        ("github", "own", &[amd64], Some((true, TOLD))),
        ("github", "own", &[amd64, arm64], None),
        ("gitlab", "ubuntu-24.04", &[arm64], Some((true, TOLD))),
        ("gitlab", "ubuntu-24.04", &[amd64, arm64], None),
    ];
    for (service, runner, sums, expected) in table {
        let about = format!("{service}, {runner}, {sums:?}");
        let shop = shop(&install(url, sums));
        shop.edit("bakehouse.toml", "\"own\"", &format!("\"{runner}\""));
        let text = shop.read("bakehouse.toml");
        let line = text.lines().position(|line| line.starts_with("install"));
        let place = format!("bakehouse.toml:{}", line.unwrap() + 1);
        for further in [&[][..], &["--check"]] {
            let output = shop.bakehouse(&[&["ci", service], further].concat());
            let said = stderr(&output);
            let words = said.replace('│', " ");
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            let (succeeds, told) = expected.unwrap_or((true, ""));
            assert_eq!(output.status.success(), succeeds, "{about}: {said}");
            assert!(words.contains(told), "{about}: {said}");
            let is_in_its_place = words.contains(&place);
            assert_eq!(is_in_its_place, expected.is_some(), "{about}: {said}");
        }
    }
}

#[test]
fn how_the_program_is_installed_changes_no_generated_file_and_no_hash() {
    let one = shop(COMMAND);
    let other = shop(&install(
        "https://example.com/{target}.tgz",
        &[("x86_64", SUM)],
    ));
    one.generate();
    other.generate();
    assert_eq!(one.read("docker-bake.hcl"), other.read("docker-bake.hcl"));
    assert_eq!(
        one.read("docker/Dockerfile"),
        other.read("docker/Dockerfile")
    );
    assert_eq!(one.hashes(), other.hashes());
}
