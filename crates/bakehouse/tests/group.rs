//! `bakehouse group`: the groups follow from commits and times, and stay as they are without a reason to change.

use std::process::Command;

use serde_json::{Value, json};

use crate::tree::{Tree, stderr};

/// Returns a workspace in which `api` and `web` contain all of `a`, `b` and `c`, and only `web` contains `d`.
fn workspace() -> Tree {
    let mut text = String::from(
        "-- Cargo.toml --\n[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\nexclude = [\"target\", \".git\", \"docker\"]\n-- bakehouse.toml --\n# mine\nprofile = \"dev\"\n",
    );
    let package = |name: &str, needs: &[&str]| {
        let needs: String = needs
            .iter()
            .map(|need| format!("{need} = {{ path = \"../{need}\" }}\n"))
            .collect();
        format!(
            "-- {name}/Cargo.toml --\n[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{needs}"
        )
    };
    for (name, needs) in [("a", &[][..]), ("b", &["a"]), ("c", &["a"]), ("d", &["a"])] {
        text += &package(name, needs);
        text += &format!("-- {name}/src/lib.rs --\n// {name}\n");
    }
    for (name, needs) in [("api", &["b", "c"][..]), ("web", &["b", "c", "d"])] {
        text += &package(name, needs);
        text += &format!("-- {name}/src/main.rs --\nfn main() {{}}\n");
    }
    let tree = Tree::of(&text);
    std::fs::remove_dir_all(tree.path(".git")).unwrap();
    git(&tree, &["init", "--quiet"]);
    commit(&tree);
    tree
}

fn git(tree: &Tree, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@t"])
        .args(arguments)
        .current_dir(tree.path(""))
        .status();
    assert!(status.unwrap().success(), "git {arguments:?}");
}

fn commit(tree: &Tree) {
    git(tree, &["add", "--all"]);
    git(tree, &["commit", "--quiet", "--message", "one more"]);
}

/// Creates this number of commits that change `files`.
fn change(tree: &Tree, files: &[&str], commits: usize) {
    for number in 0..commits {
        for file in files {
            let text = tree.read(file);
            tree.write(file, &format!("{text}// {number}\n"));
        }
        commit(tree);
    }
}

/// Writes the seconds that stages took, as a build does.
fn measured(tree: &Tree, seconds: &Value) {
    let text = json!({"version": 1, "stages": seconds, "parts": {}, "files": {}});
    tree.write("target/bakehouse/build.json", &text.to_string());
}

fn groups(tree: &Tree) -> Value {
    let output = tree.bakehouse(&["group", "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let groups = said["groups"].as_array().unwrap().iter();
    groups
        .map(|group| {
            (
                group["name"].as_str().unwrap().to_owned(),
                group["packages"].clone(),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn libraries_that_seldom_change_share_a_stage_where_the_same_binaries_hold_them() {
    let tree = workspace();
    assert_eq!(groups(&tree), json!({"a": ["a", "b", "c"]}));
}

#[test]
fn a_library_that_takes_long_and_one_that_often_changes_stay_apart() {
    let tree = workspace();
    let times = json!({"lib-a": 0.4, "lib-b": 0.4, "lib-c": 9.0, "lib-d": 0.4});
    measured(&tree, &times);
    change(&tree, &["b/src/lib.rs"], 20);
    // Each change that compiles `a` again also compiles `c` again, however long that takes.
    assert_eq!(groups(&tree), json!({"a": ["a", "c"]}));
    // Each change of `c` would compile `a` without need.
    change(&tree, &["c/src/lib.rs"], 30);
    assert_eq!(groups(&tree), json!({}));
    // The cost is small compared with one stage less for each change of `a`. Compiling `c` for each change of `b` is
    // expensive.
    change(&tree, &["a/src/lib.rs"], 80);
    assert_eq!(groups(&tree), json!({"a": ["a", "b"]}));
}

#[test]
fn a_grouping_is_written_stays_and_is_the_same_wherever_it_is_worked_out() {
    let tree = workspace();
    let output = tree.bakehouse(&["group", "--write"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let config = tree.read("bakehouse.toml");
    assert_eq!(
        config,
        "# mine\nprofile = \"dev\"\n\n[groups]\na = [\"a\", \"b\", \"c\"]\n"
    );
    tree.write("bakehouse.toml", &config.replace("a = [", "small = ["));
    change(&tree, &["b/src/lib.rs"], 1);
    assert_eq!(groups(&tree), json!({"small": ["a", "b", "c"]}));
    assert!(tree.bakehouse(&["group", "--write"]).status.success());
    assert!(
        tree.read("bakehouse.toml")
            .contains("small = [\"a\", \"b\", \"c\"]")
    );
    tree.generate();
    assert!(
        tree.generated("docker/Dockerfile")
            .contains("AS libs-small\n")
    );
}

#[test]
fn libraries_of_one_mount_have_no_stages_to_share() {
    let tree = workspace();
    tree.write("bakehouse.toml", "[cache]\nstrategy = \"mount\"\n");
    assert_eq!(groups(&tree), json!({}));
}
