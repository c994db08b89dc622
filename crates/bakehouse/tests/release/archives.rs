//! The scripts that make archives, checksums and the formula.

use std::process::Command;

use super::{REPOSITORY, TARGETS, VERSION, archive, host, passed, release, root, script};
use crate::shop::stderr;

#[test]
fn the_same_files_give_the_same_archive_and_it_has_all_that_goes_with_the_program() {
    let release = release();
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again");
    // Another time, mode and place.
    std::fs::copy(&release.program, &again).unwrap();
    Command::new("chmod")
        .arg("0600")
        .arg(&again)
        .status()
        .unwrap();
    let (program, to) = (again.to_str().unwrap(), folder.path().join("out"));
    passed("release/archive", &[host(), program, to.to_str().unwrap()]);
    let made = to.join(archive(host()));
    let bytes = std::fs::read(&made).unwrap();
    assert!(bytes == std::fs::read(release.path(&archive(host()))).unwrap());

    let list = Command::new("tar")
        .arg("-tvzf")
        .arg(&made)
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let root = format!("bakehouse-{VERSION}-{}", host());
    for (mode, file) in [
        ("-rwxr-xr-x", "bakehouse"),
        ("-rw-r--r--", "LICENSE-APACHE"),
        ("-rw-r--r--", "LICENSE-MIT"),
        ("-rw-r--r--", "README.md"),
        ("-rw-r--r--", "CHANGELOG.md"),
        ("-rw-r--r--", "completions/bakehouse.bash"),
        ("-rw-r--r--", "completions/bakehouse.fish"),
        ("-rw-r--r--", "completions/_bakehouse"),
        ("-rw-r--r--", "man/bakehouse.1"),
        ("-rw-r--r--", "man/bakehouse-generate.1"),
    ] {
        let ends = format!(" {root}/{file}");
        let mut lines = list.lines();
        let line = lines.find(|line| line.ends_with(&ends));
        let line = line.unwrap_or_else(|| panic!("{file} is missing:\n{list}"));
        assert!(line.starts_with(&format!("{mode} 0/0 ")), "{line}");
    }
}

#[test]
fn a_program_of_another_version_makes_no_archive() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("bakehouse");
    std::fs::write(&program, "#!/bin/sh\necho bakehouse 9.9.9\n").unwrap();
    let (program, to) = (program.to_str().unwrap(), folder.path().to_str().unwrap());
    let output = script("release/archive", &[host(), program, to]);
    assert!(stderr(&output).contains("is bakehouse 9.9.9, and Cargo.toml says"));
    assert!(!output.status.success());
    assert!(!folder.path().join(archive(host())).exists());
}

#[test]
fn sums_and_formula_name_every_archive_with_its_checksum() {
    let release = release();
    let sums = release.path("SHA256SUMS");
    let output = Command::new("sha256sum")
        .args(["--check", "--strict"])
        .arg(&sums)
        .current_dir(sums.parent().unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let formula = std::fs::read_to_string(release.path("bakehouse.rb")).unwrap();
    for target in TARGETS {
        let url = format!(
            "url \"{}/v{VERSION}/{}\"",
            release.releases(),
            archive(target)
        );
        let (_, after) = formula.split_once(&url).unwrap();
        let next = after.trim_start().lines().next().unwrap();
        assert_eq!(
            next,
            format!("sha256 \"{}\"", release.sum(target)),
            "{target}"
        );
    }
    let homepage = format!("homepage \"{}\"", release.served.url(REPOSITORY));
    assert!(
        formula.contains(&homepage) && !formula.contains('@'),
        "{formula}"
    );
    match Command::new("ruby")
        .args(["-c", "-"])
        .arg(release.path("bakehouse.rb"))
        .status()
    {
        Ok(status) => assert!(status.success()),
        Err(_) => println!("the formula is not read by Ruby: there is none"),
    }
}

#[test]
fn a_release_without_one_of_its_archives_is_not_finished() {
    let release = release().copy();
    std::fs::remove_file(release.path(&archive(TARGETS[0]))).unwrap();
    let folder = release.path("");
    let output = script(
        "release/finish",
        &[folder.to_str().unwrap(), "https://x.example/y"],
    );
    assert!(!output.status.success());
    assert!(stderr(&output).contains(&format!("{} is missing", archive(TARGETS[0]))));
}

#[test]
fn cargo_binstall_finds_the_archives_and_the_program_in_them() {
    let manifest = std::fs::read_to_string(root().join("crates/bakehouse/Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let said = &manifest["package"]["metadata"]["binstall"];
    let release = release();
    let filled = |key: &str| {
        let text = said[key].as_str().unwrap();
        text.replace("{ repo }", &release.served.url(REPOSITORY))
            .replace("{ version }", VERSION)
            .replace("{ target }", host())
            .replace("{ bin }", "bakehouse")
    };
    let expected = format!("{}/v{VERSION}/{}", release.releases(), archive(host()));
    assert_eq!(filled("pkg-url"), expected);
    let unpacked = tempfile::tempdir().unwrap();
    Command::new("tar")
        .arg("-xzf")
        .arg(release.path(&archive(host())))
        .arg("-C")
        .arg(unpacked.path())
        .status()
        .unwrap();
    assert!(unpacked.path().join(filled("bin-dir")).is_file());
}
