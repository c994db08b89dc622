//! `--manifest-path` and `--config`, from any folder.

use std::path::Path;
use std::process::Output;

use crate::shop::{Shop, stderr, stdout};

fn bakehouse(folder: &Path, arguments: &[&str]) -> Output {
    assert_cmd::Command::cargo_bin("bakehouse")
        .unwrap()
        .current_dir(folder)
        .env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn every_folder_and_every_manifest_of_the_workspace_give_the_same_plan() {
    let shop = Shop::new();
    let expected = stdout(&shop.bakehouse(&["plan", "--format", "json"]));
    let elsewhere = tempfile::tempdir().unwrap();
    let (root, member) = (shop.path("Cargo.toml"), shop.path("web/Cargo.toml"));
    let rows: [(&Path, Option<&str>); 6] = [
        (&shop.path("web/src"), None),
        (&shop.path("packs/base"), None),
        (elsewhere.path(), root.to_str()),
        (elsewhere.path(), member.to_str()),
        (&shop.path("web"), Some("../Cargo.toml")),
        (&shop.path(""), Some("prices/Cargo.toml")),
    ];
    for (folder, manifest) in rows {
        let mut arguments = vec!["plan", "--format", "json"];
        arguments.extend(
            manifest
                .into_iter()
                .flat_map(|path| ["--manifest-path", path]),
        );
        let output = bakehouse(folder, &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(
            stdout(&output),
            expected,
            "{} {manifest:?}",
            folder.display()
        );
    }
}

#[test]
fn files_are_written_to_the_workspace_wherever_it_is_run() {
    let shop = Shop::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let manifest = shop.path("probe/Cargo.toml");
    let output = bakehouse(
        elsewhere.path(),
        &["generate", "--manifest-path", manifest.to_str().unwrap()],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(shop.path("docker/Dockerfile").exists());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    assert!(!shop.path("probe/docker").exists());
}

#[test]
fn a_configuration_elsewhere_means_paths_of_the_workspace() {
    let shop = Shop::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let text = "[services.web]\npackage = \"web\"\nfiles = { \"web/static\" = \"/srv\" }\n";
    std::fs::write(elsewhere.path().join("own.toml"), text).unwrap();
    let manifest = shop.path("Cargo.toml");
    let arguments = [
        "plan",
        "--format",
        "json",
        "--config",
        "own.toml",
        "--manifest-path",
    ];
    let arguments = [&arguments[..], &[manifest.to_str().unwrap()]].concat();
    let output = bakehouse(elsewhere.path(), &arguments);
    assert!(output.status.success(), "{}", stderr(&output));
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let services = plan["services"].as_array().unwrap();
    assert_eq!(services.len(), 1);

    std::fs::write(
        elsewhere.path().join("own.toml"),
        text.replace("\"web\"", "\"wbe\""),
    )
    .unwrap();
    let output = bakehouse(elsewhere.path(), &arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("[own.toml:2:11]"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn what_is_not_there_is_told_with_its_option() {
    let shop = Shop::new();
    let rows = [
        (
            ["--config", "nowhere.toml"],
            "config-unreadable",
            "--config",
        ),
        (["--config", "web"], "config-unreadable", "--config"),
        (
            ["--manifest-path", "nowhere/Cargo.toml"],
            "manifest-missing",
            "--manifest-path",
        ),
        (
            ["--manifest-path", "web"],
            "manifest-missing",
            "--manifest-path",
        ),
    ];
    for (arguments, code, option) in rows {
        let output = shop.bakehouse(&[&["plan"], &arguments[..]].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(code) && said.contains(option),
            "{arguments:?}: {said}"
        );
    }
}
