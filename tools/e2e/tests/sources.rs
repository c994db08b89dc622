//! Third-party crates: the builder reads everything that Cargo on the host reads. Both run each row.

use std::process::Command;

use bakehouse_testkit::{GitHost, Mirror, Ran, Turn, Workspace, container};

/// Builds and runs the services of the workspace with Cargo on this machine, and expects the same output of their
/// images.
#[track_caller]
fn same_as_host(workspace: &Workspace, turn: &Turn, services: &[&str]) -> Vec<String> {
    let host = services.iter().map(|service| on_host(workspace, service));
    let host: Vec<String> = host.collect();
    let _ = workspace.bakehouse(["generate"]).succeeded();
    workspace.bake(services.iter().copied()).run(turn);
    let image = |service: &&str| container::prints(&workspace.images.name(service), []);
    let images: Vec<String> = services.iter().map(image).collect();
    assert_eq!(images, host);
    host
}

/// Returns the output of `cargo run`, with a target folder of its own.
#[track_caller]
fn on_host(workspace: &Workspace, service: &str) -> String {
    let target = tempfile::tempdir().expect("a folder can be made");
    let run = [
        "run",
        "--quiet",
        "--locked",
        "--release",
        "--package",
        service,
    ];
    let ran = Ran::of(
        Command::new("cargo")
            .current_dir(workspace.dir())
            .args(run)
            .env("CARGO_TARGET_DIR", target.path()),
    );
    ran.succeeded().stdout.trim().to_owned()
}

/// Returns a workspace of packages in folders of the same names, each with the tables after `[package]` and its main
/// source.
#[track_caller]
fn workspace(root: &str, services: &[(&str, &str, &str)], config: &str) -> Workspace {
    let workspace = Workspace::empty();
    let members = services.iter().map(|(name, ..)| format!("{name:?}"));
    let members = members.collect::<Vec<_>>().join(", ");
    workspace.write(
        "Cargo.toml",
        &format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n{root}"),
    );
    workspace.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n");
    workspace.write(
        "bakehouse.toml",
        &format!("registry = \"sources\"\n{config}"),
    );
    for (name, manifest, main) in services {
        workspace.write(
            &format!("{name}/Cargo.toml"),
            &format!(
                "[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n{manifest}"
            ),
        );
        workspace.write(&format!("{name}/src/main.rs"), main);
    }
    workspace
}

const LISTER: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[package]\nname = \"lister\"\nversion = \"0.1.0\"\nedition = \"2021\"\nexclude = [\"templates\"]\n",
    ),
    (".gitignore", "ignored\n"),
    (
        "build.rs",
        "fn main() {
            let count = |folder| std::fs::read_dir(folder).map_or(0, |folder| folder.count());
            println!(\"cargo::rustc-env=COUNTS={} {} {}\", count(\"templates\"), count(\"ignored\"), count(\"nested\"));
        }\n",
    ),
    ("src/lib.rs", "pub const COUNTS: &str = env!(\"COUNTS\");\n"),
    ("templates/a.txt", ""),
    ("templates/b.txt", ""),
    ("ignored/c.txt", ""),
    ("nested/Cargo.toml", "[package]\nname = \"nested\"\nversion = \"0.1.0\"\n[lib]\npath = \"lib.rs\"\n"),
    ("nested/lib.rs", ""),
];

/// A workspace in a git repository: a file above the package, a submodule, inherited keys.
const KIT: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[workspace]\nmembers = [\"greet\"]\nresolver = \"2\"\n[workspace.package]\nversion = \"0.3.0\"\nedition = \"2021\"\n",
    ),
    ("shared/hello.txt", "hello\n"),
    (
        "greet/Cargo.toml",
        "[package]\nname = \"greet\"\nversion.workspace = true\nedition.workspace = true\n",
    ),
    (
        "greet/src/lib.rs",
        "pub fn hello() -> String {
            let word = include_str!(\"../words/word.txt\").trim();
            format!(\"{} {word} {}\", include_str!(\"../../shared/hello.txt\").trim(), env!(\"CARGO_PKG_VERSION\"))
        }\n",
    ),
];

const MAIN: &str = "fn main() { println!(\"{}\", greet::hello()) }\n";

#[test]
fn a_git_repository_is_read_whole_and_its_patches_are_followed() {
    let git = GitHost::start();
    git.commit("words", "main", &[("word.txt", "world\n")], &[]);
    git.commit("kit", "main", KIT, &[("greet/words", "words")]);
    git.commit("lister", "main", LISTER, &[]);
    let patched = |text: &'static str| [("shared/hello.txt", text)];
    git.commit("kit", "patched", &patched("patched\n"), &[]);
    let rev = git.commit("kit", "other", &patched("at a commit\n"), &[]);
    let tagged = git.commit("kit", "other", &patched("tagged\n"), &[]);
    git.tag("kit", "v1", &tagged);
    let kit = git.url("kit");
    let greet = |more: &str| format!("[dependencies]\ngreet = {{ git = \"{kit}\"{more} }}\n");
    let lister = format!(
        "[dependencies]\nlister = {{ git = \"{}\" }}\n",
        git.url("lister")
    );
    let (plain, branch) = (greet(""), greet(", branch = \"patched\""));
    let (at, tag) = (
        greet(&format!(", rev = \"{rev}\"")),
        greet(", tag = \"v1\""),
    );
    let workspace = workspace(
        "",
        &[
            ("plain", &plain, MAIN),
            ("branch", &branch, MAIN),
            ("commit", &at, MAIN),
            ("tag", &tag, MAIN),
            (
                "lists",
                &lister,
                "fn main() { println!(\"{}\", lister::COUNTS) }\n",
            ),
        ],
        "",
    );
    workspace.lock();
    let turn = Turn::share();
    let services = ["plain", "branch", "commit", "tag", "lists"];
    let expected = [
        "hello world 0.3.0",
        "patched world 0.3.0",
        "at a commit world 0.3.0",
        "tagged world 0.3.0",
        "2 1 2",
    ];
    assert_eq!(same_as_host(&workspace, &turn, &services), expected);

    // A patch of the URL replaces it with a folder of the repository.
    workspace.append(
        "Cargo.toml",
        &format!("exclude = [\"fork\"]\n[patch.{kit:?}]\ngreet = {{ path = \"fork\" }}\n"),
    );
    workspace.write(
        "fork/Cargo.toml",
        "[package]\nname = \"greet\"\nversion = \"0.3.1\"\nedition = \"2021\"\n",
    );
    workspace.write(
        "fork/src/lib.rs",
        "pub fn hello() -> String { \"the fork\".into() }\n",
    );
    workspace.remove("Cargo.lock");
    workspace.lock();
    let services = ["plain", "lists"];
    assert_eq!(
        same_as_host(&workspace, &turn, &services),
        ["the fork", "2 1 2"]
    );
}

#[test]
fn crates_come_from_where_the_configuration_says() {
    let mirror = Mirror::start(&[
        ("itoa", "1.0.9", "pub const FROM: &str = \"the mirror\";\n"),
        (
            "inhouse",
            "2.0.0",
            "pub const FROM: &str = \"only the mirror\";\n",
        ),
    ]);
    let other = Mirror::start(&[(
        "inhouse",
        "2.0.0",
        "pub const FROM: &str = \"another registry\";\n",
    )]);
    let workspace = workspace(
        "",
        &[
            (
                "mirrored",
                "[dependencies]\nitoa = \"1\"\ninhouse = \"2\"\n",
                "fn main() { println!(\"{}, {}\", itoa::FROM, inhouse::FROM) }\n",
            ),
            (
                "both",
                "[dependencies]\ninhouse = \"2\"\nother = { package = \"inhouse\", version = \"2\", registry = \"other\" }\n",
                "fn main() { println!(\"{}, {}\", inhouse::FROM, other::FROM) }\n",
            ),
        ],
        "",
    );
    workspace.write(
        ".cargo/config.toml",
        &format!(
            "[source.crates-io]\nreplace-with = \"mirror\"\n[source.mirror]\nregistry = {:?}\n\
             [registries.other]\nindex = {:?}\n",
            mirror.index(),
            other.index()
        ),
    );
    workspace.lock();
    let turn = Turn::share();
    let expected = [
        "the mirror, only the mirror",
        "only the mirror, another registry",
    ];
    assert_eq!(
        same_as_host(&workspace, &turn, &["mirrored", "both"]),
        expected
    );
}

#[test]
fn a_committed_folder_of_crates_is_an_input_like_any() {
    for strategy in ["layer", "mount"] {
        let workspace = workspace(
            "",
            &[
                (
                    "numbers",
                    "[dependencies]\nitoa = \"=1.0.9\"\n",
                    "fn main() { println!(\"{} {}\", itoa::EDITED, itoa::Buffer::new().format(7)) }\n",
                ),
                (
                    "plain",
                    "[dependencies]\ncfg-if = \"=1.0.0\"\n",
                    "cfg_if::cfg_if! { if #[cfg(unix)] { fn main() { println!(\"unix\") } } }\n",
                ),
            ],
            &format!("cache.strategy = {strategy:?}\n"),
        );
        workspace.lock();
        let mut vendor = Command::new("cargo");
        let vendor = vendor
            .current_dir(workspace.dir())
            .args(["vendor", "third-party"]);
        let config = Ran::of(vendor).succeeded().stdout;
        workspace.write(".cargo/config.toml", &config);
        // The checksum file of an edited crate lists no files, as in Debian's packages.
        let sums = workspace.read("third-party/itoa/.cargo-checksum.json");
        let package = sums.split("\"package\":").nth(1).expect("it has a sum");
        workspace.write(
            "third-party/itoa/.cargo-checksum.json",
            &format!("{{\"files\":{{}},\"package\":{package}"),
        );
        let edit = |text: &str| {
            let source = workspace.read("third-party/itoa/src/lib.rs");
            let rest = source
                .rsplit_once("// edited")
                .map_or(source.as_str(), |(rest, _)| rest);
            let source = format!("{rest}// edited\npub const EDITED: &str = {text:?};\n");
            workspace.write("third-party/itoa/src/lib.rs", &source);
        };
        edit("as edited");
        for step in [
            &["init", "--quiet"][..],
            &["add", "--all"],
            &["commit", "--quiet", "--message", "one"],
        ] {
            workspace.git(step.iter().copied());
        }
        let turn = Turn::share();
        let services = ["numbers", "plain"];
        assert_eq!(
            same_as_host(&workspace, &turn, &services),
            ["as edited 7", "unix"],
            "{strategy}"
        );
        edit("edited again");
        let affected = workspace
            .bakehouse(["affected", "--since", "HEAD"])
            .succeeded();
        let edited = "numbers  third-party/itoa/src/lib.rs (modified) → itoa → numbers";
        assert!(affected.stdout.contains(edited), "{affected}");
        assert!(!affected.stdout.contains("plain"), "{affected}");
        assert_eq!(
            same_as_host(&workspace, &turn, &services),
            ["edited again 7", "unix"],
            "{strategy}"
        );
        edit("as edited");
        assert_eq!(
            same_as_host(&workspace, &turn, &services),
            ["as edited 7", "unix"],
            "{strategy}"
        );
    }
}

#[test]
fn a_registry_is_patched_and_a_repository_is_mirrored() {
    let git = GitHost::start();
    let itoa = |text: &str| {
        let manifest = "[package]\nname = \"itoa\"\nversion = \"1.0.9\"\nedition = \"2021\"\n";
        let source = format!("pub const FROM: &str = {text:?};\n");
        vec![("Cargo.toml", manifest.to_owned()), ("src/lib.rs", source)]
    };
    let commit = |branch: &str, text: &str| {
        let files = itoa(text);
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (*p, t.as_str())).collect();
        git.commit("itoa", branch, &files, &[])
    };
    commit("main", "the main branch");
    commit("fork", "a branch");
    let rev = commit("other", "a commit");
    commit("other", "a tag");
    let uses = "[dependencies]\nitoa = \"1\"\n";
    let main = "fn main() { println!(\"{}\", itoa::FROM) }\n";
    let turn = Turn::share();
    let rows = [
        ("branch = \"fork\"".to_owned(), "a branch"),
        (format!("rev = {rev:?}"), "a commit"),
        (String::new(), "the main branch"),
    ];
    for (which, expected) in rows {
        let comma = if which.is_empty() { "" } else { ", " };
        let patch = format!(
            "[patch.crates-io]\nitoa = {{ git = {:?}{comma}{which} }}\n",
            git.url("itoa")
        );
        let patched = workspace(&patch, &[("patched", uses, main)], "");
        patched.lock();
        assert_eq!(same_as_host(&patched, &turn, &["patched"]), [expected]);
    }

    let from_git = format!("[dependencies]\nitoa.git = {:?}\n", git.url("gone"));
    git.copy("itoa", "mirror");
    git.copy("itoa", "gone");
    let mirrored = workspace("", &[("mirrored", &from_git, main)], "");
    mirrored.lock();
    git.remove("gone");
    mirrored.write(
        ".cargo/config.toml",
        &format!(
            "[source.gone]\ngit = {:?}\nreplace-with = \"mirror\"\n[source.mirror]\ngit = {:?}\n",
            git.url("gone"),
            git.url("mirror")
        ),
    );
    assert_eq!(
        same_as_host(&mirrored, &turn, &["mirrored"]),
        ["the main branch"]
    );
}

#[test]
fn folders_may_stand_for_git_repositories_and_registries() {
    let git = GitHost::start();
    git.commit("lister", "main", LISTER, &[]);
    let (lister, main) = (
        format!(
            "[dependencies]\nlister = {{ git = \"{}\" }}\n",
            git.url("lister")
        ),
        "fn main() { println!(\"{}\", lister::COUNTS) }\n",
    );
    let vendored = workspace("", &[("lists", &lister, main)], "");
    vendored.lock();
    let config = vendored.cargo(["vendor"]).succeeded().stdout;
    vendored.write(".cargo/config.toml", &config);
    let turn = Turn::share();
    // Files that packaging leaves out are missing on the host as well.
    assert_eq!(same_as_host(&vendored, &turn, &["lists"]), ["0 1 0"]);

    let local = workspace(
        "",
        &[(
            "local",
            "[dependencies]\nitoa = \"1\"\n",
            "fn main() { println!(\"{}\", itoa::FROM) }\n",
        )],
        "",
    );
    let crates = [(
        "itoa",
        "1.0.9",
        "pub const FROM: &str = \"a local registry\";\n",
    )];
    Mirror::write(&local.dir().join("crates"), &crates);
    local.write(
        ".cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\nlocal-registry = \"crates\"\n",
    );
    local.lock();
    assert_eq!(
        same_as_host(&local, &turn, &["local"]),
        ["a local registry"]
    );
}

#[test]
fn a_build_script_may_ask_cargo_for_the_crates() {
    let script = r#"fn main() {
    let output = std::process::Command::new(std::env::var("CARGO").unwrap())
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    println!("cargo::rustc-env=ITOA={}", text.contains("\"name\":\"itoa\",\"version\":\"1.0.9\""));
}
"#;
    let workspace = workspace(
        "",
        &[(
            "asks",
            "[dependencies]\nitoa = \"=1.0.9\"\n",
            "fn main() { println!(\"{}\", env!(\"ITOA\")) }\n",
        )],
        "",
    );
    workspace.write("asks/build.rs", script);
    workspace.lock();
    let turn = Turn::share();
    assert_eq!(same_as_host(&workspace, &turn, &["asks"]), ["true"]);
}
