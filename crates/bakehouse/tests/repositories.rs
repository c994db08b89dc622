//! `bakehouse affected --since` in repositories of every kind: worktrees, shallow and partial clones, submodules, hooks.

use crate::shop::{Shop, bakehouse, git, names, stderr, stdout};

const BATCH: &[&str] = &["batch-python", "batch-shell"];

fn refused(shop: &Shop, since: &str, code: &str, exit: i32) -> String {
    let output = shop.bakehouse(&["affected", "--since", since]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(exit), "{said}");
    assert!(said.starts_with(code), "{said}");
    assert!(output.stdout.is_empty(), "{}", stdout(&output));
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_hook_s_environment_does_not_lead_astray() {
    let shop = Shop::new();
    shop.commit_all();
    shop.write("web/src/main.rs", "fn main() {}");
    let output = assert_cmd::Command::cargo_bin("bakehouse")
        .unwrap()
        .current_dir(shop.path("web"))
        .env("GIT_DIR", "/nowhere")
        .env("GIT_INDEX_FILE", "/nowhere/index")
        .env("GIT_WORK_TREE", "/")
        .args(["affected", "--since", "HEAD", "--format", "json"])
        .output()
        .unwrap();
    assert_eq!(names(&output), ["web"], "{}", stderr(&output));
}

#[test]
fn attributes_of_a_checkout_and_of_an_archive_change_nothing() {
    let shop = Shop::new();
    shop.write(
        ".gitattributes",
        "prices/** export-ignore\n*.html text eol=crlf\nweb/src/main.rs filter=upper\n",
    );
    shop.write("web/static/index.html", "<a>\r\n<b>\r\n");
    shop.git(&["init", "--quiet"]);
    shop.git(&["config", "filter.upper.clean", "tr A-Z a-z"]);
    shop.git(&["config", "filter.upper.smudge", "tr a-z A-Z"]);
    shop.git(&["config", "filter.upper.required", "true"]);
    let source = shop.read("web/src/main.rs");
    shop.write("web/src/main.rs", &source.to_uppercase());
    shop.commit_all();
    assert_eq!(shop.affected("HEAD"), [""; 0]);
    shop.write("web/static/index.html", "<a>\r\n<c>\r\n");
    assert_eq!(shop.affected("HEAD"), ["web"]);
    // A filter that fails like Git LFS without its objects, which matters only where the file differs.
    shop.git(&["config", "filter.upper.smudge", "false"]);
    assert_eq!(shop.affected("HEAD"), ["web"]);
    shop.write("web/src/main.rs", "FN MAIN() {}");
    refused(&shop, "HEAD", "revision-incomplete", 1);
}

#[test]
fn a_workspace_below_the_top_of_its_repository_has_a_history() {
    let shop = Shop::new();
    let top = tempfile::tempdir().unwrap();
    let inside = top.path().join("some where/shop");
    std::fs::create_dir_all(inside.parent().unwrap()).unwrap();
    std::fs::rename(shop.path(""), &inside).unwrap();
    git(top.path(), &["init", "--quiet"]);
    git(top.path(), &["add", "--all"]);
    git(top.path(), &["commit", "--quiet", "--message", "a state"]);
    std::fs::write(inside.join("web/src/main.rs"), "fn main() {}").unwrap();
    let manifest = inside.join("common/Cargo.toml");
    let output = assert_cmd::Command::cargo_bin("bakehouse")
        .unwrap()
        .current_dir("/")
        .args([
            "affected",
            "--since",
            "HEAD",
            "--format",
            "json",
            "--manifest-path",
        ])
        .arg(manifest)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(names(&output), ["web"]);
}

#[test]
fn a_linked_worktree_has_the_same_history() {
    let shop = Shop::new();
    shop.commit_all();
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("linked");
    shop.git(&["worktree", "add", "--quiet", path.to_str().unwrap()]);
    std::fs::write(path.join("probe/src/main.rs"), "fn main() { loop {} }").unwrap();
    let output = bakehouse(&path, &["affected", "--since", "main", "--format", "json"]);
    assert_eq!(names(&output), ["base"], "{}", stderr(&output));
}

#[test]
fn another_configuration_has_a_history_of_its_own() {
    let shop = Shop::new();
    shop.write("ci.toml", "[services.batch]\n");
    shop.commit_all();
    let run = |config: &str| {
        let arguments = [
            "affected", "--since", "HEAD", "--format", "json", "--config", config,
        ];
        let output = shop.bakehouse(&arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        names(&output)
    };
    assert_eq!(run("ci.toml"), [""; 0]);
    shop.write("ci.toml", "[services.batch]\nuser = \"1:1\"\n");
    assert_eq!(run("ci.toml"), ["batch"]);
    // A file outside the repository has no older version, so it is taken as it is.
    let outside = tempfile::tempdir().unwrap();
    let path = outside.path().join("own.toml");
    std::fs::write(&path, "[services.batch]\n").unwrap();
    assert_eq!(run(path.to_str().unwrap()), [""; 0]);
    shop.write("batch/src/main.rs", "fn main() {}");
    assert_eq!(run(path.to_str().unwrap()), ["batch"]);
    // With a configuration that is newer than the revision, all outputs are new.
    shop.write("new.toml", "[services.web]\npackage = \"web\"\n");
    assert_eq!(run("new.toml"), ["web"]);
}

#[test]
fn a_revision_that_cannot_be_planned_makes_all_new_and_says_so() {
    let shop = Shop::new();
    shop.git(&["init", "--quiet"]);
    shop.git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "nothing yet",
    ]);
    let right = shop.read("bakehouse.toml");
    shop.write("bakehouse.toml", "[services.web]\npackage = \"wbe\"\n");
    shop.commit_all();
    shop.write("bakehouse.toml", &right);
    shop.commit_all();
    for (since, why) in [
        ("HEAD~2", "there is no manifest at Cargo.toml"),
        ("HEAD~", "no package `wbe`"),
    ] {
        let output = shop.bakehouse(&["affected", "--since", since, "--format", "json"]);
        assert_eq!(
            names(&output),
            ["batch-python", "batch-shell", "web", "base"]
        );
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
}

#[test]
fn a_revision_that_is_not_there_is_an_error_with_a_remedy() {
    let shop = Shop::new();
    shop.commit_all();
    shop.git(&["branch", "develop"]);
    let said = |since: &str| refused(&shop, since, "revision-unknown", 2);
    assert!(said("devlop").contains("did you mean `develop`?"));
    assert!(said("HEAD~7").contains("git fetch"));
    assert!(said("0000000000000000000000000000000000000000").contains("origin/main"));
    assert!(said("").contains("revision-unknown"));
    assert!(said("HEAD:web/src/main.rs").contains("revision-unknown"));
    let option = shop.bakehouse(&["affected", "--since=--output=x"]);
    assert_eq!(option.status.code(), Some(2));
    assert!(!shop.path("x").exists());
}

#[test]
fn a_shallow_clone_is_never_silently_unaffected() {
    let shop = Shop::new();
    shop.commit_all();
    shop.write("web/src/main.rs", "fn main() {}");
    shop.commit_all();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", shop.path("").display());
    git(
        folder.path(),
        &["clone", "--quiet", "--depth", "1", &url, "clone"],
    );
    let clone = folder.path().join("clone");
    let run = |since: &str| bakehouse(&clone, &["affected", "--format", "json", "--since", since]);
    let id = shop.git(&["rev-parse", "HEAD~"]);
    for since in ["HEAD~", id.trim()] {
        let output = run(since);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains("the clone is shallow"),
            "{}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty());
    }
    assert_eq!(names(&run("HEAD")), [""; 0]);
    // After fetching that single commit, the revision is known, although the clone is still shallow.
    git(
        &clone,
        &["fetch", "--quiet", "--depth", "1", "origin", id.trim()],
    );
    assert_eq!(names(&run(id.trim())), ["web"]);
}

#[test]
fn a_partial_clone_gets_what_it_lacks() {
    let shop = Shop::new();
    shop.git(&["init", "--quiet"]);
    shop.git(&["config", "uploadpack.allowFilter", "true"]);
    shop.commit_all();
    shop.write("web/src/main.rs", "fn main() {}");
    shop.commit_all();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", shop.path("").display());
    git(
        folder.path(),
        &["clone", "--quiet", "--filter", "blob:none", &url, "clone"],
    );
    let clone = folder.path().join("clone");
    let output = bakehouse(
        &clone,
        &["affected", "--format", "json", "--since", "HEAD~"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(names(&output), ["web"]);
}

/// Git's marks for files that it does not look at → how they are set.
const UNSEEN: [(&str, &[&str]); 2] = [
    ("assume-unchanged", &["update-index", "--assume-unchanged"]),
    ("skip-worktree", &["update-index", "--skip-worktree"]),
];

#[test]
fn changes_that_git_is_told_not_to_see_count() {
    for (mark, set) in UNSEEN {
        let shop = Shop::new();
        shop.commit_all();
        let arguments: Vec<&str> = set.iter().copied().chain(["web/src/main.rs"]).collect();
        shop.git(&arguments);
        shop.write("web/src/main.rs", "fn main() { loop {} }");
        let output = shop.bakehouse(&["affected", "--format", "json", "--since", "HEAD"]);
        assert_eq!(names(&output), ["web"], "{mark}");
    }
}

#[test]
fn an_object_may_be_missing_if_no_image_needs_it() {
    let shop = Shop::new();
    shop.write("notes/old.txt", "one");
    shop.commit_all();
    shop.write("notes/old.txt", "two");
    shop.write("web/src/main.rs", "fn main() { loop {} }");
    shop.commit_all();
    let lose = |path: &str| {
        let id = shop.git(&["rev-parse", &format!("HEAD~:{path}")]);
        let id = id.trim();
        let object = format!(".git/objects/{}/{}", &id[..2], &id[2..]);
        std::fs::remove_file(shop.path(&object)).unwrap();
    };
    lose("notes/old.txt");
    let run = || shop.bakehouse(&["affected", "--format", "json", "--since", "HEAD~"]);
    let output = run();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(names(&output), ["web"]);
    lose("web/src/main.rs");
    let output = run();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("revision-incomplete"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn submodules_are_followed_and_a_missing_one_is_an_error() {
    let proto = tempfile::tempdir().unwrap();
    let commit = |text: &str| {
        std::fs::write(proto.path().join("api.proto"), text).unwrap();
        git(proto.path(), &["add", "--all"]);
        git(proto.path(), &["commit", "--quiet", "--message", "a state"]);
    };
    git(proto.path(), &["init", "--quiet"]);
    commit("one");
    let shop = Shop::new();
    shop.edit(
        "bakehouse.toml",
        "[packs.base]",
        "[inputs.batch]\npaths = [\"proto\"]\n\n[packs.base]",
    );
    shop.git(&["init", "--quiet"]);
    shop.git(&[
        "submodule",
        "--quiet",
        "add",
        proto.path().to_str().unwrap(),
        "proto",
    ]);
    shop.commit_all();
    assert_eq!(shop.affected("HEAD"), [""; 0]);

    commit("two");
    git(&shop.path("proto"), &["pull", "--quiet"]);
    assert_eq!(
        shop.affected("HEAD"),
        BATCH,
        "another commit is checked out"
    );
    shop.commit_all();
    assert_eq!(shop.affected("HEAD~"), BATCH, "another commit is committed");
    assert_eq!(shop.affected("HEAD"), [""; 0]);
    std::fs::write(shop.path("proto/api.proto"), "three").unwrap();
    assert_eq!(shop.affected("HEAD"), BATCH, "dirty inside");

    // The moved submodule is found in git's own folder.
    git(&shop.path("proto"), &["checkout", "--quiet", "."]);
    shop.git(&["mv", "proto", "schemas"]);
    shop.edit(
        "bakehouse.toml",
        "paths = [\"proto\"]",
        "paths = [\"schemas\"]",
    );
    assert_eq!(shop.affected("HEAD"), BATCH);
    shop.git(&["reset", "--quiet", "--hard"]);

    shop.git(&["submodule", "--quiet", "deinit", "--force", "--all"]);
    let said = refused(&shop, "HEAD~", "submodule-missing", 1);
    assert!(
        said.contains("git submodule update --init --recursive proto"),
        "{said}"
    );

    // The shallow submodule lacks the older commit.
    shop.git(&["submodule", "--quiet", "update", "--init"]);
    std::fs::remove_dir_all(shop.path(".git/modules/proto")).unwrap();
    std::fs::remove_dir_all(shop.path("proto")).unwrap();
    let url = format!("file://{}", proto.path().display());
    git(
        &shop.path(""),
        &["clone", "--quiet", "--depth", "1", &url, "proto"],
    );
    assert_eq!(shop.affected("HEAD"), [""; 0]);
    refused(&shop, "HEAD~", "submodule-missing", 1);
}

#[test]
fn a_folder_that_git_does_not_know_is_told_so() {
    let shop = Shop::new();
    let output = assert_cmd::Command::cargo_bin("bakehouse")
        .unwrap()
        .current_dir(shop.path(""))
        .env("GIT_CEILING_DIRECTORIES", "/")
        .args(["affected", "--since", "HEAD"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("repository-missing"),
        "{}",
        stderr(&output)
    );
}

/// Makes `shared`, beside the workspace, a dependency of `prices`, and creates a repository with both.
fn shop_with_a_package_beside_it() -> Shop {
    let shop = Shop::new();
    shop.write(
        "../shared/Cargo.toml",
        "[package]\nname = \"shared\"\nversion = \"0.1.0\"\n",
    );
    shop.write("../shared/src/lib.rs", "");
    shop.edit(
        "prices/Cargo.toml",
        "[dependencies]\n",
        "[dependencies]\nshared = { path = \"../../shared\" }\n",
    );
    let lock = shop.read("Cargo.lock");
    let lock = lock.replace(
        " \"ryu\",\n \"stub-server\",\n",
        " \"ryu\",\n \"shared\",\n \"stub-server\",\n",
    );
    shop.write(
        "Cargo.lock",
        &(lock + "\n[[package]]\nname = \"shared\"\nversion = \"0.1.0\"\n"),
    );
    let top = shop.path("..");
    git(&top, &["init", "--quiet"]);
    git(&top, &["add", "--all"]);
    git(&top, &["commit", "--quiet", "--message", "a state"]);
    shop
}

#[test]
fn what_lies_above_the_workspace_has_a_history_too() {
    let shop = shop_with_a_package_beside_it();
    assert_eq!(shop.affected("HEAD"), [""; 0]);
    shop.write("../shared/src/lib.rs", "// changed");
    shop.write("../shared/src/more.rs", "");
    assert_eq!(shop.affected("HEAD"), ["web"]);
    let output = shop.bakehouse(&["why", "web", "--since", "HEAD"]);
    let said = stdout(&output);
    let said: Vec<&str> = said.lines().skip(1).map(str::trim).collect();
    assert_eq!(
        said,
        [
            "shared/src/lib.rs (modified, not committed) → shared → prices → web",
            "shared/src/more.rs (added, untracked) → shared → prices → web",
        ]
    );
    std::fs::remove_file(shop.path("../shared/src/more.rs")).unwrap();
    git(&shop.path(".."), &["checkout", "--quiet", "shared"]);
    shop.write("common/src/lib.rs", "// changed");
    assert_eq!(
        shop.affected("HEAD"),
        ["batch-python", "batch-shell", "web"]
    );
}
