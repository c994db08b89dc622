//! What comes before a publication, the image, and the workflow that runs all scripts.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{TARGETS, VERSION, root};
use crate::shop::stderr;

const WORKFLOW: &str = ".github/workflows/release.yml";

/// Returns a copy of what `tools/release/check` reads.
fn checked() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in [
        "Cargo.toml",
        "CHANGELOG.md",
        "crates/bakehouse/Cargo.toml",
        "tools/release/check",
        "tools/lib/release.sh",
    ] {
        let to = copy.path().join(file);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(root().join(file), to).unwrap();
    }
    copy
}

fn edit(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Returns what the check says; empty if the release may be published.
fn check(folder: &Path, tag: &str, repository: &str) -> String {
    let output = Command::new(folder.join("tools/release/check"))
        .args([tag, repository])
        .output()
        .unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

#[test]
fn nothing_is_published_before_everything_is_there() {
    let url = "https://git.example/acme/bakehouse";
    let tag = format!("v{VERSION}");
    let complete = checked();
    let folder = complete.path();
    let manifest = "crates/bakehouse/Cargo.toml";
    let repository = format!("repository = \"{url}\"");
    // As it is: there is no repository, and so nobody may publish. All of it is said at once.
    let said = check(folder, &tag, url);
    assert!(
        said.contains("`repository` of [workspace.package] in Cargo.toml is empty"),
        "{said}"
    );
    assert!(said.contains("publish = [\"crates-io\"]"), "{said}");

    edit(folder, "Cargo.toml", "repository = \"\"", &repository);
    edit(
        folder,
        manifest,
        "publish.workspace = true",
        "publish = [\"crates-io\"]",
    );
    let title = format!("## Unreleased\n\n## {VERSION} (2026-12-01)\n");
    edit(folder, "CHANGELOG.md", "## Unreleased\n", &title);
    assert_eq!(check(folder, &tag, url), "");

    assert!(check(folder, "v9.9.9", url).contains("the tag is v9.9.9"));
    assert!(check(folder, &tag, "https://git.example/other").contains("names the repository"));
    for (file, from, to, message) in [
        ("Cargo.toml", &*repository, "repository = \"\"", "is empty"),
        (
            manifest,
            "publish = [\"crates-io\"]",
            "publish = true",
            "publishes the name first",
        ),
        (
            "CHANGELOG.md",
            &*title,
            "## Unreleased\n",
            "CHANGELOG.md has no section",
        ),
    ] {
        edit(folder, file, from, to);
        let said = check(folder, &tag, url);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(message), "{said}");
        edit(folder, file, to, from);
    }
}

#[test]
fn the_image_of_the_program_can_be_planned_by_the_program() {
    let output = crate::shop::bakehouse(
        &root(),
        &[
            "--config",
            "tools/release/bakehouse.toml",
            "plan",
            "--format",
            "json",
        ],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = plan["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["bakehouse"]);
    let shipped = serde_json::json!(["bakehouse"]);
    assert_eq!(plan["images"][0]["shipped_by"], shipped, "{plan}");
}

#[test]
fn the_workflow_builds_every_target_and_runs_scripts_that_are_there() {
    let text = std::fs::read_to_string(root().join(WORKFLOW)).unwrap();
    let workflow: Value = serde_saphyr::from_str(&text).unwrap();
    let jobs = workflow["jobs"].as_object().unwrap();
    let matrix = jobs["binary"]["strategy"]["matrix"]["include"]
        .as_array()
        .unwrap();
    let built: BTreeSet<_> = matrix
        .iter()
        .map(|one| one["target"].as_str().unwrap())
        .collect();
    assert_eq!(built, BTreeSet::from(TARGETS));
    let mut played = BTreeSet::new();
    for (name, job) in jobs {
        for step in job["steps"].as_array().unwrap() {
            if let Some(action) = step["uses"].as_str() {
                let (_, commit) = action.split_once('@').unwrap();
                assert!(
                    commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()),
                    "{name}: {action}"
                );
                let line = text.lines().find(|line| line.contains(action)).unwrap();
                assert!(line.contains(" # v"), "{line} does not say its version");
            }
            for word in step["run"].as_str().unwrap_or_default().split_whitespace() {
                if let Some(script) = word.strip_prefix("tools/") {
                    assert!(
                        root().join("tools").join(script).is_file(),
                        "{name}: {word}"
                    );
                    played.insert(script.to_owned());
                }
            }
        }
    }
    let scripts = ["archive", "build", "check", "finish", "image"];
    assert_eq!(played, scripts.map(|name| format!("release/{name}")).into());
    // Nothing is made of a tag that the check refuses, and only the jobs that publish may write.
    for (name, job) in jobs {
        let waits = name == "check" || job["needs"].is_string() || job["needs"].is_array();
        assert!(waits, "{name} waits for nothing");
        let may = job["permissions"]["contents"].as_str();
        assert_eq!(may == Some("write"), name == "publish", "{name}");
    }
    assert_eq!(workflow["permissions"]["contents"], "read");
}

/// `BAKEHOUSE_CHECK_JSONSCHEMA` names the program, which tools/test installs.
#[test]
fn workflow_and_action_fit_the_public_schemas() {
    let Some(program) = std::env::var_os("BAKEHOUSE_CHECK_JSONSCHEMA") else {
        println!("not tried: there is no check-jsonschema; tools/test gets it");
        return;
    };
    for (file, schema) in [
        (WORKFLOW, "vendor.github-workflows"),
        ("tools/action/action.yml", "vendor.github-actions"),
    ] {
        let output = Command::new(&program)
            .args(["--builtin-schema", schema])
            .arg(root().join(file))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{file}: {said}");
    }
}
