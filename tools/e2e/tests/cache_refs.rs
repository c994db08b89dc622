//! Names of registry caches, as Bake reads them: each branch has a cache of its own for each list of platforms, and an
//! invalid name of a repository is refused.

use std::process::Command;

use bakehouse_e2e::tiny::tiny;
use bakehouse_testkit::{Ran, Workspace};
use serde_json::Value;

fn print(workspace: &Workspace, variables: &[(&str, &str)]) -> Ran {
    let mut command = Command::new("docker");
    command
        .current_dir(workspace.dir())
        .args(["buildx", "bake", "--print", "a", "compiled"])
        .envs(variables.iter().copied());
    Ran::of(&mut command)
}

/// Returns the caches that `a` reads, and the one that is written.
fn caches(workspace: &Workspace, variables: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let printed = print(workspace, variables).succeeded();
    let printed: Value = serde_json::from_str(&printed.stdout).expect("JSON");
    let refs = |target: &str, key: &str| {
        let caches = printed["target"][target][key].as_array().cloned();
        let caches = caches.unwrap_or_default().into_iter();
        caches
            .map(|cache| cache["ref"].as_str().expect("a name").to_owned())
            .collect()
    };
    (refs("a", "cache-from"), refs("compiled", "cache-to"))
}

/// Variables, the caches that are read with them, the cache that is written.
type Row<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a [&'a str]);

#[test]
fn a_branch_has_a_cache_of_its_own_for_each_list_of_platforms() {
    let workspace = tiny();
    workspace.generate();
    let long = "x".repeat(200);
    let long_tag = format!("r/c:{}-aa20c23e", "x".repeat(55));
    let table: [Row<'_>; 9] = [
        (&[], &[], &[]),
        (&[("CACHE_REF", "r/c")], &["r/c:main"], &["r/c:main"]),
        (
            &[("CACHE_REF", "127.0.0.1:5000/c"), ("CACHE_BRANCH", "b")],
            &["127.0.0.1:5000/c:b", "127.0.0.1:5000/c:main"],
            &["127.0.0.1:5000/c:b"],
        ),
        (
            &[("CACHE_REF", "r/c"), ("CACHE_BRANCH", "feature/x")],
            &["r/c:feature-x-217d2bf5", "r/c:main"],
            &["r/c:feature-x-217d2bf5"],
        ),
        (
            &[("CACHE_REF", "r/c"), ("CACHE_BRANCH", "feature-x")],
            &["r/c:feature-x", "r/c:main"],
            &["r/c:feature-x"],
        ),
        (
            &[
                ("CACHE_REF", "r/c"),
                ("PLATFORMS", "linux/amd64,linux/arm64"),
            ],
            &["r/c:linux-amd64-linux-arm64..main"],
            &["r/c:linux-amd64-linux-arm64..main"],
        ),
        (
            &[
                ("CACHE_REF", "r/c"),
                ("CACHE_BRANCH", "linux-amd64-linux-arm64-main"),
            ],
            &["r/c:linux-amd64-linux-arm64-main", "r/c:main"],
            &["r/c:linux-amd64-linux-arm64-main"],
        ),
        (
            &[("CACHE_FROM", "r/c:release,other/c:main")],
            &["r/c:release", "other/c:main"],
            &[],
        ),
        (
            &[
                ("CACHE_REF", "r/c"),
                ("CACHE_BRANCH", &long),
                ("CACHE_FROM", "r/c:old"),
            ],
            &[&long_tag, "r/c:main", "r/c:old"],
            &[&long_tag],
        ),
    ];
    for (variables, read, written) in table {
        let (from, to) = caches(&workspace, variables);
        assert_eq!(from, read, "{variables:?}");
        assert_eq!(to, written, "{variables:?}");
    }
}

#[test]
fn what_names_no_repository_is_refused() {
    let workspace = tiny();
    workspace.generate();
    for (variables, said) in [
        ([("CACHE_REF", "r/c:main")], "without a tag"),
        ([("CACHE_REF", "r/c@sha256:00")], "without a tag"),
        ([("CACHE_REF", "https://r/c")], "have no scheme"),
        ([("CACHE_REF", "r/C")], "upper-case letters, write r/c"),
        ([("CACHE_REF", "r/c_")], "the name of a repository"),
        ([("REGISTRY", "ghcr.io/Acme")], "write ghcr.io/acme"),
        ([("REGISTRY", "Acme")], "write acme"),
        ([("REGISTRY", "r.example/c:1")], "without a tag"),
        ([("TAG", "feature/x")], "a tag consists of"),
        ([("CACHE_BRANCH", "")], "the name of a branch"),
    ] {
        let refused = print(&workspace, &variables);
        assert_ne!(refused.code, Some(0), "{variables:?}");
        refused.says(said);
    }
    let mut build = bakehouse_testkit::bakehouse::command(workspace.dir());
    build
        .args(["build", "a"])
        .env("REGISTRY", "r")
        .env("CACHE_REF", "r/b");
    let refused = Ran::of(&mut build).exited(2);
    refused.says("CACHE_REF is the repository of the image of `b`");
}
