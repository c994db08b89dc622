//! `bakehouse generate`: the files that it writes, and the files that it leaves alone.

use std::os::unix::fs::MetadataExt;

use crate::shop::{Shop, stderr};

/// Returns all generated files, one after the other.
fn outputs(shop: &Shop) -> String {
    let mut paths = vec!["docker-bake.hcl".to_owned()];
    let mut folders = vec!["docker".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(shop.path(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
        .iter()
        .map(|path| format!("===== {path}\n{}", shop.read(path)))
        .collect()
}

#[test]
fn every_generated_file_is_as_reviewed() {
    let shop = Shop::new();
    shop.generate();
    insta::with_settings!({ filters => vec![(r"(?s)===== docker/skeleton/lock/Cargo\.lock\n.*?(=====)", "$1")] }, {
        insta::assert_snapshot!(outputs(&shop));
    });
}

#[test]
fn the_lock_of_the_skeleton_holds_what_the_images_need() {
    let shop = Shop::new();
    shop.generate();
    insta::assert_snapshot!(shop.read("docker/skeleton/lock/Cargo.lock"));
}

#[test]
fn another_folder_generates_the_same_bytes() {
    let (one, other) = (Shop::new(), Shop::new());
    one.generate();
    other.generate();
    assert_eq!(outputs(&one), outputs(&other));
    assert_eq!(one.hashes(), other.hashes());
}

#[test]
fn what_is_in_date_is_not_touched() {
    let shop = Shop::new();
    shop.generate();
    let state = |path: &str| {
        let metadata = std::fs::metadata(shop.path(path)).unwrap();
        (metadata.ino(), metadata.mtime_nsec())
    };
    let before = state("docker/Dockerfile");
    shop.edit("bakehouse.toml", "shop/cache", "cache/shop");
    shop.generate();
    assert_eq!(state("docker/Dockerfile"), before);
    assert!(shop.read("docker-bake.hcl").contains("cache/shop"));
}

#[test]
fn check_shows_path_diff_and_remedy_and_writes_nothing() {
    let shop = Shop::new();
    shop.generate();
    shop.edit("bakehouse.toml", "ports = [8080]", "ports = [8081]");
    let before = outputs(&shop);
    let output = shop.bakehouse(&["generate", "--check"]);
    assert_eq!(output.status.code(), Some(3));
    let said = stderr(&output);
    for part in [
        "docker/Dockerfile",
        "-EXPOSE 8080",
        "+EXPOSE 8081",
        "files-out-of-date",
        "run `bakehouse generate`",
    ] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    assert_eq!(outputs(&shop), before);
    shop.generate();
    assert_eq!(
        shop.bakehouse(&["generate", "--check"]).status.code(),
        Some(0)
    );
}

#[test]
fn a_member_that_left_takes_its_manifests_along() {
    let shop = Shop::new();
    shop.generate();
    assert!(shop.path("docker/skeleton/own/prices/Cargo.toml").exists());
    shop.edit(
        "web/Cargo.toml",
        "prices = { path = \"../prices\", version = \"0.3\" }\n",
        "",
    );
    shop.generate();
    assert!(!shop.path("docker/skeleton/own/prices").exists());
}

#[test]
fn a_file_of_somebody_else_is_not_overwritten() {
    let shop = Shop::new();
    shop.write("docker-bake.hcl", "target \"mine\" {}\n");
    let output = shop.bakehouse(&["generate"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("file-hand-edited"));
    assert_eq!(shop.read("docker-bake.hcl"), "target \"mine\" {}\n");
    assert!(!shop.path("docker").exists());
}

#[test]
fn generated_files_go_where_the_configuration_says() {
    let shop = Shop::new();
    let mine = "target \"mine\" {}\n";
    shop.write("docker-bake.hcl", mine);
    shop.write("docker/Dockerfile", "FROM scratch\n");
    let refused = shop.bakehouse(&["generate"]);
    assert!(
        stderr(&refused).contains("[output]"),
        "{}",
        stderr(&refused)
    );
    let config = shop.read("bakehouse.toml");
    let output = "[output]\nfolder = \"deploy/bakehouse\"\nbake = \"deploy/bake.hcl\"\n";
    shop.write("bakehouse.toml", &format!("{config}\n{output}"));
    shop.generate();
    assert_eq!(shop.read("docker-bake.hcl"), mine);
    assert_eq!(shop.read("docker/Dockerfile"), "FROM scratch\n");
    let bake = shop.read("deploy/bake.hcl");
    assert!(
        bake.contains("dockerfile = \"deploy/bakehouse/Dockerfile\""),
        "{bake}"
    );
    let dockerfile = shop.read("deploy/bakehouse/Dockerfile");
    assert!(dockerfile.contains("source=deploy/bakehouse/skeleton/deps,"));
    assert!(!dockerfile.contains("docker/"), "{dockerfile}");
    let ignored = shop.read("deploy/bakehouse/Dockerfile.dockerignore");
    assert!(
        ignored.contains("!deploy/bakehouse/skeleton\n"),
        "{ignored}"
    );
    let check = shop.bakehouse(&["generate", "--check"]);
    assert!(check.status.success(), "{}", stderr(&check));
    // A removed service disappears from this file, too.
    shop.edit(
        "web/Cargo.toml",
        "prices = { path = \"../prices\", version = \"0.3\" }\n",
        "",
    );
    shop.generate();
    assert!(!shop.path("deploy/bakehouse/skeleton/own/prices").exists());
}

#[test]
fn services_with_the_same_packages_share_their_base() {
    let shop = Shop::new();
    shop.edit(
        "bakehouse.toml",
        "[runtime]",
        "[runtime]\npackages = [\"libpq5\"]",
    );
    shop.edit("bakehouse.toml", "packages = [\"ca-certificates\"]\n", "");
    shop.generate();
    let dockerfile = shop.read("docker/Dockerfile");
    let stages: Vec<&str> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("FROM "))
        .filter(|stage| stage.contains("untime") || stage.contains("python"))
        .filter(|stage| !stage.starts_with("toolchain ") && !stage.contains(" AS glibc-"))
        .collect();
    assert_eq!(
        stages,
        [
            "docker.io/library/python:3.12-slim-bookworm AS runtime-for-batch-python",
            "${RUNTIME_BASE} AS runtime",
            "runtime-for-batch-python AS batch-python",
            "runtime AS batch-shell",
            "runtime AS web",
        ]
    );
}

#[test]
fn an_edit_by_hand_is_not_lost_without_a_word() {
    let shop = Shop::new();
    shop.generate();
    shop.edit("docker/Dockerfile", "EXPOSE 8080", "EXPOSE 9090");
    let output = shop.bakehouse(&["generate"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("docker/Dockerfile was edited by hand"),
        "{}",
        stderr(&output)
    );
    assert!(shop.read("docker/Dockerfile").contains("EXPOSE 9090"));
    assert!(shop.bakehouse(&["generate", "--force"]).status.success());
    assert!(shop.read("docker/Dockerfile").contains("EXPOSE 8080"));
}

#[test]
fn what_cannot_be_written_leaves_every_file_as_it_was() {
    let shop = Shop::new();
    shop.write("docker", "a file where the folder should be");
    let output = shop.bakehouse(&["generate"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("file-unwritable"),
        "{}",
        stderr(&output)
    );
    assert!(!shop.path("docker-bake.hcl").exists());
}

#[test]
fn stages_need_only_what_comes_before_them() {
    for strategy in ["layer", "mount"] {
        let shop = Shop::new();
        let setting = format!("[cache]\nstrategy = \"{strategy}\"");
        shop.edit("bakehouse.toml", "[cache]", &setting);
        shop.generate();
        let text = shop.read("docker/Dockerfile");
        let named = |line: &str| line.split_once(" AS ").map(|(_, name)| name.to_owned());
        let all: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with("FROM "))
            .filter_map(named)
            .collect();
        let mut before: Vec<String> = Vec::new();
        let mut needs = 0;
        for line in text.lines() {
            for word in line.split([',', ' ']) {
                let word = word.trim_start_matches("--");
                let Some(stage) = word.strip_prefix("from=") else {
                    continue;
                };
                needs += 1;
                let ours = all.iter().any(|name| name == stage);
                assert!(
                    !ours || before.iter().any(|name| name == stage),
                    "{strategy}: {line}"
                );
            }
            if line.starts_with("FROM ") {
                before.extend(named(line));
            }
        }
        assert!(needs > 20, "{text}");
    }
}

#[test]
fn files_of_an_editor_among_the_generated_ones_are_left_alone() {
    let shop = Shop::new();
    shop.generate();
    let swap = shop.path("docker/stages/.bin.sh.swp");
    std::fs::write(&swap, b"b0VIM\xff\x00\xfe").unwrap();
    for arguments in [&["generate"][..], &["generate", "--check"]] {
        let output = shop.bakehouse(arguments);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    assert!(swap.exists());
}
