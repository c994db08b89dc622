//! Merges of branches that each add a service: after git's merge, `generate` alone fixes the generated files.

use std::process::Command;

use crate::shop::{Shop, stderr, stdout};

/// Creates a repository with the branches `aaa` and `zzz`. Each has one more service than `main`, with generated files.
/// Files written by hand merge without conflicts.
fn branches(prepare: impl Fn(&Shop)) -> Shop {
    let shop = Shop::new();
    let members = r#""common", "prices", "web", "batch", "stub-server", "probe""#;
    let lines = members.replace(", ", ",\n");
    shop.edit("Cargo.toml", members, &format!("\n{lines},\n"));
    shop.commit_all();
    prepare(&shop);
    shop.generate();
    shop.commit_all();
    for name in ["aaa", "zzz"] {
        shop.git(&["checkout", "--quiet", "-b", name, "main"]);
        add(&shop, name);
        shop.generate();
        shop.commit_all();
    }
    shop
}

/// Adds a service in alphabetical order, either the first or the last.
fn add(shop: &Shop, name: &str) {
    let manifest =
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    shop.write(&format!("{name}/Cargo.toml"), &manifest);
    shop.write(&format!("{name}/src/main.rs"), "fn main() {}\n");
    let locked = format!("[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
    let service = format!("[services.{name}]\n");
    if name == "aaa" {
        shop.edit("Cargo.toml", "[\n", "[\n\"aaa\",\n");
        let first = "[[package]]\nname = \"batch\"";
        shop.edit("Cargo.lock", first, &format!("{locked}\n{first}"));
        let first = "[services.web]\n";
        shop.edit("bakehouse.toml", first, &format!("{service}\n{first}"));
    } else {
        shop.edit("Cargo.toml", "\"probe\",", "\"probe\",\n\"zzz\",");
        let append = |path: &str, text: &str| {
            shop.write(path, &format!("{}\n{text}", shop.read(path)));
        };
        append("Cargo.lock", &locked);
        append("bakehouse.toml", &service);
    }
}

/// Runs git, which exits with 1 if there is a conflict, and returns the paths in conflict.
fn conflicts(shop: &Shop, arguments: &[&str]) -> Vec<String> {
    let output = Command::new("git")
        .current_dir(shop.path(""))
        .envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_SYSTEM", "/dev/null"),
        ])
        .args([
            "-c",
            "user.name=nobody",
            "-c",
            "user.email=nobody@localhost",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let paths = shop.git(&["diff", "--name-only", "--diff-filter=U"]);
    paths.lines().map(str::to_owned).collect()
}

/// Returns all generated files, by path.
fn generated(shop: &Shop) -> Vec<(String, String)> {
    let listed = shop.git(&["ls-files", "docker-bake.hcl", "docker"]);
    let mut paths: Vec<&str> = listed.lines().collect();
    paths.dedup();
    paths
        .iter()
        .map(|path| ((*path).to_owned(), shop.read(path)))
        .collect()
}

/// Generates after a merge, and compares the result with the files of a workspace that had no generated files.
fn resolve(shop: &Shop, conflicted: &[String]) {
    let output = shop.bakehouse(&["generate"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output) + &stderr(&output);
    for path in conflicted {
        let marked = said.contains(&format!("update {path}, which was in conflict"));
        assert!(
            marked || said.contains(&format!("update {path}\n")),
            "{path}: {said}"
        );
    }
    let check = shop.bakehouse(&["generate", "--check"]);
    assert!(check.status.success(), "{}", stderr(&check));
    shop.git(&["add", "--all"]);
    let merged = generated(shop);
    std::fs::remove_dir_all(shop.path("docker")).unwrap();
    std::fs::remove_file(shop.path("docker-bake.hcl")).unwrap();
    shop.generate();
    assert_eq!(generated(shop), merged);
    for (path, text) in merged {
        assert!(!text.contains("<<<<<<<"), "{path}: {text}");
    }
    for path in [
        "docker-bake.hcl",
        "docker/Dockerfile",
        "docker/compose.yaml",
    ] {
        let text = shop.read(path);
        assert!(
            text.contains("aaa") && text.contains("zzz"),
            "{path}: {text}"
        );
    }
}

#[test]
fn a_new_service_changes_one_list_and_adds_its_own_lines() {
    let shop = branches(|_| ());
    // A short list of the Bake file is on one line.
    let lists = ["-# Sum of what follows", "-group \"_services\" "];
    for branch in ["aaa", "zzz"] {
        for path in [
            "docker/Dockerfile",
            "docker-bake.hcl",
            "docker/compose.yaml",
        ] {
            let range = format!("main..{branch}");
            let diff = shop.git(&["diff", "--unified=0", &range, "--", path]);
            let removed = diff
                .lines()
                .filter(|line| line.starts_with('-') && !line.starts_with("---"));
            let removed = removed.filter(|line| !lists.iter().any(|list| line.starts_with(list)));
            let removed: Vec<&str> = removed.collect();
            assert!(removed.is_empty(), "{branch} {path}: {removed:#?}");
        }
    }
}

#[test]
fn a_merge_of_two_services_is_resolved_by_generate_alone() {
    for style in ["merge", "diff3", "zdiff3"] {
        let shop = branches(|_| ());
        let style = format!("merge.conflictStyle={style}");
        let conflicted = conflicts(&shop, &["-c", &style, "merge", "--quiet", "aaa"]);
        assert!(conflicted.iter().any(|path| path == "docker-bake.hcl"));
        assert!(
            conflicted.iter().all(|path| path.starts_with("docker")),
            "{conflicted:?}"
        );
        resolve(&shop, &conflicted);
    }
}

#[test]
fn a_rebase_is_too() {
    let shop = branches(|_| ());
    let conflicted = conflicts(&shop, &["rebase", "--quiet", "aaa"]);
    resolve(&shop, &conflicted);
}

#[test]
fn the_attributes_that_init_proposes_keep_markers_out_of_every_generated_file() {
    let shop = branches(|shop| {
        let config = shop.read("bakehouse.toml");
        std::fs::remove_file(shop.path("bakehouse.toml")).unwrap();
        let output = shop.bakehouse(&["init"]);
        assert!(output.status.success(), "{}", stderr(&output));
        shop.write("bakehouse.toml", &config);
    });
    let paths: Vec<String> = generated(&shop).into_iter().map(|(path, _)| path).collect();
    for (attribute, value) in [
        ("linguist-generated", "set"),
        ("merge", "unset"),
        ("eol", "lf"),
    ] {
        let mut arguments = vec!["check-attr", attribute, "--"];
        arguments.extend(paths.iter().map(String::as_str));
        for line in shop.git(&arguments).lines() {
            assert!(line.ends_with(&format!("{attribute}: {value}")), "{line}");
        }
    }
    let conflicted = conflicts(&shop, &["merge", "--quiet", "aaa"]);
    assert!(!conflicted.is_empty());
    for path in &conflicted {
        assert!(!shop.read(path).contains("<<<<<<<"), "{path}");
    }
    resolve(&shop, &conflicted);
}

#[test]
fn init_names_the_attributes_that_a_file_of_somebody_lacks() {
    let shop = Shop::new();
    shop.commit_all();
    std::fs::remove_file(shop.path("bakehouse.toml")).unwrap();
    let own = "*.sh eol=lf\n/docker/Dockerfile* linguist-generated merge\n";
    shop.write(".gitattributes", own);
    let output = shop.bakehouse(&["init"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output) + &stderr(&output);
    assert!(
        said.contains("/docker-bake.hcl eol=lf linguist-generated -merge"),
        "{said}"
    );
    assert!(!said.contains("/docker/Dockerfile"), "{said}");
    assert_eq!(shop.read(".gitattributes"), own);
}

#[test]
fn an_edit_by_hand_is_refused_after_a_merge_too() {
    let shop = branches(|_| ());
    let conflicted = conflicts(&shop, &["merge", "--quiet", "aaa"]);
    resolve(&shop, &conflicted);
    shop.edit("docker/Dockerfile", "USER 10001:10001", "USER 0:0");
    let output = shop.bakehouse(&["generate"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("docker/Dockerfile was edited by hand"));
}

#[test]
fn an_edit_by_hand_on_one_of_the_branches_is_refused_in_a_conflict() {
    let shop = branches(|_| ());
    shop.git(&["checkout", "--quiet", "-b", "edited", "main"]);
    let edit = |to: &str| shop.edit("docker/Dockerfile", "USER 10001:10001", to);
    edit("USER 0:0");
    shop.commit_all();
    shop.git(&["checkout", "--quiet", "-b", "user", "main"]);
    shop.edit(
        "bakehouse.toml",
        "[runtime]\n",
        "[runtime]\nuser = \"1:1\"\n",
    );
    shop.generate();
    shop.commit_all();
    let conflicted = conflicts(&shop, &["merge", "--quiet", "edited"]);
    assert_eq!(conflicted, ["docker/Dockerfile"]);
    let output = shop.bakehouse(&["generate"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("docker/Dockerfile was edited by hand"));
}
