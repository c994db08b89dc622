//! Build scripts that download: files that are fetched for them, what third-party crates are given, and what `init` and
//! `plan` say of them. `tools/e2e/tests/fetch.rs` builds with real files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::grove::Grove;
use crate::shop::{Shop, changed, stderr};

/// The archive of a crate, and another one for one of the platforms.
const FETCH: &str = r#"
[fetch.archive]
url = "https://example.org/releases/v1/lib-amd64.a.gz?raw=true"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
variable = "RYU_ARCHIVE"

[fetch.archive.platforms."linux/arm64"]
url = "https://example.org/releases/v1/lib-arm64.a.gz"
sha256 = "2222222222222222222222222222222222222222222222222222222222222222"

[fetch.pages]
url = "http://example.org/pages.zip"
sha256 = "3333333333333333333333333333333333333333333333333333333333333333"
variable = "PAGES_URL"
as = "url"
file = "v5.zip"
"#;

/// Variables and files for crates that one service or all of them compile.
const GIVEN: &str = r#"
[inputs.ryu]
paths = ["web/static/index.html", "shared/ryu/**"]
variables = ["RYU_MODE"]

[inputs.itoa]
variables = ["ITOA_MODE"]
"#;

/// Adds tables to the configuration of a shop.
fn with(shop: &Shop, tables: &str) {
    shop.write("shared/ryu/a.txt", "a\n");
    let config = shop.read("bakehouse.toml");
    shop.write("bakehouse.toml", &format!("{config}{tables}"));
}

/// Returns the lines of the Dockerfile that the tables add and remove, without the checksum in the head.
fn difference(strategy: &str, tables: &str) -> String {
    let text = |tables: &str| {
        let shop = Shop::new();
        let setting = format!("[cache]\nstrategy = \"{strategy}\"");
        shop.edit("bakehouse.toml", "[cache]", &setting);
        with(&shop, tables);
        shop.generate();
        let text = shop.read("docker/Dockerfile");
        let (_, text) = text.split_once("\n\n").unwrap();
        (text.to_owned(), shop.read("docker-bake.hcl"))
    };
    let (without, more) = (text(""), text(tables));
    let changes = |old: &str, new: &str| {
        let difference = similar::TextDiff::from_lines(old, new);
        let mut difference = difference.unified_diff();
        let lines = difference.context_radius(1).to_string();
        let lines = lines
            .lines()
            .filter(|line| !line.contains("Sum of what follows"));
        let lines = lines.map(|line| if line.starts_with("@@") { "@@" } else { line });
        lines.collect::<Vec<_>>().join("\n")
    };
    let hash = |line: &&str| !line.contains("input-hash");
    let bake = changes(&without.1, &more.1);
    let bake: Vec<&str> = bake.lines().filter(hash).collect();
    format!("{}\n\n{}", changes(&without.0, &more.0), bake.join("\n"))
}

#[test]
fn every_step_that_compiles_has_the_files_and_their_variables() {
    insta::assert_snapshot!(difference("layer", FETCH));
}

#[test]
fn steps_of_the_strategy_mount_have_them_too() {
    insta::assert_snapshot!(difference("mount", FETCH));
}

#[test]
fn third_party_crates_get_files_and_variables_in_every_step_that_compiles() {
    insta::assert_snapshot!(difference("layer", GIVEN));
}

#[test]
fn chains_that_do_not_compile_a_crate_are_not_given_what_it_gets() {
    let shop = Shop::native();
    let config = shop.read("bakehouse.toml");
    shop.write("bakehouse.toml", &format!("unify = \"each\"\n{config}"));
    with(&shop, GIVEN);
    shop.generate();
    let dockerfile = shop.read("docker/Dockerfile");
    let given: Vec<&str> = dockerfile
        .split("\nFROM ")
        .filter(|stage| stage.contains("ARG RYU_MODE\n"))
        .filter_map(|stage| stage.split_whitespace().nth(2))
        .collect();
    assert!(given.contains(&"build-web"), "{given:?}");
    assert!(!given.contains(&"build-batch"), "{given:?}");
    let bake = shop.read("docker-bake.hcl");
    assert!(bake.contains("Given to the compilation of ryu"), "{bake}");
}

#[test]
fn mistakes_are_reported_at_once() {
    let shop = Shop::new();
    with(
        &shop,
        r#"
[inputs.ryu]
exclude = ["web"]
only = ["web"]
images = ["web:/dist"]

[inputs.itoas]
variables = ["X"]

[fetch.one]
url = "ftp://example.org/one"
sha256 = "12"
variable = "CARGO_HOME"
as = "folder"

[fetch.two]
url = "https://someone:secret@example.org/two.tar.gz"
sha256 = "gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg"
variable = "COMMIT"

[fetch.three]
url = "https://example.org/a b"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
variable = "THREE"
file = "../three"

[fetch.four]
url = "https://example.org/four.git"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
variable = "THREE"

[fetch.five]
url = "https://example.org/"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
variable = "FIVE"
platforms."linux/arm6" = { url = "https:///x", sha256 = "" }

[fetch.six]
uri = "https://example.org/six"
"#,
    );
    let config = shop.read("bakehouse.toml");
    let named = config.replace(
        "[services.batch]",
        "[services.fetched]\npackage = \"batch\"\n[services.batch]",
    );
    shop.write("bakehouse.toml", &named);
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}

#[test]
fn what_a_file_contains_counts_and_where_it_comes_from_does_not() {
    let shop = Shop::new();
    let plain = shop.hashes();
    with(&shop, FETCH);
    let before = shop.hashes();
    assert_eq!(changed(&plain, &before).len(), plain.len());
    shop.edit(
        "bakehouse.toml",
        "example.org/pages.zip",
        "example.com/other.zip",
    );
    assert_eq!(changed(&before, &shop.hashes()), [""; 0]);
    let edits = [
        ("33333333", "44444444"),
        ("22222222", "55555555"),
        ("\"RYU_ARCHIVE\"", "\"RYU_OTHER\""),
        ("\"v5.zip\"", "\"v6.zip\""),
        ("as = \"url\"", "as = \"path\""),
    ];
    for (old, new) in edits {
        let before = shop.hashes();
        shop.edit("bakehouse.toml", old, new);
        assert_eq!(changed(&before, &shop.hashes()).len(), plain.len(), "{new}");
    }
}

#[test]
fn what_a_crate_is_given_counts_for_those_that_compile_it() {
    let shop = Shop::new();
    // Otherwise crates of one service can change features of another's.
    let config = shop.read("bakehouse.toml");
    shop.write("bakehouse.toml", &format!("unify = \"each\"\n{config}"));
    with(&shop, GIVEN);
    let before = shop.hashes();
    let mode = shop.hashes_with(&[("RYU_MODE", "fast")]);
    assert_eq!(changed(&before, &mode), ["web"]);
    shop.write("shared/ryu/a.txt", "b\n");
    assert_eq!(changed(&before, &shop.hashes()), ["web"]);
    shop.commit_all();
    shop.write("shared/ryu/a.txt", "c\n");
    assert_eq!(shop.affected("HEAD"), ["web"]);
}

/// A workspace whose lock has crates that download: two for `api`, one of them as `other` asks for it as well, and one
/// that a feature keeps from it.
fn downloading(config: &str) -> Grove {
    let entry = |name: &str, version: &str, more: &str| {
        format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n{more}"
        )
    };
    let lock = [
        "version = 4\n\n[[package]]\nname = \"api\"\nversion = \"0.1.0\"\ndependencies = [\"common\", \"deno_core\", \"openblas-src\", \"svm-rs-builds\"]\n\n\
         [[package]]\nname = \"common\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"other\"\nversion = \"0.1.0\"\ndependencies = [\"ort-sys\", \"svm-rs-builds\"]\n".to_owned(),
        entry("deno_core", "0.300.0", "dependencies = [\"v8\"]\n"),
        entry("openblas-build", "0.10.11", ""),
        entry("openblas-src", "0.10.11", "dependencies = [\"openblas-build\"]\n"),
        entry("ort-sys", "2.0.0-rc.9", ""),
        entry("svm-rs-builds", "0.5.0", ""),
        entry("v8", "130.0.7", ""),
    ];
    let package = |name: &str, dependencies: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"
        )
    };
    let api = package(
        "api",
        "common = { path = \"../common\" }\ndeno_core = \"0.300\"\nopenblas-src = { version = \"0.10\", features = [\"system\"] }\nsvm-rs-builds = \"0.5\"\n",
    );
    let other = package(
        "other",
        "ort-sys = \"2.0.0-rc.9\"\nsvm-rs-builds = \"0.5\"\n",
    );
    let grove = Grove::new(&[
        ("Cargo.lock", &lock.concat()),
        ("crates/api/Cargo.toml", &api),
        ("crates/api/src/main.rs", "fn main() {}"),
        ("crates/other/Cargo.toml", &other),
        ("crates/other/src/main.rs", "fn main() {}"),
    ]);
    if !config.is_empty() {
        grove.write("bakehouse.toml", config);
    }
    grove
}

#[test]
fn init_names_crates_that_download_with_their_own_way_out() {
    let printed = downloading("").run(&["init", "--print"]);
    let lines = printed
        .lines()
        .skip_while(|line| !line.contains("download"));
    let lines = lines.take_while(|line| line.starts_with('#'));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn plan_names_them_until_the_configuration_has_a_way_for_them() {
    let names = |config: &str, cargo: &str| -> BTreeSet<String> {
        let grove = downloading(config);
        grove.write(".cargo/config.toml", cargo);
        let plan = grove.run(&["plan", "--format", "json"]);
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        let downloads = plan["downloads"].as_array().cloned().unwrap_or_default();
        let shown = downloads.iter().map(|one| {
            format!(
                "{} in {}",
                one["package"].as_str().unwrap(),
                one["services"]
            )
        });
        shown.collect()
    };
    let both = ["svm-rs-builds in [\"api\",\"other\"]", "v8 in [\"api\"]"];
    let set = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    };
    assert_eq!(names("", ""), set(&both));
    let fetched = format!(
        "[fetch.v8]\nurl = \"https://example.org/v8.a.gz\"\nsha256 = \"{}\"\nvariable = \"RUSTY_V8_ARCHIVE\"\n",
        "1".repeat(64)
    );
    assert_eq!(names(&fetched, ""), set(&both[..1]));
    let given = "[inputs.svm-rs-builds]\nvariables = [\"SVM_RELEASES_LIST_JSON\"]\n";
    assert_eq!(names(given, ""), set(&both[1..]));
    // The variable is for another crate.
    let other = "[inputs.v8]\nvariables = [\"SVM_RELEASES_LIST_JSON\"]\n";
    assert_eq!(names(other, ""), set(&both));
    let env = "[env]\nSVM_RELEASES_LIST_JSON = { value = \"list.json\", relative = true }\n";
    assert_eq!(
        names("", &env.replace(", relative = true", "")),
        set(&both[1..])
    );

    let plan = downloading("").run(&["plan"]);
    let lines = plan.lines().skip_while(|line| !line.contains("download"));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

/// Runs the guard of a kept target folder in front of a script that does nothing, and returns the folders that are left
/// in it. `given` is what crates are given, with the values of variables.
fn guarded(root: &Path, given: &str, variables: &[(&str, &str)]) -> BTreeSet<String> {
    let shop = Shop::native();
    with(&shop, GIVEN);
    shop.generate();
    let mut script = shop.read("docker/stages/given.sh");
    let folder = root.to_str().unwrap();
    let places = [
        "/build/target",
        "/cargo-home",
        "/deps/out",
        "/given",
        "/run/",
        "/sources",
        "/tmp/third-party",
    ];
    for place in places {
        script = script.replace(place, &format!("{folder}{place}"));
    }
    script = script.replace("cd /build\n", &format!("cd {folder}/build\n"));
    fs::create_dir_all(root.join("tmp")).unwrap();
    fs::create_dir_all(root.join("run")).unwrap();
    fs::write(root.join("run/nothing.sh"), "").unwrap();
    let ran = Command::new("sh")
        .args(["-c", &script, "given.sh", "nothing.sh"])
        .env("GIVEN", given)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}");
    let profile = root.join("build/target/release");
    let folders = [".fingerprint", "build"].into_iter().flat_map(|kind| {
        let entries = fs::read_dir(profile.join(kind)).into_iter().flatten();
        entries.map(move |entry| format!("{kind}/{}", entry.unwrap().file_name().display()))
    });
    folders.collect()
}

#[test]
fn a_kept_folder_loses_only_what_was_compiled_with_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let source = "cargo-home/registry/src/index";
    for name in ["reads", "other", "named"] {
        write(
            &format!("{source}/{name}-1.0.0/Cargo.toml"),
            &format!("[package]\nname = \"{name}\"\n[dependencies]\nname = \"no\"\n"),
        );
        write(&format!("{source}/{name}-1.0.0/build.rs"), "fn main() {}\n");
    }
    write(
        &format!("{source}/reads-1.0.0/build/main.rs"),
        "fn main() { std::env::var(\"ARCHIVE\"); }\n",
    );
    let hash = "0123456789abcdef";
    let compile = || {
        for name in ["reads", "other", "named"] {
            write(
                &format!("build/target/release/.fingerprint/{name}-{hash}/lib"),
                "",
            );
            write(&format!("build/target/release/build/{name}/{hash}/out"), "");
        }
    };
    let left = |names: &[&str]| -> BTreeSet<String> {
        let both = |name: &&str| {
            [
                format!(".fingerprint/{name}-{hash}"),
                format!("build/{name}"),
            ]
        };
        names.iter().flat_map(both).collect()
    };
    let all = left(&["named", "other", "reads"]);
    write("given/shared/a.txt", "a");
    let given = "=ARCHIVE named=MODE named=/given/shared/a.txt";
    let given = given.replace("/given", &format!("{}/given", root.to_str().unwrap()));
    let run =
        |archive: &str, mode: &str| guarded(root, &given, &[("ARCHIVE", archive), ("MODE", mode)]);
    assert_eq!(run("one", "a"), BTreeSet::new());
    assert_eq!(
        fs::read_to_string(root.join("build/shared/a.txt")).unwrap(),
        "a"
    );
    compile();
    assert_eq!(run("one", "a"), all);
    assert_eq!(run("two", "a"), left(&["named", "other"]));
    compile();
    assert_eq!(run("two", "b"), left(&["other", "reads"]));
    compile();
    write("given/shared/a.txt", "b");
    assert_eq!(run("two", "b"), left(&["other", "reads"]));
    compile();
    assert_eq!(run("two", "b"), all);
    // Nobody shows that it reads the variable.
    write(&format!("{source}/reads-1.0.0/build/main.rs"), "");
    assert_eq!(run("three", "b"), BTreeSet::new());
}
