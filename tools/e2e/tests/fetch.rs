//! Build scripts that download: a file that is fetched once for them, and what third-party crates are given.

use bakehouse_e2e::at_once::at_once;
use bakehouse_e2e::strategy::{STRATEGIES, Strategy};
use bakehouse_testkit::{BakeRun, GitHost, Member, Served, Turn, Workspace, container, unique};

const CONFIG: &str = r#"registry = "tiny"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.shows]
[services.plain]
"#;

/// A build script that reads a file and tells Cargo nothing about it.
const READS: &str = r#"fn main() {
    let text = std::fs::read_to_string(std::env::var("TEXT_FILE").unwrap()).unwrap();
    println!("cargo::rustc-env=TEXT={}", text.trim());
}
"#;

/// A build script that reads a variable and a file of the workspace, and tells Cargo nothing about them.
const GIVEN: &str = r#"fn main() {
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR").unwrap());
    let mut found = out.ancestors().map(|folder| folder.join("shared/schema.txt"));
    let schema = std::fs::read_to_string(found.find(|file| file.exists()).unwrap()).unwrap();
    let mode = std::env::var("SCHEMA_MODE").unwrap_or("no mode".into());
    println!("cargo::rustc-env=TEXT={} {mode}", schema.trim());
}
"#;

const SOURCE: &str = "pub const TEXT: &str = env!(\"TEXT\");\n";
const MAIN: &str = "fn main() { println!(\"one {}\", third::TEXT); }\n";
const PLAIN: &str = "fn main() { println!(\"{}\", other::NAME); }\n";

/// Returns a workspace whose service `shows` prints what the build script of the crate `third` found. `plain` uses
/// another crate.
fn workspace(git: &GitHost, build_script: &str, config: &str) -> Workspace {
    let manifest = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"2.0.0\"\nedition = \"2021\"\n")
    };
    let third = [
        ("Cargo.toml", manifest("third")),
        ("build.rs", build_script.to_owned()),
        ("src/lib.rs", SOURCE.to_owned()),
    ];
    let other = [
        ("Cargo.toml", manifest("other")),
        (
            "src/lib.rs",
            "pub const NAME: &str = \"other\";\n".to_owned(),
        ),
    ];
    for (name, files) in [("third", &third[..]), ("other", &other[..])] {
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        git.commit(name, "main", &files, &[]);
    }
    let from_git = |name: &str| format!("{name} = {{ git = \"{}\" }}", git.url(name));
    let members = [
        Member::binary("shows", MAIN).depends(&from_git("third")),
        Member::binary("plain", PLAIN).depends(&from_git("other")),
    ];
    let workspace = Workspace::of(&members, &format!("{CONFIG}{config}"));
    workspace.make_cold(&unique::unique());
    workspace
}

/// Bakes, and returns what `shows` prints.
#[track_caller]
fn shown(strategy: &Strategy, workspace: &Workspace, turn: &Turn) -> (String, BakeRun) {
    (strategy.prepare)(workspace);
    let run = workspace.bake([]).run(turn);
    let printed = container::prints(&workspace.images.name("shows"), []);
    let plain = container::prints(&workspace.images.name("plain"), []);
    assert_eq!(plain, "other", "{}", strategy.name);
    (printed, run)
}

fn compiled(run: &BakeRun, name: &str) -> bool {
    run.compiled().keys().any(|known| known.starts_with(name))
}

#[test]
fn a_file_is_fetched_once_by_its_checksum_and_what_reads_it_is_never_stale() {
    let turn = Turn::share();
    at_once(STRATEGIES, |strategy| {
        let (git, served) = (GitHost::start(), Served::start());
        let (first, second) = (unique::unique(), unique::unique());
        let sum = served.put("releases/text.txt", &first);
        let url = format!("{}/releases/text.txt", served.http());
        let fetch =
            format!("\n[fetch.text]\nurl = {url:?}\nsha256 = {sum:?}\nvariable = \"TEXT_FILE\"\n");
        let workspace = workspace(&git, READS, &fetch);
        let name = strategy.name;
        let (printed, run) = shown(strategy, &workspace, &turn);
        assert_eq!(printed, format!("one {first}"), "{name}");
        assert!(
            compiled(&run, "third v2.0.0") && compiled(&run, "other v2.0.0"),
            "{run}"
        );

        // The server has it no longer: nothing asks for it again, even if another address has it.
        let next = served.put("releases/text.txt", &second);
        served.remove("releases/text.txt");
        workspace.replace("crates/shows/src/main.rs", "one", "two");
        let (printed, run) = shown(strategy, &workspace, &turn);
        assert_eq!(printed, format!("two {first}"), "{name}");
        assert!(!compiled(&run, "third"), "{run}");
        workspace.replace("bakehouse.toml", "/releases/", "/elsewhere/");
        let (printed, run) = shown(strategy, &workspace, &turn);
        assert_eq!(printed, format!("two {first}"), "{name}");
        assert!(run.compiled().is_empty(), "{run}");

        let wrong = format!("{}{}", &sum[..62], "00");
        workspace.replace("bakehouse.toml", &sum, &wrong);
        let _ = served.put("elsewhere/text.txt", &first);
        (strategy.prepare)(&workspace);
        let failed = workspace.bake([]).attempt(&turn);
        assert!(!failed.success, "{failed}");
        let mismatch = format!("digest mismatch sha256:{sum}: sha256:{wrong}");
        assert!(failed.said().contains(&mismatch), "{failed}");

        let _ = served.put("elsewhere/text.txt", &second);
        workspace.replace("bakehouse.toml", &wrong, &next);
        let (printed, run) = shown(strategy, &workspace, &turn);
        assert_eq!(printed, format!("two {second}"), "{name}");
        assert!(compiled(&run, "third v2.0.0"), "{run}");
        assert!(!compiled(&run, "other v2.0.0"), "{run}");
    });
}

#[test]
fn a_third_party_crate_is_given_files_and_variables_and_is_never_stale() {
    let turn = Turn::share();
    at_once(STRATEGIES, |strategy| {
        let git = GitHost::start();
        let inputs =
            "\n[inputs.third]\npaths = [\"shared/schema.txt\"]\nvariables = [\"SCHEMA_MODE\"]\n";
        let workspace = workspace(&git, GIVEN, inputs);
        workspace.write("shared/schema.txt", "schema 1\n");
        let bake = |mode: &str| {
            (strategy.prepare)(&workspace);
            let run = workspace.bake([]).variable("SCHEMA_MODE", mode).run(&turn);
            (container::prints(&workspace.images.name("shows"), []), run)
        };
        let name = strategy.name;
        assert_eq!(bake("").0, "one schema 1 no mode", "{name}");
        let (printed, run) = bake("fast");
        assert_eq!(printed, "one schema 1 fast", "{name}");
        assert!(!compiled(&run, "other v2.0.0"), "{run}");
        workspace.write("shared/schema.txt", "schema 2\n");
        let (printed, run) = bake("fast");
        assert_eq!(printed, "one schema 2 fast", "{name}");
        assert!(
            compiled(&run, "third v2.0.0") && !compiled(&run, "other v2.0.0"),
            "{run}"
        );
        workspace.replace("crates/shows/src/main.rs", "one", "two");
        let (printed, run) = bake("fast");
        assert_eq!(printed, "two schema 2 fast", "{name}");
        assert!(!compiled(&run, "third"), "{run}");
    });
}
