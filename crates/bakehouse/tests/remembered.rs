//! Memory of Cargo's answers: they are reused, and Cargo is asked again as soon as an answer could be different.

#![cfg(unix)]

use std::path::Path;
use std::time::Duration;

use bakehouse::graph::Workspace;
use bakehouse::graph::cargo::Cargo;
use camino::Utf8Path;

use crate::grove::Grove;
use crate::shop::{Shop, stderr};

/// Edit → whether Cargo's answer may change.
type Row = (&'static str, fn(&Grove), bool);

const ROWS: &[Row] = &[
    ("nothing", |_| {}, false),
    (
        "a source",
        |g| g.write("crates/api/src/main.rs", "fn main() { loop {} }"),
        false,
    ),
    ("a module", |g| g.write("crates/api/src/more.rs", ""), false),
    (
        "the text of a test",
        |g| g.write("crates/common/tests/one.rs", "// changed"),
        false,
    ),
    (
        "a file beside the members",
        |g| g.write("crates/README.md", ""),
        false,
    ),
    (
        "a binary",
        |g| g.write("crates/api/src/bin/more.rs", "fn main() {}"),
        true,
    ),
    (
        "a binary in a folder",
        |g| g.write("crates/api/src/bin/more/main.rs", "fn main() {}"),
        true,
    ),
    (
        "a main source beside a library",
        |g| g.write("crates/common/src/main.rs", "fn main() {}"),
        true,
    ),
    (
        "a library beside a main source",
        |g| g.write("crates/api/src/lib.rs", ""),
        true,
    ),
    (
        "a main source less",
        |g| {
            std::fs::remove_file(g.path("crates/api/src/main.rs")).unwrap();
            g.write("crates/api/src/lib.rs", "");
        },
        true,
    ),
    (
        "a build script",
        |g| g.write("crates/api/build.rs", "fn main() {}"),
        true,
    ),
    ("a test", |g| g.write("crates/api/tests/one.rs", ""), true),
    (
        "a test less",
        |g| std::fs::remove_file(g.path("crates/common/tests/one.rs")).unwrap(),
        true,
    ),
    (
        "a named source less",
        |g| std::fs::remove_file(g.path("crates/other/programs/tool.rs")).unwrap(),
        true,
    ),
    (
        "a source of the name of a binary",
        |g| g.write("crates/old/src/old-tool.rs", "fn main() {}"),
        true,
    ),
    (
        "a member",
        |g| {
            g.write("crates/new/Cargo.toml", "[package]\nname = \"new\"\n");
            g.write("crates/new/src/lib.rs", "");
        },
        true,
    ),
    (
        "a folder where members are, without a manifest",
        |g| g.write("crates/notes/README.md", ""),
        true,
    ),
    (
        "a member less",
        |g| std::fs::remove_dir_all(g.path("crates/old")).unwrap(),
        true,
    ),
    (
        "a member's manifest",
        |g| {
            g.write(
                "crates/common/Cargo.toml",
                "[package]\nname = \"common\"\nversion = \"0.2.0\"\nedition = \"2024\"\n",
            );
        },
        true,
    ),
    (
        "the workspace's manifest",
        |g| {
            g.write(
                "Cargo.toml",
                "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\nexclude = [\"crates/old\"]\n",
            );
        },
        true,
    ),
    (
        "a workspace between it and its members",
        |g| g.write("crates/Cargo.toml", "[workspace]\n"),
        true,
    ),
    (
        "a path dependency that is no member",
        |g| {
            g.write(
                "crates/api/vendored/tool/Cargo.toml",
                "[package]\nname = \"tool\"\nversion = \"0.3.0\"\n",
            );
        },
        true,
    ),
];

/// Returns a workspace with a package of the oldest edition, one that names its source, and a dependency that is not a
/// member.
fn grove() -> Grove {
    Grove::new(&[
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\nexclude = [\"crates/api/vendored\"]\n",
        ),
        (
            "crates/api/Cargo.toml",
            "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ncommon = { path = \"../common\" }\ntool = { path = \"vendored/tool\" }\n",
        ),
        ("crates/api/src/main.rs", "fn main() {}"),
        (
            "crates/api/vendored/tool/Cargo.toml",
            "[package]\nname = \"tool\"\nversion = \"0.2.0\"\n",
        ),
        ("crates/api/vendored/tool/src/lib.rs", ""),
        ("crates/common/tests/one.rs", ""),
        (
            "crates/other/Cargo.toml",
            "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[[bin]]\nname = \"tool\"\npath = \"programs/tool.rs\"\n",
        ),
        ("crates/other/programs/tool.rs", "fn main() {}"),
        (
            "crates/old/Cargo.toml",
            "[package]\nname = \"old\"\nversion = \"0.1.0\"\nedition = \"2015\"\n\n[[bin]]\nname = \"old-tool\"\n",
        ),
        ("crates/old/src/main.rs", "fn main() {}"),
    ])
}

/// Returns everything that is read of the workspace, also if reading fails.
fn read(cargo: &Cargo, folder: &Utf8Path) -> String {
    let workspace = Workspace::read(cargo, Some(&folder.join("Cargo.toml")));
    format!("{:#?}", workspace.map_err(|problem| problem.message))
}

/// Waits, because a file that was written just now is not trusted.
fn wait() {
    std::thread::sleep(Duration::from_millis(40));
}

#[test]
fn cargo_is_asked_anew_when_it_may_say_something_else() {
    for (name, edit, may_differ) in ROWS {
        let (grove, memory) = (grove(), tempfile::tempdir().unwrap());
        let folder = grove.path("");
        let remembering = || Cargo::remembering_in(Utf8Path::from_path(memory.path()).unwrap());
        wait();
        // Once for the members, and once for the package that is not a member.
        let first = remembering();
        let before = read(&first, &folder);
        assert_eq!(first.asked(), 2, "{name}");
        let second = remembering();
        assert_eq!(read(&second, &folder), before, "{name}");
        assert_eq!(second.asked(), 0, "{name}");
        edit(&grove);
        let third = remembering();
        assert_eq!(
            read(&third, &folder),
            read(&Cargo::default(), &folder),
            "{name}"
        );
        assert_eq!(third.asked() > 0, *may_differ, "{name}");
    }
}

#[test]
fn another_workspace_is_asked_about_once_however_many_of_its_packages_are_needed() {
    let manifest = |name: &str, folder: &str, needs: &[&str]| {
        let needs: Vec<String> = needs
            .iter()
            .map(|need| format!("{need} = {{ path = \"{folder}/{need}\" }}\n"))
            .collect();
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n\n[dependencies]\n{}",
            needs.concat()
        )
    };
    let grove = Grove::new(&[
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\nexclude = [\"core\"]\n",
        ),
        (
            "crates/api/Cargo.toml",
            &manifest("api", "../../core", &["a", "b", "c"]),
        ),
        ("crates/api/src/main.rs", "fn main() {}"),
        ("core/Cargo.toml", "[workspace]\nmembers = [\"*\"]\n"),
        ("core/a/Cargo.toml", &manifest("a", "..", &["d"])),
        ("core/b/Cargo.toml", &manifest("b", "..", &["a"])),
        ("core/c/Cargo.toml", &manifest("c", "..", &[])),
        ("core/d/Cargo.toml", &manifest("d", "..", &[])),
        ("core/a/src/lib.rs", ""),
        ("core/b/src/lib.rs", ""),
        ("core/c/src/lib.rs", ""),
        ("core/d/src/lib.rs", ""),
    ]);
    let cargo = Cargo::default();
    let workspace = Workspace::read(&cargo, Some(&grove.path("Cargo.toml"))).unwrap();
    let foreign = workspace.members.values().filter(|member| member.foreign);
    let foreign: Vec<(&str, &str)> = foreign
        .map(|member| (member.name.as_str(), member.workspace.as_str()))
        .collect();
    assert_eq!(
        foreign,
        [("a", "core"), ("b", "core"), ("c", "core"), ("d", "core")]
    );
    assert_eq!(cargo.asked(), 2);
}

#[test]
fn another_checkout_of_the_same_files_is_not_asked_about() {
    let (one, other) = (grove(), grove());
    for grove in [&one, &other] {
        std::fs::create_dir(grove.path(".git")).unwrap();
    }
    wait();
    let cargo = Cargo::default();
    let read_in = |grove: &Grove| {
        let folder = grove.path("");
        let text = read(&cargo, &folder);
        let folder = folder.as_str().trim_end_matches('/');
        assert!(text.contains(folder), "{text}");
        text.replace(folder, "")
    };
    let first = read_in(&one);
    let asked = cargo.asked();
    assert_eq!(read_in(&other), first);
    assert_eq!(cargo.asked(), asked);
}

/// A Cargo that notes each question about a workspace and may write a file meanwhile. It is a compiled program, because
/// answers of a script are not remembered.
const CARGO: &str = r#"
use std::{env, fs, io::Write, process::Command};
fn main() {
    let var = |name| env::var_os(name).unwrap();
    writeln!(fs::File::options().append(true).open(var("ASKED")).unwrap(), "asked").unwrap();
    if var("TOUCHED") != "" {
        let file = fs::File::options().append(true).open(var("TOUCHED")).unwrap();
        file.set_modified(std::time::SystemTime::now()).unwrap();
    }
    let mut real = Command::new(var("REAL_CARGO"));
    let status = real.args(env::args_os().skip(1)).env_remove("CARGO").status().unwrap();
    std::process::exit(status.code().unwrap());
}
"#;

/// The same Cargo as a script.
const SCRIPT: &str = r#"#!/bin/sh
echo asked >> "$ASKED"
unset CARGO
exec "$REAL_CARGO" "$@"
"#;

struct Asked<'a> {
    shop: &'a Shop,
    folder: tempfile::TempDir,
    touched: &'static str,
}

impl<'a> Asked<'a> {
    fn in_shop(shop: &'a Shop) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("cargo.rs");
        std::fs::write(&source, CARGO).unwrap();
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let compiled = std::process::Command::new(rustc)
            .args(["--edition", "2024", "-o"])
            .args([&folder.path().join("cargo"), &source])
            .status()
            .unwrap();
        assert!(compiled.success());
        Self {
            shop,
            folder,
            touched: "",
        }
    }

    /// Returns how often a command asks Cargo.
    fn by(&self, cache: &Path, arguments: &[&str]) -> usize {
        wait();
        let log = self.folder.path().join("asked");
        std::fs::write(&log, "").unwrap();
        let real = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = assert_cmd::Command::cargo_bin("bakehouse")
            .unwrap()
            .current_dir(self.shop.path(""))
            .env("CARGO", self.folder.path().join("cargo"))
            .env("REAL_CARGO", real)
            .env("ASKED", &log)
            .env("TOUCHED", self.touched)
            .env("BAKEHOUSE_CACHE", cache)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        std::fs::read_to_string(log).unwrap().lines().count()
    }
}

#[test]
fn commands_ask_cargo_once_for_a_workspace_that_stays_the_same() {
    let shop = Shop::new();
    shop.commit_all();
    let asked = Asked::in_shop(&shop);
    let cache = tempfile::tempdir().unwrap();
    let since: &[&str] = &["affected", "--since", "HEAD"];
    // Edit, command, and how often the command asks Cargo.
    type Row<'a> = (&'a str, fn(&Shop), &'a [&'a str], usize);
    let table: [Row<'_>; 6] = [
        ("at first", |_| {}, &["plan"], 1),
        ("again", |_| {}, &["plan"], 0),
        ("another command", |_| {}, &["generate"], 0),
        ("a commit that is the same", |_| {}, since, 0),
        (
            "a source changed",
            |s| s.write("web/src/main.rs", "fn main() {}"),
            since,
            0,
        ),
        (
            "a manifest changed, so that it is another one now and then",
            |s| {
                s.edit(
                    "web/Cargo.toml",
                    "[package]",
                    "[package]\ndescription = \"x\"",
                );
            },
            since,
            2,
        ),
    ];
    for (name, edit, arguments, times) in table {
        edit(&shop);
        assert_eq!(asked.by(cache.path(), arguments), times, "{name}");
    }
}

#[test]
fn a_cache_that_cannot_be_used_costs_time_and_nothing_else() {
    let shop = Shop::new();
    let asked = Asked::in_shop(&shop);
    let none = Path::new("");
    assert_eq!(asked.by(none, &["plan"]), 1);
    assert_eq!(asked.by(none, &["plan"]), 1);
    // No user, not even root, can create a folder below a file.
    assert_eq!(asked.by(Path::new("/dev/null/x"), &["plan"]), 1);
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(asked.by(cache.path(), &["plan"]), 1);
    for entry in std::fs::read_dir(cache.path().join("cargo")).unwrap() {
        std::fs::write(entry.unwrap().path(), "no digest\n{}").unwrap();
    }
    assert_eq!(asked.by(cache.path(), &["plan"]), 1);
    assert_eq!(asked.by(cache.path(), &["plan"]), 0);
}

#[test]
fn a_manifest_that_changes_while_cargo_runs_is_asked_about_again() {
    let shop = Shop::new();
    let mut asked = Asked::in_shop(&shop);
    let cache = tempfile::tempdir().unwrap();
    asked.touched = "web/Cargo.toml";
    assert_eq!(asked.by(cache.path(), &["plan"]), 1);
    assert_eq!(asked.by(cache.path(), &["plan"]), 1);
    asked.touched = "";
    assert_eq!(asked.by(cache.path(), &["plan"]), 1);
    assert_eq!(asked.by(cache.path(), &["plan"]), 0);
}

#[test]
fn what_a_script_said_is_asked_again() {
    use std::os::unix::fs::PermissionsExt;
    let shop = Shop::new();
    let asked = Asked::in_shop(&shop);
    let script = asked.folder.path().join("cargo");
    std::fs::write(&script, SCRIPT).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(asked.by(cache.path(), &["plan"]), 1);
    assert_eq!(asked.by(cache.path(), &["plan"]), 1);
}
