//! `bakehouse affected --since`: on real repositories, exactly the outputs whose input hash changed.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::shop::{Shop, stderr, stdout};

/// Edit → affected outputs.
type Row = (&'static str, fn(&Shop), &'static [&'static str]);

const BATCH: &[&str] = &["batch-python", "batch-shell"];

const ROWS: &[Row] = &[
    ("nothing", |_| {}, &[]),
    (
        "a changed file",
        |s| s.write("common/src/lib.rs", "// changed"),
        &["batch-python", "batch-shell", "web"],
    ),
    (
        "a new file",
        |s| s.write("prices/src/more.rs", "// new"),
        &["web"],
    ),
    (
        "a new file that git ignores: the build gets it all the same",
        |s| {
            s.write("prices/.gitignore", "*.local");
            s.write("prices/src/x.local", "");
        },
        &["web"],
    ),
    (
        "a deleted file",
        |s| std::fs::remove_file(s.path("prices/build.rs")).unwrap(),
        &["web"],
    ),
    (
        "a renamed file",
        |s| {
            let rename = (s.path("prices/src/lib.rs"), s.path("prices/src/prices.rs"));
            std::fs::rename(rename.0, rename.1).unwrap();
            s.edit(
                "prices/Cargo.toml",
                "edition.workspace = true",
                "edition.workspace = true\n\n[lib]\npath = \"src/prices.rs\"",
            );
        },
        &["web"],
    ),
    (
        "a file that becomes executable",
        |s| {
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(s.path("batch/src/main.rs"), mode).unwrap();
        },
        BATCH,
    ),
    (
        "a file that becomes a link",
        |s| {
            std::fs::remove_file(s.path("web/static/index.html")).unwrap();
            symlink("../src/main.rs", s.path("web/static/index.html")).unwrap();
        },
        &["web"],
    ),
    (
        "a renamed package folder",
        |s| {
            std::fs::rename(s.path("batch"), s.path("batches")).unwrap();
            s.edit("Cargo.toml", "\"batch\"", "\"batches\"");
        },
        BATCH,
    ),
    (
        "a file that no image needs",
        |s| s.write("README.md", "read me"),
        &[],
    ),
    (
        "a member that no image needs",
        |s| s.write("stub-server/src/lib.rs", "// changed"),
        &[],
    ),
    ("generated files", Shop::generate, &[]),
    (
        "a comment in a manifest",
        |s| {
            s.edit(
                "common/Cargo.toml",
                "[dependencies]",
                "# why\n[dependencies]",
            );
        },
        &[],
    ),
    (
        "a locked version of one service's own part",
        |s| s.edit("Cargo.lock", "version = \"1.0.18\"", "version = \"1.0.17\""),
        &["web"],
    ),
    (
        "a locked version that all but one need",
        |s| s.edit("Cargo.lock", "version = \"1.0.14\"", "version = \"1.0.15\""),
        &["batch-python", "batch-shell", "web"],
    ),
    (
        "a pack binary's source",
        |s| s.write("probe/src/main.rs", "fn main() { loop {} }"),
        &["base"],
    ),
    (
        "another folder for a pack binary",
        |s| s.edit("bakehouse.toml", "to = \"bin/\"", "to = \"tools/\""),
        &["base"],
    ),
    (
        "a variant's setting",
        |s| s.edit("bakehouse.toml", "python:3.12", "python:3.13"),
        &["batch-python"],
    ),
    (
        "a new service",
        |s| s.edit("bakehouse.toml", "[inputs", "[services.probe]\n\n[inputs"),
        &["probe"],
    ),
    (
        "a renamed service",
        |s| s.edit("bakehouse.toml", "[services.web]", "[services.shop]"),
        &["shop"],
    ),
    (
        "a service less, which had a say in the features of another's crates",
        |s| {
            s.edit("bakehouse.toml", "[services.batch]\n", "");
            s.edit("bakehouse.toml", "variants.shell = {}\n", "");
            let text = s.read("bakehouse.toml");
            let kept = text.lines().filter(|line| !line.starts_with("variants."));
            s.write("bakehouse.toml", &kept.collect::<Vec<_>>().join("\n"));
        },
        &["web"],
    ),
    (
        "no configuration",
        |s| std::fs::remove_file(s.path("bakehouse.toml")).unwrap(),
        &["batch", "probe", "shop-web"],
    ),
    (
        "the toolchain",
        |s| s.edit("rust-toolchain.toml", "1.95.0", "1.94.0"),
        &["batch-python", "batch-shell", "web", "base"],
    ),
];

/// Modified and untracked files count as if they were committed.
#[test]
fn exactly_what_changed_is_affected_committed_or_not() {
    for (name, edit, expected) in ROWS {
        let shop = Shop::new();
        shop.commit_all();
        edit(&shop);
        assert_eq!(shop.affected("HEAD"), *expected, "{name}, not committed");
        shop.git(&["add", "--all"]);
        assert_eq!(shop.affected("HEAD"), *expected, "{name}, staged");
        shop.git(&["add", "--all", "--force"]);
        shop.git(&["commit", "--quiet", "--allow-empty", "--message", "edit"]);
        assert_eq!(shop.affected("HEAD~"), *expected, "{name}, committed");
        assert_eq!(shop.affected("HEAD"), [""; 0], "{name}, since itself");
    }
}

#[test]
fn a_change_that_is_taken_back_affects_nothing() {
    let shop = Shop::new();
    shop.commit_all();
    let before = shop.read("common/src/lib.rs");
    shop.write("common/src/lib.rs", "// changed");
    shop.commit_all();
    shop.write("common/src/lib.rs", &before);
    shop.commit_all();
    assert_eq!(shop.affected("HEAD~2"), [""; 0]);
    assert_ne!(shop.affected("HEAD~"), [""; 0]);
}

#[test]
fn every_name_of_a_revision_is_understood() {
    let shop = Shop::new();
    shop.commit_all();
    shop.git(&["tag", "v1"]);
    shop.git(&["branch", "release/1"]);
    shop.write("web/src/main.rs", "fn main() {}");
    shop.commit_all();
    let id = shop.git(&["rev-parse", "v1"]);
    for name in ["v1", "release/1", "HEAD^", "@{1}", id.trim(), &id[..8]] {
        assert_eq!(shop.affected(name), ["web"], "{name}");
    }
}

#[test]
fn an_empty_folder_counts_as_long_as_it_is_there() {
    let shop = Shop::new();
    shop.commit_all();
    shop.folder("prices/src/empty");
    // Git does not store empty folders, but the build sees them.
    shop.commit_all();
    assert_eq!(shop.affected("HEAD"), ["web"]);
    std::fs::remove_dir(shop.path("prices/src/empty")).unwrap();
    assert_eq!(shop.affected("HEAD~1"), [""; 0]);
}

/// Returns `(path, content)` of everything below a folder.
fn listing(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(listing(&path));
        } else {
            files.insert(
                path.to_str().unwrap().to_owned(),
                std::fs::read(&path).unwrap(),
            );
        }
    }
    files
}

#[test]
fn repository_and_work_tree_are_left_as_they_are() {
    let shop = Shop::new();
    shop.commit_all();
    shop.write("web/src/main.rs", "fn main() {}");
    shop.git(&["add", "web"]);
    shop.write("web/src/main.rs", "fn main() { }");
    shop.git(&["config", "core.splitIndex", "true"]);
    shop.write(
        ".git/hooks/post-index-change",
        "#!/bin/sh\ntouch hook-ran\n",
    );
    let hook = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(shop.path(".git/hooks/post-index-change"), hook).unwrap();
    let before = listing(&shop.path(""));
    assert_eq!(shop.affected("HEAD"), ["web"]);
    let after = listing(&shop.path(""));
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    assert!(before == after);
}

#[test]
fn each_format_says_the_same() {
    let shop = Shop::new();
    shop.commit_all();
    let id = shop.git(&["rev-parse", "HEAD"]);
    let short = &id[..10];
    let print = |format: &str| {
        let output = shop.bakehouse(&["affected", "--since", "HEAD", "--format", format]);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
            .replace(id.trim(), "<commit>")
            .replace(short, "<short>")
    };
    insta::assert_snapshot!("none_as_text", print("text"));
    insta::assert_snapshot!("none_for_github", print("github"));
    shop.write("common/src/lib.rs", "// changed");
    shop.write("common/src/more.rs", "// new");
    shop.write("probe/src/main.rs", "fn main() { loop {} }");
    insta::assert_snapshot!("some_as_text", print("text"));
    insta::assert_snapshot!("some_as_json", print("json"));
    insta::assert_snapshot!("some_for_github", print("github"));
}

/// A revision with an invalid configuration cannot be planned, which is only a warning.
#[test]
fn a_warning_is_plain_where_no_terminal_is_and_names_no_module() {
    let shop = Shop::new();
    let right = shop.read("bakehouse.toml");
    shop.write("bakehouse.toml", "registri = \"x\"\n");
    shop.commit_all();
    shop.write("bakehouse.toml", &right);
    let said = |options: &[&str]| {
        let arguments = [options, &["affected", "--since", "HEAD"]].concat();
        let output = shop.bakehouse(&arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    };
    for options in [&[][..], &["--color", "never"], &["--color", "auto"]] {
        let said = said(options);
        assert!(
            said.starts_with("  ⚠ everything counts as changed, because "),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains(['\u{1b}']), "{said:?}");
        assert!(!said.contains("bakehouse::"), "{said}");
    }
    let informed = said(&["--verbose"]);
    assert!(!informed.contains("bakehouse::"), "{informed}");
    assert!(informed.contains("files read"), "{informed}");
    assert!(!informed.contains('\u{1b}'), "{informed:?}");
    let debugged = said(&["-vv"]);
    assert!(debugged.contains("bakehouse::"), "{debugged}");
    assert!(!debugged.contains('\u{1b}'), "{debugged:?}");
    let coloured = said(&["--color", "always"]);
    assert!(coloured.contains('\u{1b}'), "{coloured:?}");
    assert_eq!(said(&["--quiet"]), "");
}

#[test]
fn without_a_revision_it_is_since_the_branch_left_the_main_one() {
    let shop = Shop::new();
    shop.commit_all();
    let run = |format: &str| {
        let output = shop.bakehouse(&["affected", "--format", format]);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let left = shop.git(&["rev-parse", "HEAD"]);
    shop.git(&["switch", "--quiet", "--create", "topic"]);
    assert!(run("text").contains("where HEAD left main\nnothing is affected"));
    shop.write("web/src/main.rs", "fn main() {}\n// On the branch.\n");
    shop.commit_all();
    // Later commits of the main branch do not count.
    shop.git(&["switch", "--quiet", "main"]);
    shop.write("batch/src/main.rs", "fn main() {}\n// On main.\n");
    shop.commit_all();
    shop.git(&["switch", "--quiet", "topic"]);
    let since = |left: &str| {
        let said: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
        assert_eq!(said["since"], left.trim());
        said["services"].to_string()
    };
    let services = since(&left);
    assert!(
        services.contains("web") && !services.contains("batch"),
        "{services}"
    );
    // The branch of the remote comes first, whatever its name is.
    let head = shop.git(&["rev-parse", "HEAD"]);
    shop.git(&["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    shop.git(&[
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/trunk",
    ]);
    assert_eq!(since(&head), "[]");
    shop.git(&["symbolic-ref", "--delete", "refs/remotes/origin/HEAD"]);
    shop.git(&["branch", "--move", "main", "other"]);
    let output = shop.bakehouse(&["affected"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("revision-unknown"),
        "{}",
        stderr(&output)
    );
}
