//! Tests that compare the documentation with the program: versions, figures and commands. Each stands in one place in the
//! sources, and pages must not contradict it. `reference.rs` has the pages that are generated.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap::error::ErrorKind;

use crate::cli::args::Args;
use crate::engine::buildx::{OLDEST_BUILDX, OLDEST_ENGINE};
use crate::plan::costs::STAGE;
use crate::plan::zig::{CARGO_ZIGBUILD, NEWEST, OLDEST, ZIG};
use crate::reference::repository;

/// Versions on a page that are not the ones that the program requires, with the reason.
const OTHERS: [(&str, &str, &str); 4] = [
    ("benchmarks.md", "28.5.2", "measured with it"),
    ("benchmarks.md", "0.29.1", "measured with it"),
    ("bake-file.md", "0.37", "needed by the driver `cloud`"),
    ("build.md", "0.20", "needed for records of builds"),
];

/// Pages about other workspaces, measurements or newer toolchains, which name other releases of Rust.
const OTHER_RUST: [&str; 3] = ["benchmarks.md", "real-workspaces.md", "testing.md"];

/// Words between a product and its version, as in "older than".
const BETWEEN: [&str; 10] = [
    "at", "before", "is", "least", "newer", "older", "than", "to", "version", "versions",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn in_docs(name: &str) -> String {
    read(&format!("docs/{name}"))
}

/// Returns the pages of the documentation by their names. The changelog is about the past.
fn pages() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root().join("docs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = names.filter(|name| name.ends_with(".md"));
    let mut pages: Vec<(String, String)> =
        names.map(|name| (name.clone(), in_docs(&name))).collect();
    for name in ["README.md", "CONTRIBUTING.md", "SECURITY.md"] {
        pages.push((name.to_owned(), read(name)));
    }
    pages.sort();
    pages
}

/// Joins the lines of a text, and leaves out emphasis, code marks and the targets of links.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        plain.push_str(before);
        rest = after.split_once(')').map_or(after, |(_, rest)| rest);
    }
    plain.push_str(rest);
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ").replace(['*', '`', '['], "")
}

/// Returns the versions that follow `product` in a plain text.
fn versions(text: &str, product: &str) -> Vec<String> {
    let after = text.split(product).skip(1);
    after
        .filter_map(|rest| {
            let mut words = rest.split_whitespace();
            let word = words.find(|word| !BETWEEN.contains(word))?;
            let word = word.strip_prefix('v').unwrap_or(word);
            let end = word.find(|c: char| !c.is_ascii_digit() && c != '.');
            let version = word[..end.unwrap_or(word.len())].trim_end_matches('.');
            let is_version = version.starts_with(|c: char| c.is_ascii_digit());
            is_version.then(|| version.to_owned())
        })
        .collect()
}

/// Returns whether `version` is `wanted`, or as much of it as a page needs: 28 for 28.0.0.
fn is_part(version: &str, wanted: &str) -> bool {
    let mut parts = wanted.split('.');
    version.split('.').all(|part| parts.next() == Some(part))
}

#[test]
fn versions_are_found_however_a_page_puts_them() {
    let text = plain(
        "Docker Engine **28** or newer, [buildx](https://x.example) 0.19;\nbuildx older\nthan 0.18. `buildx`",
    );
    assert_eq!(versions(&text, "buildx"), ["0.19", "0.18"]);
    assert_eq!(versions(&text, "Docker Engine"), ["28"]);
    assert!(is_part("28", "28.0.0") && is_part("0.19", "0.19.0"));
    assert!(!is_part("0.2", "0.20.0") && !is_part("28.5.2", "28.0.0"));
}

#[test]
fn pages_require_the_docker_that_the_program_requires() {
    if repository().is_none() {
        return;
    }
    let required = [
        ("buildx", OLDEST_BUILDX.to_string()),
        ("Docker Engine", OLDEST_ENGINE.to_string()),
    ];
    for (product, wanted) in required {
        let mut found = 0;
        for (path, text) in pages() {
            for version in versions(&plain(&text), product) {
                let other =
                    |(page, other, _): &(&str, &str, &str)| *page == path && *other == version;
                if !OTHERS.iter().any(other) {
                    assert!(
                        is_part(&version, &wanted),
                        "{path}: {product} {version}, not {wanted}"
                    );
                    found += 1;
                }
            }
        }
        assert!(found > 2, "{product} is named {found} times");
    }
}

#[test]
fn pages_name_the_pinned_rust() {
    if repository().is_none() {
        return;
    }
    let toolchain: toml::Table = read("rust-toolchain.toml").parse().unwrap();
    let pinned = toolchain["toolchain"]["channel"].as_str().unwrap();
    let mut found = 0;
    for (path, text) in pages() {
        if OTHER_RUST.contains(&path.as_str()) {
            continue;
        }
        let text = plain(&text)
            .replace("rust:", "Rust ")
            .replace("channel = \"", "Rust ");
        for product in ["Rust ", "rustc ", "Cargo "] {
            for version in versions(&text, product) {
                assert!(
                    is_part(&version, pinned),
                    "{path}: {product}{version}, not {pinned}"
                );
                found += 1;
            }
        }
    }
    assert!(found > 5, "{found}");
}

#[test]
fn figures_of_the_program_stand_on_the_pages_that_tell_them() {
    if repository().is_none() {
        return;
    }
    let pins: toml::Table = read("pins.toml").parse().unwrap();
    let glibc = pins["glibc"].as_str().unwrap();
    let buildx = pins["buildx"]["version"].as_str().unwrap();
    let told = [
        ("benchmarks.md", format!("A stage costs {STAGE} s")),
        ("toolchain.md", format!("ziglang {ZIG}")),
        ("toolchain.md", format!("cargo-zigbuild {CARGO_ZIGBUILD}")),
        ("toolchain.md", format!("\"2.{OLDEST}\"")),
        ("toolchain.md", format!("\"2.{NEWEST}\"")),
        ("toolchain.md", format!("that of the shell, {glibc}")),
        ("toolchain.md", format!("uses, and glibc {glibc}")),
        ("toolchain.md", format!("docker/buildx/v{buildx}")),
    ];
    for (path, words) in told {
        assert!(plain(&in_docs(path)).contains(&words), "{path}: {words}");
    }
    for (path, text) in pages() {
        let text = plain(&text);
        for cost in text
            .split("tage costs ")
            .skip(1)
            .filter(|cost| cost.starts_with(|c: char| c.is_ascii_digit()))
        {
            assert!(
                cost.starts_with(&format!("{STAGE} s")),
                "{path}: {}",
                &cost[..9]
            );
        }
    }
}

#[test]
fn the_summary_of_the_benchmarks_is_of_its_tables() {
    if repository().is_none() {
        return;
    }
    let text = in_docs("benchmarks.md");
    let (summary, tables) = text.split_once("\n## ").unwrap();
    let rows = summary.lines().filter(|line| line.starts_with("| "));
    let cells = rows.flat_map(|row| row.split('|').map(str::trim));
    let seconds: Vec<&str> = cells.filter(|cell| cell.ends_with(" s")).collect();
    assert!(seconds.len() > 9, "{seconds:?}");
    for cell in seconds {
        assert!(tables.contains(&format!("| {cell}")), "{cell}");
    }
}

/// Returns the commands of this program on a page, without the word `bakehouse`: lines of shell blocks, and code in the
/// text that is not a pattern such as `bakehouse packs check|build`.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, part) in text.split("```").enumerate() {
        if place % 2 == 0 {
            for paragraph in part.split("\n\n") {
                let paragraph = paragraph.replace('\n', " ");
                let code = paragraph.split('`').skip(1).step_by(2);
                let whole = code.filter(|code| !code.contains(['[', '|', '<', '…', '\\']));
                found.extend(
                    whole.filter_map(|code| code.strip_prefix("bakehouse ").map(str::to_owned)),
                );
            }
        } else if let Some(block) = part.strip_prefix("sh\n") {
            for line in block.lines() {
                let command = line.split(['#', '|', '>', '&']).next().unwrap_or_default();
                // Variables may be set before the command.
                if let Some((before, rest)) = command.trim().split_once("bakehouse ")
                    && (before.is_empty()
                        || before
                            .split(' ')
                            .next()
                            .is_some_and(|word| word.contains('=')))
                {
                    found.push(rest.trim().to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn commands_on_pages_are_taken_by_the_program() {
    let page = "`bakehouse a b` and\n`bakehouse\nc`, `bakehouse d|e`\n\n```sh\nX=1 bakehouse f | g # h\necho bakehouse i\n```\n";
    assert_eq!(commands(page), ["a b", "c", "f"]);
    if repository().is_none() {
        return;
    }
    let mut taken = 0;
    let mut refused = Vec::new();
    for (path, text) in pages() {
        // Only a shell knows the value of a variable.
        for command in commands(&text)
            .iter()
            .filter(|command| !command.contains('$'))
        {
            let words = command
                .split_whitespace()
                .map(|word| word.trim_matches('"'));
            let words = std::iter::once("bakehouse").chain(words);
            if let Err(error) = Args::command().try_get_matches_from(words)
                && !is_partial(command, error.kind())
            {
                refused.push(format!("{path}: bakehouse {command}\n{error}"));
            }
            taken += 1;
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(taken > 100, "{taken}");
}

/// Returns whether a command lacks only what a reader has to fill in: arguments, or a value in upper case.
fn is_partial(command: &str, error: ErrorKind) -> bool {
    let is_placeholder = |word: &str| word.chars().all(|c| c.is_ascii_uppercase());
    match error {
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion => true,
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            // A sentence may name an option without its value.
            let last = command.split_whitespace().next_back();
            last.is_some_and(|word| word.starts_with("--"))
                || command.split_whitespace().any(is_placeholder)
        }
        _ => false,
    }
}

#[test]
fn actions_on_pages_are_those_of_the_generated_workflow() {
    if repository().is_none() {
        return;
    }
    let workflow = read(".github/workflows/bakehouse.yml");
    let pinned = |text: &str| -> Vec<(String, String)> {
        let uses = text
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "));
        let pairs = uses.filter_map(|action| action.split_once('@'));
        let commits = pairs.filter(|(_, commit)| commit.len() >= 40);
        commits
            .map(|(action, commit)| (action.to_owned(), commit.to_owned()))
            .collect()
    };
    let generated = pinned(&workflow);
    let mut found = 0;
    for (path, text) in pages() {
        for (action, commit) in pinned(&text) {
            if let Some((_, known)) = generated.iter().find(|(name, _)| *name == action) {
                assert_eq!(commit, *known, "{path}: {action}");
                found += 1;
            }
        }
    }
    assert!(found > 0);
}
